// Host zone: the rules of the machine's own time zone, as the C library understands them, and
// whoever notices that they have changed.
#pragma once

#include <cstdint>
#include <string>

#include "adapters/loop/timer.h"
#include "engine/core/base/kept_body.h"
#include "engine/pipeline/queues/ingress.h"

namespace spine::schedule {

// Of the zone that TZ or /etc/localtime names, in whatever form (a name, a file, a rule as in
// POSIX TZ), from the year before the one of `wall_ms` (UTC) to ten years after it: the same all
// year long. Finds transitions that are at least a day apart; every zone's are. A ZoneRules body.
// Thread: one at a time (tzset(3)).
core::KeptBody host_zone_rules(std::int64_t wall_ms);

// Changes when host_zone_rules() may answer something else: cheap, to be asked every minute.
std::string host_zone_mark(std::int64_t wall_ms);

// Notices that the zone or its rules have changed: looks once a minute. Thread: that of `base`, all
// calls; construction and end while it does not run.
class ZoneWatch {
 public:
  // `base` and `producer` outlive it. `rules`: what the engine was started with.
  ZoneWatch(event_base* base, pipeline::IngressProducer& producer, core::KeptBody rules);

  // Hands rules that differ from those of before to the engine.
  void look();

 private:
  pipeline::IngressProducer& producer_;
  core::KeptBody rules_;
  std::string mark_;
  loop::Timer timer_;
};

}  // namespace spine::schedule
