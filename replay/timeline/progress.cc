// The line: a bar, per cent, and how long the rest will take.
#include "replay/timeline/progress.h"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

constexpr std::chrono::milliseconds kQuiet{500};
constexpr std::chrono::milliseconds kEvery{100};
constexpr std::uint64_t kBarCells = 30;

}  // namespace

Progress::Progress(std::FILE* to, std::string what, std::uint64_t from, std::uint64_t upto)
    : to_(to),
      what_(std::move(what)),
      from_(from),
      upto_(std::max(upto, from + 1)),
      terminal_(to != nullptr && ::fileno(to) >= 0 && ::isatty(::fileno(to)) == 1),
      due_(started_ + kQuiet) {}

void Progress::at(std::uint64_t place) {
  if (!terminal_) return;
  const Clock::time_point now = Clock::now();
  if (now < due_) return;
  due_ = now + kEvery;
  shown_ = true;
  const std::uint64_t all = upto_ - from_;
  const std::uint64_t done = std::clamp(place, from_, upto_) - from_;
  const std::uint64_t cells = done * kBarCells / all;
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_).count();
  const std::uint64_t rest =
      done == 0 ? 0 : static_cast<std::uint64_t>(spent) * (all - done) / done;
  fmt::print(to_, "\r{} [{:=<{}}{:{}}] {:3} %, {} left \x1b[K", printable(what_), "", cells, "",
             kBarCells - cells, done * 100 / all, show_duration_ms(rest));
  std::fflush(to_);
}

void Progress::clear() {
  if (!shown_) return;
  fmt::print(to_, "\r\x1b[K");
  std::fflush(to_);
  shown_ = false;
}

}  // namespace spine::replay
