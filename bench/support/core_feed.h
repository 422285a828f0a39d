// CoreFeed: a state of the core fed with inputs, without threads; records may go into a batch.
#pragma once

#include <cstdint>

#include "bench/support/bodies.h"
#include "engine/core/model/decide.h"
#include "engine/core/model/state.h"
#include "journal/batch.h"
#include "schemas/vocab/ids.h"

namespace spine::bench {

// The epoch of every journal the benchmarks make.
inline constexpr Bits128 kBenchEpoch{0x5350494E45ULL, 0x42454E4348ULL};

// Thread: one.
class CoreFeed {
 public:
  // The state after JournalCreated, EngineStarted and ConfigApplied. `batch` may be null; it is
  // begun and committed by the owner, and must be begun before the first feed.
  explicit CoreFeed(journal::Batch* batch) : batch_(batch) {}
  void begin(Bits128 epoch);

  // One message through decide, the batch if there is one, and evolve. Returns the reply.
  const core::Reply& message(const MessageIds& ids);
  // The same with a body that was built before.
  const core::Reply& feed(std::uint16_t kind, ByteSpan body);

  core::State& state() { return state_; }
  std::uint64_t drafts() const { return drafts_; }  // events made so far

 private:
  journal::Batch* batch_;
  core::State state_{};
  core::Decision decision_{};
  MessageBuilder messages_{};
  Instant now_{.wall_ms = 1'790'000'000'000, .logical_ms = 1};
  std::uint64_t drafts_{};
};

}  // namespace spine::bench
