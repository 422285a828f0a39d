// What the fault tests keep as media: content that follows from its number.
#pragma once

#include <cstdint>
#include <string>

namespace spine::faults {

// 1 B to 40 kB.
inline std::string media_content(std::uint64_t number) {
  std::string text = "file " + std::to_string(number) + " ";
  const std::uint64_t mixed = number * 0x9E3779B97F4A7C15ULL >> 40;
  const std::size_t bytes = text.size() + mixed % (number % 5 == 0 ? 40'000 : 2'000);
  while (text.size() < bytes)
    text += static_cast<char>('a' + (text.size() * 7 + mixed) % 26);
  return text;
}

}  // namespace spine::faults
