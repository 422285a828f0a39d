// Signals set a flag; a closed pipe is seen by poll().
#include "replay/interruption.h"

#include <algorithm>
#include <cstdint>
#include <poll.h>

namespace spine::replay {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

// A signal that comes just before a wait is noticed after this.
constexpr std::chrono::milliseconds kWaitStep{100};

}  // namespace

Interruption::Interruption(std::FILE* out) : fd_(out == nullptr ? -1 : ::fileno(out)) {
  g_interrupted = 0;
  struct sigaction noticed {};
  noticed.sa_handler = [](int) { g_interrupted = 1; };  // no SA_RESTART: ends a write that waits
  ::sigaction(SIGINT, &noticed, &int_before_);
  ::sigaction(SIGTERM, &noticed, &term_before_);
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignored, &pipe_before_);
}

Interruption::~Interruption() {
  ::sigaction(SIGINT, &int_before_, nullptr);
  ::sigaction(SIGTERM, &term_before_, nullptr);
  ::sigaction(SIGPIPE, &pipe_before_, nullptr);
}

bool Interruption::requested() {
  return wait_until(std::chrono::steady_clock::time_point::min());
}

bool Interruption::wait_until(std::chrono::steady_clock::time_point then) {
  while (g_interrupted == 0 && !closed_) {
    const auto now = std::chrono::steady_clock::now();
    std::chrono::milliseconds left{0};
    if (now < then) {
      left = std::min(kWaitStep, std::chrono::ceil<std::chrono::milliseconds>(then - now));
    }
    pollfd out{.fd = fd_, .events = 0, .revents = 0};
    const int ready = ::poll(&out, 1, static_cast<int>(left.count()));
    if (ready > 0 && (out.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) closed_ = true;
    if (now >= then) break;
  }
  return g_interrupted != 0 || closed_;
}

}  // namespace spine::replay
