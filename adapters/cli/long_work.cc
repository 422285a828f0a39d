// Blocked signals, and a line that is written over.
#include "adapters/cli/long_work.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kEvery = std::chrono::milliseconds(100);

sigset_t ending() {
  sigset_t set{};
  ::sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    ::sigaddset(&set, number);
  return set;
}

}  // namespace

LongWork::LongWork() : terminal_(::isatty(STDERR_FILENO) == 1), due_(Clock::now()) {
  const sigset_t set = ending();
  ::pthread_sigmask(SIG_BLOCK, &set, &before_);
}

LongWork::~LongWork() {
  clear();
  // Those that came are done with: the work has ended, one way or the other.
  const sigset_t set = ending();
  const timespec at_once{};
  while (::sigtimedwait(&set, nullptr, &at_once) > 0) {
  }
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool LongWork::go_on(std::string_view what, std::uint64_t done, std::uint64_t all) {
  if (Clock::now() < due_) return true;
  due_ = Clock::now() + kEvery;
  sigset_t pending{};
  ::sigpending(&pending);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    if (::sigismember(&pending, number) == 1) return false;
  }
  show(what, done, all);
  return true;
}

Error LongWork::stopped() {
  return Error{Errc::unavailable, "Stopped. Nothing was put in place."};
}

void LongWork::show(std::string_view what, std::uint64_t done, std::uint64_t all) {
  if (!terminal_) return;
  const std::uint64_t percent = all == 0 ? 100 : std::min<std::uint64_t>(done * 100 / all, 100);
  fmt::print(stderr, "\r\x1b[K{} {:>3} %", printable(what), percent);
  std::fflush(stderr);
  shown_ = true;
}

void LongWork::clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

}  // namespace spine::cli
