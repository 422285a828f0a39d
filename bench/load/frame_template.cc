// FrameTemplate: numbers put into a frame that is masked already.
#include "bench/load/frame_template.h"

#include <algorithm>

#include "schemas/vocab/frames.h"

namespace spine::bench {

FrameTemplate::FrameTemplate(std::string_view payload, std::uint32_t mask) {
  append_frame(frame_, {.masked = true, .mask = mask}, payload);
  const std::size_t header = frame_.size() - payload.size();
  std::size_t at = payload.find('#');
  while (at != std::string_view::npos) {
    Slot slot{.offset = header + at, .mask = {}};
    for (std::size_t i = 0; i < kDigits; ++i)
      slot.mask[i] = mask_byte(mask, at + i);
    slots_.push_back(slot);
    at = payload.find('#', at + kDigits);
  }
}

void FrameTemplate::append(std::string& out, std::uint64_t id) const {
  const std::size_t at = out.size();
  out.append(frame_);
  const auto digits = digits_of(id);
  for (const auto& slot : slots_) {
    for (std::size_t i = 0; i < kDigits; ++i) {
      out[at + slot.offset + i] = static_cast<char>(digits[i] ^ slot.mask[i]);
    }
  }
}

std::array<char, FrameTemplate::kDigits> digits_of(std::uint64_t id) {
  std::array<char, FrameTemplate::kDigits> digits;
  for (std::size_t i = digits.size(); i-- > 0; id /= 10) {
    digits[i] = static_cast<char>('0' + id % 10);
  }
  return digits;
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') break;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

std::string sample_text(std::size_t bytes, std::uint32_t seed) {
  static constexpr std::string_view kWords[] = {
      "please ", "look ",  "at ",    "the ",    "report ", "from ", "yesterday, ", "then ",
      "tell ",   "Maria ", "that ",  "we ",     "meet ",   "at ",   "half ",       "past ",
      "nine; ",  "the ",   "train ", "leaves ", "early ",  "and ",  "it ",         "rains. "};
  std::string text;
  text.reserve(bytes + 16);
  while (text.size() < bytes) {
    seed = seed * 1664525U + 1013904223U;
    text += kWords[(seed >> 16) % std::size(kWords)];
  }
  text.resize(bytes);
  std::replace(text.end() - 1, text.end(), ' ', '.');
  return text;
}

}  // namespace spine::bench
