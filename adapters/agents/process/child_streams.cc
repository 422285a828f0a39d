// Buffers of the pipes of a child.
#include "adapters/agents/process/child_streams.h"

#include <cerrno>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace spine::agents {

bool InputQueue::push(std::string_view line) {
  if (line.size() + 1 > bytes_max_ || waiting() > bytes_max_ - line.size() - 1) return false;
  if (written_ > bytes_.size() / 2) {
    bytes_.erase(0, written_);
    written_ = 0;
  }
  bytes_.append(line);
  bytes_.push_back('\n');
  return true;
}

InputQueue::Flushed InputQueue::flush(int fd) {
  while (written_ < bytes_.size()) {
    const ssize_t got = ::write(fd, bytes_.data() + written_, bytes_.size() - written_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN ? Flushed::would_block : Flushed::broken;
    written_ += static_cast<std::size_t>(got);
  }
  bytes_.clear();
  written_ = 0;
  constexpr std::size_t kKept = 65'536;  // capacity kept after a large input
  if (bytes_.capacity() > kKept) std::string().swap(bytes_);
  return Flushed::all;
}

void ErrorLines::remember(std::string_view bytes) {
  constexpr std::size_t kKept = limits::kAgentErrorTailBytes;
  if (bytes.size() > kKept) bytes.remove_prefix(bytes.size() - kKept);
  if (tail_.size() + bytes.size() > kKept) tail_.erase(0, tail_.size() + bytes.size() - kKept);
  tail_.append(bytes);
}

std::string ErrorLines::take_dropped() {
  return fmt::format("({} lines of its error output were left out)",
                     std::exchange(dropped_, std::uint64_t{0}));
}

}  // namespace spine::agents
