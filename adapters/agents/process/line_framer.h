// LineFramer: bytes in pieces of any size become lines, framed on LF alone, of bounded length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spine::agents {

// Holds at most one unfinished line. Carriage returns, NUL and U+2028 are part of a line.
class LineFramer {
 public:
  enum class Fed : std::uint8_t { all, too_long, stopped };

  // `line_bytes_max` without the LF.
  explicit LineFramer(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  // Calls bool on_line(std::string_view) for each line that `bytes` ends; false stops at once and
  // drops the rest. The text is borrowed for the call. After too_long or stopped: feed no more.
  template <class OnLine>
  Fed feed(std::string_view bytes, OnLine&& on_line) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, end);
      if (piece.size() > line_bytes_max_ - partial_.size()) return Fed::too_long;
      if (end == std::string_view::npos) {
        partial_.append(piece);
        return Fed::all;
      }
      bytes.remove_prefix(end + 1);
      if (!end_line(piece, on_line)) return Fed::stopped;
    }
    return Fed::all;
  }

  // What came after the last LF.
  std::string_view partial() const { return partial_; }

 private:
  template <class OnLine>
  bool end_line(std::string_view piece, OnLine&& on_line) {
    if (partial_.empty()) return on_line(piece);
    partial_.append(piece);
    std::string line;
    line.swap(partial_);  // on_line may look at partial()
    const bool go_on = on_line(std::string_view{line});
    line.clear();
    if (line.capacity() <= kKept && partial_.empty()) partial_.swap(line);
    return go_on;
  }

  static constexpr std::size_t kKept = 65'536;  // of memory between long lines
  std::size_t line_bytes_max_;
  std::string partial_{};
};

}  // namespace spine::agents
