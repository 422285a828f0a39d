// Buffers for the three pipes of a child: its output in lines, the queue for its input, and its
// stderr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/limits.h"

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

  // The unfinished line after the last LF.
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

  static constexpr std::size_t kKept = 65'536;  // capacity kept after a long line
  std::size_t line_bytes_max_;
  std::string partial_{};
};

class InputQueue {
 public:
  explicit InputQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Appends the line and a LF. False, and nothing changes, when that would exceed bytes_max.
  bool push(std::string_view line);
  std::size_t waiting() const { return bytes_.size() - written_; }

  enum class Flushed : std::uint8_t { all, would_block, broken };
  // Writes what the non-blocking `fd` takes; broken = the reader is gone.
  Flushed flush(int fd);

 private:
  std::size_t bytes_max_;
  std::size_t written_{};  // of bytes_
  std::string bytes_{};
};

class ErrorLines {
 public:
  // Calls on_line(std::string_view) for each line, cut to kAgentErrorLineBytesMax. Lines beyond
  // kAgentErrorLinesPerSecond are only counted; the count is passed on with the next second's
  // first line. bool on_line: false stops. `now_ms` only grows.
  template <class OnLine>
  bool feed(std::string_view bytes, std::uint64_t now_ms, OnLine&& on_line) {
    remember(bytes);
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, end);
      line_.append(piece.substr(0, limits::kAgentErrorLineBytesMax - line_.size()));
      if (end == std::string_view::npos) return true;
      bytes.remove_prefix(end + 1);
      if (!pass(now_ms, on_line)) return false;
    }
    return true;
  }

  // At the end of the stream: the unfinished line, and how many were left out.
  template <class OnLine>
  void finish(OnLine&& on_line) {
    if (!line_.empty() && !pass(window_ms_, on_line)) return;
    if (dropped_ != 0) on_line(std::string_view{take_dropped()});
  }

  // The last kAgentErrorTailBytes.
  std::string_view tail() const { return tail_; }

 private:
  template <class OnLine>
  bool pass(std::uint64_t now_ms, OnLine&& on_line) {
    std::string line;
    line.swap(line_);
    if (now_ms - window_ms_ >= 1'000) {
      window_ms_ = now_ms;
      passed_ = 0;
      if (dropped_ != 0 && !on_line(std::string_view{take_dropped()})) return false;
    }
    if (passed_ == limits::kAgentErrorLinesPerSecond) {
      dropped_ += 1;
      return true;
    }
    passed_ += 1;
    return on_line(std::string_view{line});
  }

  void remember(std::string_view bytes);
  std::string take_dropped();  // "(17 lines of its error output were left out)"

  std::string line_{};
  std::string tail_{};
  std::uint64_t window_ms_{};
  std::uint64_t dropped_{};
  std::uint32_t passed_{};
};

}  // namespace spine::agents
