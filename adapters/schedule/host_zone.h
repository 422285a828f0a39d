// Host zone: the rules of the machine's own time zone, as the C library understands them.
#pragma once

#include <cstdint>
#include <string>

#include "engine/core/kept_body.h"

namespace spine::schedule {

// Of the zone that TZ or /etc/localtime names, in whatever form (a name, a file, a rule as in
// POSIX TZ), from the year before the one of `wall_ms` (UTC) to ten years after it: the same all
// year long. Finds transitions that are at least a day apart; every zone's are. A ZoneRules body.
// Thread: one at a time (tzset(3)).
core::KeptBody host_zone_rules(std::int64_t wall_ms);

// Changes when host_zone_rules() may answer something else: cheap, to be asked every minute.
std::string host_zone_mark(std::int64_t wall_ms);

}  // namespace spine::schedule
