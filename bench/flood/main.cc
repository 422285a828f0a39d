// spine-flood: an attacker's command line.
#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "bench/flood/flooder.h"

namespace spine::bench {
namespace {

std::atomic<bool> stop_flood{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void spine_flood_signal(int) {
  stop_flood.store(true, std::memory_order_relaxed);
}

void describe(CLI::App& app, FloodOptions& options, std::string& token_file) {
  static const std::vector<std::pair<std::string, FloodKind>> kKinds{
      {"handshakes", FloodKind::handshakes}, {"half-open", FloodKind::half_open},
      {"readers", FloodKind::readers},       {"senders", FloodKind::senders},
      {"calls", FloodKind::calls},           {"http", FloodKind::http}};
  app.add_option("kind", options.kind, "handshakes, half-open, readers, senders, calls, http")
      ->required()
      ->transform(CLI::CheckedTransformer(kKinds));
  app.add_option("--port", options.port)->required();
  app.add_option("--token-file", token_file, "File that holds the gateway's token");
  app.add_option("--device-id", options.device_id, "handshakes: of a device");
  app.add_option("--public-key", options.public_key, "handshakes: of that device, base64url");
  app.add_option("--call", options.call, "calls: a request frame; ########## is a number");
  app.add_option("--path", options.path, "http: what to get");
  app.add_option("--connections,-c", options.connections)->check(CLI::Range(1U, 16'000U));
  app.add_option("--depth,-d", options.depth, "calls: in flight on each connection")
      ->check(CLI::Range(1U, 4'096U));
  app.add_option("--patience-ms", options.patience_ms, "handshakes: waited for each answer");
  app.add_option("--seconds,-s", options.seconds, "At most; SIGTERM ends it earlier");
}

int flood(FloodOptions& options, const std::string& token_file) {
  if (!token_file.empty()) std::getline(std::ifstream{token_file} >> std::ws, options.token);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  std::signal(SIGTERM, spine_flood_signal);
  std::signal(SIGINT, spine_flood_signal);
  const FloodTally tally = Flooder{options, stop_flood}.run();
  std::printf(R"({"opened":%llu,"failed":%llu,"closed":%llu,"count":%llu,"seconds":%.3f})"
              "\n",
              static_cast<unsigned long long>(tally.opened),
              static_cast<unsigned long long>(tally.failed),
              static_cast<unsigned long long>(tally.closed),
              static_cast<unsigned long long>(tally.count), tally.seconds);
  return 0;
}

}  // namespace
}  // namespace spine::bench

int main(int argc, char** argv) {
  CLI::App app{
      "An attacker: floods a gateway of ours in one of six ways, and says how fast it was."};
  spine::bench::FloodOptions options;
  std::string token_file;
  spine::bench::describe(app, options, token_file);
  CLI11_PARSE(app, argc, argv);
  return spine::bench::flood(options, token_file);
}
