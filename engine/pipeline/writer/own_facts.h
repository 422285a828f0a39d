// OwnFacts: what the engine thread records by itself: clock jumps, deadlines, digests, its end.
#pragma once

#include <cstdint>
#include <string>

#include "engine/pipeline/clock.h"
#include "engine/pipeline/writer/decisions.h"

namespace spine::pipeline {

// Each is an input to `decisions`, at its time. REQUIRES, of those called record_: there is room on
// the disk for what closes something. Thread: engine.
class OwnFacts {
 public:
  OwnFacts(Decisions& decisions, Seq journal_last);

  // Looks whether the wall clock was set.
  void measure_clock();
  bool digest_due() const;
  void record_digest();
  // The timer of the loop thread ran out: records the deadline that is due, if one is.
  void record_deadline();
  void record_stop(const std::string& reason);
  // The timer ran out, whatever becomes of the deadline.
  void disarm() { armed_ms_ = 0; }
  // Sets the timer to the earliest deadline of the state, if it is set later or not at all.
  void arm(OutboxProducer& loop, const LogicalClock& clock);

 private:
  Decisions& decisions_;
  std::uint64_t armed_ms_{};     // the deadline that the loop thread's timer is set to; 0 = none
  std::uint64_t digested_at_{};  // seq of the last StateDigested
  std::int64_t wall_minus_boot_ms_{};
};

}  // namespace spine::pipeline
