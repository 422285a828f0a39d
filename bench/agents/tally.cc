// CPU times from /proc, and the report.
#include "bench/agents/tally.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <system_error>
#include <utility>

namespace spine::bench {
namespace {

constexpr double kMicrosecond = 1e3;
constexpr double kMillisecond = 1e6;

std::string quantiles(std::string_view name, const Histogram& histogram, double unit) {
  const auto at = [&](double fraction) {
    return static_cast<double>(histogram.at(fraction)) / unit;
  };
  return fmt::format(R"("{}":{{"p50":{:.1f},"p99":{:.1f},"max":{:.1f}}})", name, at(0.5), at(0.99),
                     static_cast<double>(histogram.max_ns()) / unit);
}

}  // namespace

ThreadTimes thread_times(std::uint32_t pid) {
  ThreadTimes times;
  std::error_code error;
  const std::filesystem::path tasks = fmt::format("/proc/{}/task", pid);
  for (std::filesystem::directory_iterator it{tasks, error}, end; !error && it != end;
       it.increment(error)) {
    std::ifstream name_file(it->path() / "comm");
    std::ifstream time_file(it->path() / "schedstat");
    std::string name;
    std::uint64_t running = 0;
    if (std::getline(name_file, name) && time_file >> running) times[name] += running;
  }
  return times;
}

std::uint64_t Tally::all_switches() const {
  std::uint64_t sum = 0;
  for (const auto& [mark, count] : switches)
    sum += count;
  return sum;
}

void Tally::start_over() {
  Tally fresh;
  fresh.now_ns = now_ns;
  fresh.switches = std::move(switches);
  fresh.error = error;
  *this = std::move(fresh);
  switches_before = all_switches();
}

std::string to_json(const Plan& plan, const Tally& tally, double seconds, const ThreadTimes& before,
                    const ThreadTimes& after) {
  std::uint64_t all_ns = 0;
  std::string threads;
  for (const auto& [name, ns] : after) {
    const auto earlier = before.find(name);
    const std::uint64_t used = ns - (earlier == before.end() ? 0 : earlier->second);
    all_ns += used;
    threads += fmt::format(R"({}"{}":{:.4f})", threads.empty() ? "" : ",", name,
                           static_cast<double>(used) / 1e9);
  }
  const double cpu_us = static_cast<double>(all_ns) / kMicrosecond;
  const double answered = tally.answered == 0 ? 1.0 : static_cast<double>(tally.answered);
  return fmt::format(
      R"({{"connections":{},"sessions":{},"depth":{},"messages":{},"seconds":{:.3f},)"
      R"("cpu_us_per_message":{:.1f},"cpu_cores":{:.4f},"threads_cpu_s":{{{}}},)"
      R"({},{},{},"own_deltas":{},"other_deltas":{},"frames":{},"bytes":{},)"
      R"("processes":{},"switches":{},"moves":{}}})",
      plan.connections, plan.sessions, plan.depth, tally.answered, seconds, cpu_us / answered,
      static_cast<double>(all_ns) / 1e9 / seconds, threads,
      quantiles("round_trip_us", tally.round_trip, kMicrosecond),
      quantiles("first_delta_us", tally.first_delta, kMicrosecond),
      quantiles("delta_gap_ms", tally.delta_gap, kMillisecond), tally.own_deltas,
      tally.other_deltas, tally.frames, tally.bytes, tally.switches.size(),
      tally.all_switches() - tally.switches_before, tally.moves);
}

}  // namespace spine::bench
