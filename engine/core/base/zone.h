// Zone: the host's time zone as recorded, and what local times are in it.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/core/base/kept_body.h"

#include "event_generated.h"

namespace spine::core {

// Whether rules may be recorded: transitions strictly ascend, each has an offset of less than a
// day, and there are no more than limits::kZoneTransitionsMax.
bool good_zone_rules(const fb::ZoneRules& rules);

// The core may read no zone files and ask no library: local times follow from recorded rules alone,
// so that a decision can be made again years later, on a machine with other rules.
class Zone {
 public:
  // Replaces everything; of bad rules it takes the transitions before the first bad one.
  // REQUIRES: body verified as a ZoneRules.
  void apply(ByteSpan body);
  // What journals without ZoneRules know: one offset. Rules, once there, are not replaced by it.
  void set_offset(std::int16_t minutes);
  // The body last applied, as recorded; empty = none. Borrowed until the next apply.
  ByteSpan body() const { return body_.view(); }

  // Offset of local time from UTC at an instant (Unix seconds), in seconds.
  std::int32_t offset_at(std::int64_t at_s) const;
  // The first instant at which the local clock shows `local_s` (as if it were Unix seconds) or
  // more: of an hour that comes twice the first one, of one that is left out the end of the gap.
  std::int64_t first_at(std::int64_t local_s) const;
  // The last instant at or before `wall_ms` at which a local day reached that hour (0..23), in Unix
  // milliseconds.
  std::int64_t last_hour_ms(std::int64_t wall_ms, std::uint8_t hour) const;

 private:
  // From at_s on, until the next one begins.
  struct Period {
    std::int64_t at_s{};
    std::int32_t offset_s{};
  };
  // The period of an instant; -1 = before the first transition.
  std::ptrdiff_t period_at(std::int64_t at_s) const;
  std::int32_t offset_of(std::ptrdiff_t period) const;

  KeptBody body_{};
  std::int32_t offset_s_{};  // before the first transition
  std::vector<Period> periods_{};
};

}  // namespace spine::core
