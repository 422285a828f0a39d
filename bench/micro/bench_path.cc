// The whole path of a message without sockets: time and allocations per message.
#include <benchmark/benchmark.h>

#include "bench/micro/allocations.h"
#include "bench/micro/steady_path.h"

namespace spine::bench {
namespace {

void path(benchmark::State& run) {
  SteadyPath steady;
  steady.warm();
  const auto count = static_cast<std::uint32_t>(run.range(0));
  for (int i = 0; i < 50; ++i)
    steady.turn(count);
  const std::uint64_t before = allocations();
  for (auto _ : run)
    steady.turn(count);
  const auto messages = run.iterations() * run.range(0);
  run.counters["allocations_per_message"] =
      static_cast<double>(allocations() - before) / static_cast<double>(messages);
  run.SetItemsProcessed(messages);
}
BENCHMARK(path)->Name("path/message")->Arg(64)->Arg(1024)->UseRealTime();

}  // namespace
}  // namespace spine::bench
