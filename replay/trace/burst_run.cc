// Burst run: from the part to the first message, and to the run that names it.
#include "replay/trace/burst_run.h"

#include "schemas/event_verify.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::replay {

Result<RunId> run_of_burst(const Chain& chain, Timeline& timeline, Seq upto) {
  Seq burst{};
  for (const Step& step : chain.steps()) {
    if (is_kind(step.header.kind, fb::EventBody::BurstOpened)) burst = step.seq;
    if (!is_kind(step.header.kind, fb::EventBody::BurstJoined)) continue;
    SPINE_TRY(const EventView joined, timeline.event(step.seq));
    burst = Seq{root_of<fb::BurstJoined>(joined).burst()};
  }
  RunId run{};
  if (!burst) return run;
  SPINE_TRY(const EventView event, timeline.event(burst));
  if (!is_kind(event, fb::EventBody::BurstOpened)) return run;
  const std::uint64_t first = root_of<fb::BurstOpened>(event).message();
  SPINE_TRY_STATUS(timeline.for_each_event(burst, upto, [&](const EventView& later) {
    if (is_kind(later, fb::EventBody::RunQueued) && event_is_readable(later) &&
        root_of<fb::RunQueued>(later).message() == first) {
      run = RunId{later.seq.value};
    }
    return !run;
  }));
  return run;
}

}  // namespace spine::replay
