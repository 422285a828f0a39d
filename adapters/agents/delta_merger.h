// DeltaMerger: batches the streamed pieces of each answer, so that clients get about ten updates a
// second and not hundreds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/answers.h"
#include "adapters/loop/timer.h"
#include "schemas/vocab/ids.h"

namespace spine::agents {

// Thread: loop. The first piece of a run is sent at once; later ones are batched until a timer
// (limits::kDeltaMergeMs) fires, which runs only while pieces wait.
class DeltaMerger {
 public:
  // Both outlive it.
  DeltaMerger(event_base* base, Answers& answers);

  void add(RunId run, std::string_view piece);
  // Sends the run's waiting pieces and forgets the run. To be called before its end is reported.
  void end(RunId run);
  // Forgets the run and drops its waiting pieces.
  void drop(RunId run);

 private:
  struct Open {
    RunId run{};
    std::string waiting{};
  };
  Open* find(RunId run);
  void flush();

  Answers& answers_;
  std::vector<Open> open_{};  // bounded by the runs that agents work on
  loop::Timer timer_;
};

}  // namespace spine::agents
