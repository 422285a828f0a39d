// ErrorLines: what a child writes to stderr, as lines that are cut, counted and rationed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/limits.h"

namespace spine::agents {

class ErrorLines {
 public:
  // Calls on_line(std::string_view) for each line, cut to kAgentErrorLineBytesMax; beyond
  // kAgentErrorLinesPerSecond lines are only counted, and the count is told with the next second's
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
