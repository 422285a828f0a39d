// Host zone: the rules of the machine's own time zone, as the C library has them, and a watch for
// changes of them.
#pragma once

#include <cstdint>
#include <string>

#include "adapters/loop/timer.h"
#include "engine/core/base/kept_body.h"
#include "engine/pipeline/queues/ingress.h"

namespace spine::schedule {

// The rules of the zone that TZ or /etc/localtime names, in any form (a name, a file, a POSIX TZ
// rule), from the year before that of `wall_ms` (UTC) to ten years after it, so the result is the
// same all year. Transitions must be at least a day apart, as in every zone. A ZoneRules body.
// Thread: one at a time (tzset(3)).
core::KeptBody host_zone_rules(std::int64_t wall_ms);

// A fingerprint that changes when host_zone_rules() may change. Cheap enough for every minute.
std::string host_zone_mark(std::int64_t wall_ms);

// Checks once a minute whether the zone or its rules have changed. Thread: that of `base`, all
// calls; construction and destruction while the loop does not run.
class ZoneWatch {
 public:
  // `base` and `producer` outlive it. `rules`: what the engine was started with.
  ZoneWatch(event_base* base, pipeline::IngressProducer& producer, core::KeptBody rules);

  // Checks now; sends the rules to the engine if they changed.
  void look();

 private:
  pipeline::IngressProducer& producer_;
  core::KeptBody rules_;
  std::string mark_;
  loop::Timer timer_;
};

}  // namespace spine::schedule
