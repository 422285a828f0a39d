// FrameTemplate: masked frames made ahead, and the texts that stand in them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spine::bench {

// A text frame made once, in which every run of kDigits '#' is replaced by a number when sent.
class FrameTemplate {
 public:
  static constexpr std::size_t kDigits = 10;

  // REQUIRES: payload holds no '#' but in runs of kDigits.
  FrameTemplate(std::string_view payload, std::uint32_t mask);
  // Appends the frame with `id` in the places, leading zeros included.
  void append(std::string& out, std::uint64_t id) const;

 private:
  struct Slot {
    std::size_t offset{};              // in frame_
    std::array<char, kDigits> mask{};  // the key as it falls on these bytes
  };
  std::string frame_{};
  std::vector<Slot> slots_{};
};

// `id` as kDigits decimal digits, leading zeros included.
std::array<char, FrameTemplate::kDigits> digits_of(std::uint64_t id);
// The digits at the front of `text` as a number; 0 when there are none.
std::uint64_t number_of(std::string_view text);

// `bytes` of printable text that needs no escape, the same for the same seed.
std::string sample_text(std::size_t bytes, std::uint32_t seed);

}  // namespace spine::bench
