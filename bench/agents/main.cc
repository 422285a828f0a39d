// spine-bench-runs: the command line of the client of bench/agents/run.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <string>

#include "bench/agents/crowd.h"
#include "bench/load/cpu.h"

namespace spine::bench {
namespace {

void describe(CLI::App& app, Plan& plan, std::string& token_file) {
  app.add_option("--port", plan.load.port, "The gateway's port")->required();
  app.add_option("--token-file", token_file, "File that holds its token")->required();
  app.add_option("--server-pid", plan.load.server_pid, "Whose CPU time is reported")->required();
  app.add_option("--run-id", plan.load.run_id, "Letters, different per run")->required();
  app.add_option("--connections", plan.connections)->check(CLI::Range(1U, 4'096U));
  app.add_option("--sessions", plan.sessions)->check(CLI::Range(1U, 60'000U));
  app.add_option("--depth", plan.depth, "Messages in flight per connection")
      ->check(CLI::Range(1U, 4'096U));
  app.add_option("--warm-depth", plan.warm_depth, "The same before measuring")
      ->check(CLI::Range(1U, 4'096U));
  app.add_option("--agents", plan.agents, "Sessions are of a0, a1, ... in turn; 0 = of main");
  app.add_option("--pieces", plan.pieces, "Of each answer")->check(CLI::Range(1U, 1'000'000U));
  app.add_option("--rate", plan.rate, "Pieces per second; 0 = all at once");
  app.add_option("--warm", plan.warm, "Messages before measuring");
  app.add_option("--count", plan.count, "Messages measured")->required();
  app.add_flag("--echo", plan.echo, "The echo agent answers");
}

int measure(const Plan& plan) {
  Crowd crowd(plan);
  crowd.open();
  crowd.run({.depth = plan.warm_depth}, plan.warm);
  crowd.tally().start_over();
  const ThreadTimes before = thread_times(plan.load.server_pid);
  const std::int64_t began_ns = monotonic_ns();
  crowd.run({.pieces = plan.pieces, .rate = plan.rate, .depth = plan.depth}, plan.count);
  const double seconds = static_cast<double>(monotonic_ns() - began_ns) / 1e9;
  const ThreadTimes after = thread_times(plan.load.server_pid);
  const Tally& tally = crowd.tally();
  if (!tally.error.empty()) {
    std::fprintf(stderr, "Error: %s\n", tally.error.c_str());
    return 1;
  }
  std::printf("%s\n", to_json(plan, tally, seconds, before, after).c_str());
  return 0;
}

}  // namespace
}  // namespace spine::bench

int main(int argc, char** argv) {
  CLI::App app{"Sends messages to agents over many sessions, and checks every answer."};
  spine::bench::Plan plan;
  std::string token_file;
  spine::bench::describe(app, plan, token_file);
  CLI11_PARSE(app, argc, argv);
  std::ifstream file{token_file};
  if (!(file >> plan.load.token)) {
    std::fprintf(stderr, "Error: %s holds no token.\n", token_file.c_str());
    return 1;
  }
  return spine::bench::measure(plan);
}
