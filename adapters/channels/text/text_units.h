// Text as people and platforms see it: counted, measured, and where it may be cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spine::channels {

// What a platform counts as the length of a text.
enum class Count : std::uint8_t { utf16_units, code_points };

// Where a text may be cut, the worst place first.
enum class Cut : std::uint8_t { none, held, word, sentence, line, item, block };
inline constexpr std::size_t kCuts = 7;

// The part of a text up to the next place where it may be cut.
struct Chunk {
  std::size_t end{};  // offset in the text
  Cut cut{};          // none = its end is no such place
};

// All of these REQUIRE UTF-8 except repair_utf8(). Thread: any.

// The same text, with U+FFFD for every byte that is not UTF-8 and for every NUL.
std::string repair_utf8(std::string_view text);

std::size_t count_units(std::string_view text, Count count);

// Whether there is nothing in it to be seen: white space, controls, invisible characters.
bool is_blank(std::string_view text);

// Whether a character as people see it (emoji sequences, flags, accents) may end at `at`, as told
// by the two code points there.
bool is_boundary(std::string_view text, std::size_t at);

// From `begin`: a word with the white space behind it, a sentence's last word, a line's. At most
// bytes_max bytes, and not beyond `end`. REQUIRES: begin < end <= text.size().
Chunk next_chunk(std::string_view text, std::size_t begin, std::size_t end, std::size_t bytes_max);

// Whether the text would be a fence, a heading, a quote or an item of Markdown if a line began at
// `at`.
bool would_begin_block(std::string_view text, std::size_t at);

// How many bytes of `text` make at most units_max units without a cut inside a character as people
// see it.
std::size_t fit_graphemes(std::string_view text, Count count, std::size_t units_max);

// How many columns of a terminal or of fixed-width type it takes.
std::size_t display_width(std::string_view text);

}  // namespace spine::channels
