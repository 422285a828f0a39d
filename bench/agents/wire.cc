// Orders, pieces in their time, and stdout.
#include "bench/agents/wire.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace spine::bench {
namespace {

constexpr std::string_view kPiece = "word ";

std::uint32_t number_in(std::string_view text) {
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string_view next_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

std::int64_t steady_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecondNs + now.tv_nsec;
}

Order order_in(std::string_view prompt) {
  constexpr std::string_view kMark = "bench ";
  Order order{.tag = "none"};
  const std::size_t at = prompt.rfind(kMark);
  if (at == std::string_view::npos) return order;
  prompt.remove_prefix(at + kMark.size());
  order.tag = next_word(prompt);
  order.pieces = std::max(1U, number_in(next_word(prompt)));
  order.per_second = number_in(next_word(prompt));
  return order;
}

std::string_view text_after(std::string_view line, std::string_view name) {
  const std::string_view value = value_after(line, name);
  return value.size() < 2 || value.front() != '"' ? std::string_view{}
                                                  : value.substr(1, value.size() - 2);
}

std::string_view value_after(std::string_view line, std::string_view name) {
  for (std::size_t at = line.find(name); at != std::string_view::npos;
       at = line.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const bool is_name = at > 0 && line[at - 1] == '"' && line.substr(end).starts_with("\":");
    if (!is_name) continue;
    const std::string_view value = line.substr(end + 2);
    if (value.starts_with('"')) return value.substr(0, value.find('"', 1) + 1);
    return value.substr(0, value.find_first_of(",}]"));
  }
  return {};
}

Wire::Wire() : mark_(fmt::format("{:x}", steady_ns() ^ (std::int64_t{::getpid()} << 40))) {}

void Wire::begin(Stream stream, const Order& order, std::uint64_t count) {
  stream.text = fmt::format("{} {} {} {} ", count, order.tag, mark_, switches_);
  stream.pieces_left = order.pieces;
  stream.every_ns = order.per_second == 0 ? 0 : kSecondNs / order.per_second;
  stream.due_ns = steady_ns();
  streams_.push_back(std::move(stream));
}

void Wire::proceed(std::int64_t now_ns) {
  for (Stream& stream : streams_) {
    while (stream.pieces_left != 0 && stream.due_ns <= now_ns) {
      if (stream.begun) stream.text += kPiece;
      write_piece(stream, stream.begun ? kPiece : std::string_view{stream.text});
      stream.begun = true;
      stream.due_ns += stream.every_ns;
      if (--stream.pieces_left == 0) write_end(stream);
    }
  }
  std::erase_if(streams_, [](const Stream& stream) { return stream.pieces_left == 0; });
}

std::int64_t Wire::next_ns() const {
  std::int64_t next = 0;
  for (const Stream& stream : streams_)
    next = next == 0 ? stream.due_ns : std::min(next, stream.due_ns);
  return next;
}

bool Wire::flush() {
  std::string_view left = out_;
  while (!left.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  out_.clear();
  return true;
}

}  // namespace spine::bench
