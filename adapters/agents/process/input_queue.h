// InputQueue: lines that wait until a child reads its stdin. Bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spine::agents {

class InputQueue {
 public:
  explicit InputQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Appends the line and a LF. False, and nothing changes, when too much would wait.
  bool push(std::string_view line);
  std::size_t waiting() const { return bytes_.size() - written_; }

  enum class Flushed : std::uint8_t { all, would_block, broken };
  // Writes what `fd`, which does not block, takes; broken = nobody will ever read it.
  Flushed flush(int fd);

 private:
  std::size_t bytes_max_;
  std::size_t written_{};  // of bytes_
  std::string bytes_{};
};

}  // namespace spine::agents
