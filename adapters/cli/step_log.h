// StepLog: the steps of a start, each with the time it took.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace spine::cli {

// Thread: main. Steps are kept until there is a log to write them to.
class StepLog {
 public:
  StepLog();
  // The step that has just ended, and what came of it.
  void done(std::string_view step, std::string_view outcome);
  // From now on steps are logged at once; those kept come first.
  void open();
  double total_ms() const;

 private:
  struct Step {
    std::string name{};
    std::string outcome{};
    double ms{};
  };
  using Clock = std::chrono::steady_clock;
  static void write(const Step& step);
  std::vector<Step> kept_{};
  bool open_{};
  Clock::time_point start_{};
  Clock::time_point last_{};
};

}  // namespace spine::cli
