// TextArena: the texts of all rows, in blocks of a few sizes with a free list for each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "schemas/vocab/lazy_array.h"
#include "schemas/vocab/limits.h"

namespace spine::core {

// A text in the arena: 8 bytes in a row instead of a string. All zero = empty.
struct Text {
  std::uint32_t unit{};   // position, in units of kTextUnit bytes
  std::uint32_t bytes{};  // length
};

inline constexpr std::size_t kTextUnit = 16;

// Sizes of blocks in units. A freed block is used again for texts of its size only, so in the worst
// case every row has held one text of each size: the address space is sized for that.
inline constexpr std::array<std::uint8_t, 10> kTextSizes{1, 2, 3, 4, 6, 8, 12, 16, 24, 32};
constexpr std::size_t text_bytes_worst(std::size_t bytes_max) {
  std::size_t units = 0;
  for (const std::size_t size : kTextSizes)
    units += size * kTextUnit <= bytes_max ? size : 0;
  return units * kTextUnit;
}
static_assert(kTextSizes.back() * kTextUnit == limits::kKeyBytesMax);

class TextArena {
 public:
  // `texts_max`: how many texts all rows together can hold at one time.
  explicit TextArena(std::size_t texts_max);

  // Copies the text in. Texts over limits::kKeyBytesMax (never decided, but an event can hold one)
  // are cut there.
  Text put(std::string_view text);
  // Gives the block back. `text` becomes empty.
  void drop(Text& text);
  // Borrowed: valid until the text is dropped.
  std::string_view view(Text text) const {
    return {memory_.data() + std::size_t{text.unit} * kTextUnit, text.bytes};
  }
  // Memory ever touched.
  std::size_t bytes() const { return std::size_t{used_} * kTextUnit; }

 private:
  LazyArray<char> memory_;
  std::uint32_t used_{1};  // units; unit 0 is never given out, so it can end the free lists
  std::array<std::uint32_t, kTextSizes.size()> free_{};  // first free block of each size; 0 = none
};

}  // namespace spine::core
