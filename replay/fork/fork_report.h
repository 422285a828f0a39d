// ForkReport: what came of deciding recorded inputs again, for people and for programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/core/model/views.h"
#include "replay/fork/divergence.h"
#include "replay/timeline/event_text.h"
#include "schemas/vocab/ids.h"

namespace spine::replay {

// What became of the inputs, in one world.
struct Outcomes {
  std::uint64_t accepted{};  // messages
  std::uint64_t refused{};   // messages; of the recorded world only refusals that were recorded
  std::uint64_t sessions{};  // opened
  std::uint64_t runs{};      // queued
  std::uint64_t finished{};  // runs
  std::uint64_t failed{};    // runs
};

struct ForkReport {
  Seq at{};                   // the state after this event was taken
  std::int64_t at_wall_ms{};  // of that event
  Seq upto{};                 // the last event that was looked at
  std::uint64_t events{};
  std::uint64_t inputs{};           // decided again
  std::uint64_t facts{};            // recorded, and decided by nobody
  std::uint64_t differ{};           // decisions that nothing explains
  std::uint64_t on_purpose{};       // decisions that a release changed
  std::uint64_t without_subject{};  // inputs about what is not there; with `decide` only
  std::uint32_t rules_from{};       // versions of the rules that the inputs were recorded under,
  std::uint32_t rules_upto{};       // the lowest and the highest
  std::vector<Divergence> kept{};   // in order
  Outcomes recorded{};
  Outcomes decided{};
  core::StateCounts recorded_end{};  // counts of the states at the end
  core::StateCounts decided_end{};   // with `decide` only
  double seconds{};
};

// The report as text, and as one JSON object.
std::string fork_text(const ForkReport& report, Names& names);
std::string fork_json(const ForkReport& report, Names& names);

}  // namespace spine::replay
