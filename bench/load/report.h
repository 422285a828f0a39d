// Report: what a run found, as JSON and as a line for people.
#pragma once

#include <string>
#include <vector>

#include "bench/load/options.h"
#include "bench/load/worker.h"

namespace spine::bench {

// The tallies of all workers joined.
struct Report {
  std::uint64_t messages{};      // answered while measuring
  std::uint64_t messages_all{};  // answered at all
  std::uint64_t unanswered{};
  double seconds{};
  double per_second{};
  double p50_us{};
  double p99_us{};
  double p999_us{};
  double max_us{};
  double server_cpu_us{};  // per message; 0 = not asked for
  double client_cpu_us{};  // per message
  std::string error{};
};

Report join(const std::vector<const Tally*>& tallies);

std::string to_json(const Options& options, const Report& report);
std::string to_line(const Options& options, const Report& report);

// "ingest", "redis", ...
std::string_view mode_name(Mode mode);

}  // namespace spine::bench
