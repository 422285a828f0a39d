// SourceLines: the lines of a Markdown source: where each begins, and whether it is a fence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spine::channels {

// The fence of a line: run = how many of its character there are; 0 = it has none.
struct FenceLine {
  std::size_t column{};  // bytes before the run
  std::size_t run{};
};

// Lines are counted from 0. REQUIRES of each line: < count(), if not said otherwise.
class SourceLines {
 public:
  // `source` outlives this.
  explicit SourceLines(std::string_view source);

  std::size_t count() const { return begins_.size(); }
  // Offsets; begin() of count() and of what is beyond is the end of the source.
  std::size_t begin(std::size_t line) const;
  std::size_t end(std::size_t line) const { return begin(line + 1); }
  std::string_view text(std::size_t line) const;
  // The line of an offset.
  std::size_t at(std::size_t offset) const;

  // Behind markers of quotes and items, which may be any.
  FenceLine fence(std::size_t line, char character) const;
  // Whether it closes the fence of the line `opener`.
  bool closes(std::size_t line, std::size_t opener, char character) const;
  // What the lines after one that has `column` bytes of markers begin with, to stay in the same
  // containers: its ">" and blanks. Empty if that is too long.
  std::string continued_prefix(std::size_t line, std::size_t column) const;

 private:
  std::string_view source_;
  std::vector<std::uint32_t> begins_{};
};

}  // namespace spine::channels
