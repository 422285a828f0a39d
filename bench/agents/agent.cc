// spine-bench-agent WIRE: an agent that does as little as an agent can. WIRE: acp, or anything of
// Pi's command line with --session-dir.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "bench/agents/acp_wire.h"
#include "bench/agents/pi_wire.h"

namespace spine::bench {
namespace {

// Waits for a line or for the time of the next piece.
void await_work(const Wire& wire) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  const std::int64_t next_ns = wire.next_ns();
  if (next_ns == 0) {
    ::ppoll(&input, 1, nullptr, nullptr);
    return;
  }
  const std::int64_t left_ns = std::max<std::int64_t>(0, next_ns - steady_ns());
  const timespec wait{left_ns / kSecondNs, left_ns % kSecondNs};
  ::ppoll(&input, 1, &wait, nullptr);
}

bool has_input() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, 0) == 1;
}

void take_lines(Wire& wire, std::string& pending) {
  std::size_t start = 0;
  for (std::size_t end = pending.find('\n'); end != std::string::npos;
       end = pending.find('\n', start)) {
    wire.take(std::string_view(pending).substr(start, end - start));
    start = end + 1;
  }
  pending.erase(0, start);
}

int serve(Wire& wire) {
  std::vector<char> buffer(std::size_t{64} * 1024);
  std::string pending;
  while (true) {
    await_work(wire);
    if (has_input()) {
      const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return 0;
      pending.append(buffer.data(), static_cast<std::size_t>(got));
      take_lines(wire, pending);
    }
    wire.proceed(steady_ns());
    if (!wire.flush()) return 0;
  }
}

int run(std::span<char*> arguments) {
  std::string directory;
  bool acp = false;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "acp") acp = true;
    if (word == "--session-dir" && i + 1 < arguments.size()) directory = arguments[i + 1];
  }
  if (!acp && directory.empty()) {
    std::fputs("Usage: spine-bench-agent acp | spine-bench-agent --session-dir DIR\n", stderr);
    return 2;
  }
  std::unique_ptr<Wire> wire;
  if (acp) {
    wire = std::make_unique<AcpWire>();
  } else {
    wire = std::make_unique<PiWire>(directory);
  }
  return serve(*wire);
}

}  // namespace
}  // namespace spine::bench

int main(int argc, char** argv) {
  return spine::bench::run(std::span(argv, static_cast<std::size_t>(argc)));
}
