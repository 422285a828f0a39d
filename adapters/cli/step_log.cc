// StepLog: lines such as `start: bind: ws://127.0.0.1:18789 (0.4 ms)`.
#include "adapters/cli/step_log.h"

#include "engine/log/log.h"

namespace spine::cli {
namespace {

constexpr log::Logger kStartLog{"start"};

double ms_between(std::chrono::steady_clock::time_point from,
                  std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

StepLog::StepLog() : start_(Clock::now()), last_(start_) {}

void StepLog::done(std::string_view step, std::string_view outcome) {
  const auto now = Clock::now();
  Step entry{std::string(step), std::string(outcome), ms_between(last_, now)};
  last_ = now;
  if (open_) {
    write(entry);
  } else {
    kept_.push_back(std::move(entry));
  }
}

void StepLog::open() {
  open_ = true;
  for (const Step& step : kept_)
    write(step);
  kept_.clear();
}

double StepLog::total_ms() const {
  return ms_between(start_, Clock::now());
}

void StepLog::write(const Step& step) {
  kStartLog.info("{}: {} ({:.1f} ms)", step.name, step.outcome, step.ms);
}

}  // namespace spine::cli
