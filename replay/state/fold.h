// fold: folds a journal from its beginning and compares every recorded digest with its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/model/digest.h"
#include "replay/timeline/timeline.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// The live daemon's digest, in this program's digest version.
struct LiveDigest {
  Seq seq{};  // of the digested state
  Bits128 total{};
};

struct Difference {
  Seq seq{};          // of the state
  Seq recorded_in{};  // the StateDigested event; 0 = the live daemon
  Bits128 recorded{};
  Bits128 folded{};
  std::vector<std::string> tables{};  // whose digests or row counts differ, when known
};

struct FoldReport {
  Seq from{};  // the state that the fold began with; 0 = before the first event
  std::uint64_t events{};
  double seconds{};
  core::StateDigest digest{};     // at the end of the fold
  std::uint64_t compared{};       // recorded digests that were compared
  std::uint64_t other_version{};  // recorded by another digest version: not comparable
  bool live_compared{};
  std::optional<Difference> first{};  // the first that differs
  std::uint64_t differences{};
};

// Errors: damage that the reader finds, and event bodies that do not verify.
Result<FoldReport> fold(Timeline& timeline, const std::optional<LiveDigest>& live);

}  // namespace spine::replay
