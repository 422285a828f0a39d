// spine-load: the load generator's command line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include "bench/load/cpu.h"
#include "bench/load/report.h"
#include "bench/load/worker.h"

namespace spine::bench {
namespace {

void describe(CLI::App& app, Options& options, std::string& token_file) {
  static const std::vector<std::pair<std::string, Mode>> kModes{
      {"ingest", Mode::ingest}, {"roundtrip", Mode::roundtrip}, {"idle", Mode::idle},
      {"echo", Mode::echo},     {"redis", Mode::redis},         {"nats", Mode::nats}};
  app.add_option("mode", options.mode, "What to do: ingest, roundtrip, idle, echo, redis, nats")
      ->required()
      ->transform(CLI::CheckedTransformer(kModes));
  app.add_option("--host", options.host, "IP address of the server");
  app.add_option("--port", options.port, "Its port");
  app.add_option("--token", options.token, "Spine's shared token");
  app.add_option("--token-file", token_file, "File that holds the token");
  app.add_option("--connections,-c", options.connections)->check(CLI::Range(1U, 60'000U));
  app.add_option("--depth,-d", options.depth, "Requests in flight per connection")
      ->check(CLI::Range(1U, 65'536U));
  app.add_option("--threads", options.threads)->check(CLI::Range(1U, 2U));
  app.add_option("--bytes", options.bytes,
                 "Of the message's text (ingest, roundtrip), value (redis, nats), frame (echo)")
      ->check(CLI::Range(32U, 1U << 20));
  app.add_option("--senders", options.senders, "Distinct senders; 0 = one per connection");
  app.add_option("--warm", options.warm_seconds, "Seconds before measuring");
  app.add_option("--seconds,-s", options.seconds, "Seconds to measure")
      ->check(CLI::Range(0., 3600.));
  app.add_option("--count,-n", options.count, "Stop after so many measured messages");
  app.add_option("--hold", options.hold_seconds, "idle: seconds to stay");
  app.add_option("--channel", options.channel, "ingest: a channel bound to agent none");
  app.add_option("--method", options.method, "roundtrip: chat or agent")
      ->check(CLI::IsMember({"chat", "agent"}));
  app.add_option("--run-id", options.run_id, "Prefix of external ids; random by default");
  app.add_option("--server-pid", options.server_pid, "Report this process's CPU per message");
  app.add_flag("--json", options.json_only, "Print JSON alone");
}

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string random_run_id() {
  std::random_device random;
  std::string id = "r";
  for (int i = 0; i < 8; ++i)
    id += static_cast<char>('a' + random() % 26);
  return id;
}

int fail(const Options& options, const std::string& why) {
  Report report;
  report.error = why;
  std::printf("%s\n", to_json(options, report).c_str());
  std::fprintf(stderr, "Error: %s\n", why.c_str());
  return 1;
}

std::int64_t ns_of(double seconds) {
  return static_cast<std::int64_t>(seconds * 1e9);
}

int hold(const Options& options, std::vector<std::unique_ptr<Worker>>& workers) {
  std::printf("{\"mode\":\"idle\",\"connections\":%u,\"ready\":true}\n", options.connections);
  std::fflush(stdout);
  const std::int64_t end = monotonic_ns() + ns_of(options.hold_seconds);
  std::vector<std::thread> threads;
  for (auto& worker : workers)
    threads.emplace_back([&worker, end] { worker->hold(end); });
  for (auto& thread : threads)
    thread.join();
  for (const auto& worker : workers) {
    if (!worker->tally().error.empty()) return fail(options, worker->tally().error);
  }
  return 0;
}

int measure(const Options& options, std::vector<std::unique_ptr<Worker>>& workers) {
  const std::int64_t now = monotonic_ns();
  Window window;
  window.measure_ns = now + ns_of(options.warm_seconds);
  window.end_ns = window.measure_ns + ns_of(options.seconds);
  window.count_max = options.count / workers.size();
  std::vector<std::thread> threads;
  for (auto& worker : workers)
    threads.emplace_back([&] { worker->run(window); });
  for (auto& thread : threads)
    thread.join();
  std::vector<const Tally*> tallies;
  for (const auto& worker : workers)
    tallies.push_back(&worker->tally());
  const Report report = join(tallies);
  std::printf("%s\n", to_json(options, report).c_str());
  if (!options.json_only) std::fprintf(stderr, "%s\n", to_line(options, report).c_str());
  return report.error.empty() ? 0 : 1;
}

int run(Options& options) {
  raise_descriptor_limit();
  if (options.run_id.empty()) options.run_id = random_run_id();
  if (options.run_id.find('#') != std::string::npos) return fail(options, "A run id has no '#'.");
  if (options.threads > options.connections) options.threads = options.connections;
  if (const auto status = prepare(options); !status) return fail(options, status.error().message);
  std::vector<std::unique_ptr<Worker>> workers;
  std::uint32_t first = 0;
  for (std::uint32_t i = 0; i < options.threads; ++i) {
    const std::uint32_t end = options.connections * (i + 1) / options.threads;
    workers.push_back(
        std::make_unique<Worker>(options, first, end - first, i == 0 && options.server_pid != 0));
    first = end;
    if (const auto status = workers.back()->open(); !status) {
      return fail(options, status.error().message);
    }
  }
  return options.mode == Mode::idle ? hold(options, workers) : measure(options, workers);
}

}  // namespace
}  // namespace spine::bench

int main(int argc, char** argv) {
  CLI::App app{"Load generator: many connections, many requests in flight, every answer checked."};
  spine::bench::Options options;
  std::string token_file;
  spine::bench::describe(app, options, token_file);
  CLI11_PARSE(app, argc, argv);
  if (!token_file.empty()) {
    std::ifstream file{token_file};
    if (!(file >> options.token)) {
      std::fprintf(stderr, "Error: %s holds no token.\n", token_file.c_str());
      return 1;
    }
  }
  return spine::bench::run(options);
}
