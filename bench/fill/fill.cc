// spine-bench-fill: writes a journal of messages and a snapshot of the state they lead to.
//
// Journal and core are those of the daemon: every message is decided, appended, committed and
// folded, without threads and without the network.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "bench/support/core_feed.h"
#include "engine/core/model/snapshot.h"
#include "journal/journal.h"
#include "journal/snapshots.h"
#include "schemas/fields.h"

namespace spine::bench {
namespace {

struct Options {
  std::filesystem::path state_dir{};
  std::uint64_t events{1'000'000};
  std::uint32_t senders{1000};
  std::uint64_t tail{1000};  // events after the snapshot
  bool snapshot{true};
  std::uint64_t spread{};  // snapshots besides, at equal distances
};

constexpr std::uint64_t kBatchEvents = 4096;

Bits128 random_epoch() {
  std::random_device random;
  const auto word = [&random] { return (std::uint64_t{random()} << 32) | random() | 1U; };
  return {word(), word()};
}

class Filler {
 public:
  explicit Filler(const Options& options) : options_(options) {}

  Status run() {
    namespace fs = std::filesystem;
    std::error_code error;
    fs::create_directories(options_.state_dir, error);
    fs::permissions(options_.state_dir, fs::perms::owner_all, error);
    if (fs::exists(options_.state_dir / "journal" / "data.mdb", error)) {
      return Error{Errc::refused, "There is a journal in " + options_.state_dir.string() +
                                      " already; name a new directory."};
    }
    SPINE_TRY(journal_, journal::Journal::open(options_.state_dir / "journal", random_epoch()));
    batch_.begin(Seq{1});
    feed_.begin(journal_->epoch());
    SPINE_TRY_STATUS(commit());
    const std::uint64_t snapshot_at =
        options_.events > options_.tail ? options_.events - options_.tail : options_.events;
    for (std::uint64_t i = 1; i <= options_.spread; ++i) {
      SPINE_TRY_STATUS(write_until(options_.events / (options_.spread + 1) * i));
      SPINE_TRY_STATUS(write_snapshot());
    }
    SPINE_TRY_STATUS(write_until(snapshot_at));
    if (options_.snapshot) SPINE_TRY_STATUS(write_snapshot());
    return write_until(options_.events);
  }

  Seq last() const { return journal_->last(); }

 private:
  Status write_until(std::uint64_t events) {
    while (journal_->last().value < events) {
      batch_.begin(next(journal_->last()));
      while (batch_.count() < kBatchEvents && journal_->last().value + batch_.count() < events) {
        ++number_;
        feed_.message({.number = number_,
                       .sender = static_cast<std::uint32_t>(number_ % options_.senders),
                       .entropy = {number_ * 0x9E3779B97F4A7C15ULL, number_}});
      }
      SPINE_TRY_STATUS(commit());
    }
    return ok();
  }

  Status commit() {
    SPINE_TRY_STATUS(journal_->ensure_space(batch_.bytes(), journal::SpaceClass::intake));
    SPINE_TRY([[maybe_unused]] auto last, journal_->commit(batch_));
    return ok();
  }

  Status write_snapshot() {
    SPINE_TRY(auto store, journal::SnapshotStore::open(options_.state_dir / "snapshots"));
    flatbuffers::FlatBufferBuilder builder;
    core::save_snapshot(feed_.state(), builder);
    return store.write(journal_->last(), journal_->epoch(), finished(builder), journal_->head());
  }

  const Options& options_;
  std::unique_ptr<journal::Journal> journal_{};
  journal::Batch batch_{};
  CoreFeed feed_{&batch_};
  std::uint64_t number_{};
};

}  // namespace
}  // namespace spine::bench

int main(int argc, char** argv) {
  CLI::App app{"Writes a journal of messages of 256 B bound to agent none, and a snapshot."};
  spine::bench::Options options;
  app.add_option("--state-dir", options.state_dir, "Directory without a journal")->required();
  app.add_option("--events", options.events)
      ->check(CLI::Range(std::uint64_t{100}, std::uint64_t{1} << 32));
  app.add_option("--senders", options.senders)->check(CLI::Range(1U, 60'000U));
  app.add_option("--tail", options.tail, "Events after the snapshot");
  app.add_flag("!--no-snapshot", options.snapshot, "Leave the snapshot out");
  app.add_option("--spread", options.spread,
                 "Snapshots besides, at equal distances; of all the last few are kept");
  CLI11_PARSE(app, argc, argv);
  const auto began = std::chrono::steady_clock::now();
  spine::bench::Filler filler{options};
  if (const auto status = filler.run(); !status) {
    std::fprintf(stderr, "Error: %s\n", status.error().message.c_str());
    return 1;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  std::printf("%llu events in %.1f s\n", static_cast<unsigned long long>(filler.last().value),
              seconds.count());
  return 0;
}
