// spine-bench-sample: command line.
#include <CLI/CLI.hpp>
#include <chrono>
#include <fmt/format.h>

#include "bench/sample/sample.h"
#include "schemas/vocab/show.h"

int main(int argc, char** argv) {
  CLI::App app{"Writes a journal of a month of an assistant's life, with a fault to be found."};
  spine::bench::Sample::Options options;
  app.add_option("--state-dir", options.state_dir, "Directory without a journal")->required();
  app.add_option("--events", options.events)
      ->check(CLI::Range(std::uint64_t{1'000}, std::uint64_t{1} << 32));
  app.add_option("--snapshot-every", options.snapshot_every, "Events between snapshots");
  CLI11_PARSE(app, argc, argv);
  const auto began = std::chrono::steady_clock::now();
  spine::bench::Sample sample{options};
  if (const auto status = sample.write(); !status) {
    fmt::print(stderr, "Error: {}\n", status.error().message);
    return 1;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  fmt::print(
      "{} events in {:.1f} s. Planted: the allow list without alice at #{}; nobody answers "
      "{}.\n",
      spine::show_count(sample.last().value), seconds.count(), sample.planted().edit.value,
      sample.planted().unheard);
  return 0;
}
