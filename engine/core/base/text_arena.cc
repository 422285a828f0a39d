// TextArena: size classes and their free lists.
#include "engine/core/base/text_arena.h"

#include <cstring>
#include <numeric>

namespace spine::core {
namespace {

constexpr std::size_t kUnitsOfAllSizes =
    std::accumulate(kTextSizes.begin(), kTextSizes.end(), std::size_t{0});

// Index into kTextSizes of the smallest block that holds `bytes`. REQUIRES: 0 < bytes <= the max.
std::size_t size_class(std::size_t bytes) {
  const std::size_t units = (bytes + kTextUnit - 1) / kTextUnit;
  std::size_t index = 0;
  while (kTextSizes[index] < units)
    ++index;
  return index;
}

}  // namespace

TextArena::TextArena(std::size_t texts_max)
    : memory_((texts_max * kUnitsOfAllSizes + 1) * kTextUnit) {}

Text TextArena::put(std::string_view text) {
  text = text.substr(0, limits::kKeyBytesMax);
  if (text.empty()) return Text{};
  const std::size_t index = size_class(text.size());
  std::uint32_t unit = free_[index];
  if (unit != 0) {
    std::memcpy(&free_[index], memory_.data() + std::size_t{unit} * kTextUnit, sizeof(unit));
  } else {
    unit = used_;
    used_ += kTextSizes[index];
    SPINE_CHECK(std::size_t{used_} * kTextUnit <= memory_.count());
  }
  std::memcpy(memory_.data() + std::size_t{unit} * kTextUnit, text.data(), text.size());
  return Text{.unit = unit, .bytes = static_cast<std::uint32_t>(text.size())};
}

void TextArena::drop(Text& text) {
  if (text.bytes != 0) {
    const std::size_t index = size_class(text.bytes);
    std::memcpy(memory_.data() + std::size_t{text.unit} * kTextUnit, &free_[index],
                sizeof(free_[index]));
    free_[index] = text.unit;
  }
  text = Text{};
}

}  // namespace spine::core
