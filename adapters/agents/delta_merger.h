// DeltaMerger: gathers the pieces of answers that are being written, so that clients get about ten
// a second of each and not hundreds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/answers.h"
#include "adapters/loop/timer.h"
#include "schemas/vocab/ids.h"

namespace spine::agents {

// Thread: loop. The first piece of a run goes at once, later ones with the next tick of a timer
// (limits::kDeltaMergeMs) that runs only while something waits.
class DeltaMerger {
 public:
  // Both outlive it.
  DeltaMerger(event_base* base, Answers& answers);

  void add(RunId run, std::string_view piece);
  // Lets out what waits of the run, and forgets the run: before its end is told.
  void end(RunId run);
  // Forgets the run and what waits of it.
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
