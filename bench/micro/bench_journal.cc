// Journal: commits on the real disk against raw append + fdatasync, and verified scans.
#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <vector>

#include "bench/micro/disk_file.h"
#include "bench/support/bodies.h"
#include "bench/support/core_feed.h"
#include "bench/support/records.h"
#include "journal/journal.h"
#include "schemas/event_verify.h"

namespace spine::bench {
namespace {

double seconds_of(auto action) {
  const auto began = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// One commit and one raw append + fdatasync of the same bytes, in turn, so that both meet the same
// disk. Reported time: the commit. "ratio" = raw time / commit time, of the medians.
void append_against_raw(benchmark::State& run) {
  const auto records = static_cast<std::uint64_t>(run.range(0));
  ScratchDir dir;
  auto journal = journal::Journal::open(dir.path() / "journal", kBenchEpoch);
  SPINE_CHECK(journal.has_value());
  DiskFile raw{dir.path() / "raw"};
  journal::Batch batch;
  MessageRecords source;
  std::vector<double> commit_s;
  std::vector<double> raw_s;
  std::uint64_t bytes = 0;
  for (auto _ : run) {
    batch.begin(next((*journal)->last()));
    for (std::uint64_t i = 0; i < records; ++i)
      source.append_to(batch);
    SPINE_CHECK((*journal)->ensure_space(batch.bytes(), journal::SpaceClass::intake).has_value());
    commit_s.push_back(seconds_of([&] { SPINE_CHECK((*journal)->commit(batch).has_value()); }));
    run.SetIterationTime(commit_s.back());
    bytes = 0;
    std::vector<std::byte> same;
    for (std::size_t i = 0; i < batch.block_count(); ++i) {
      const auto block = batch.block(i);
      same.insert(same.end(), block.begin(), block.end());
    }
    bytes = same.size();
    raw_s.push_back(seconds_of([&] { raw.append(same); }));
  }
  run.SetItemsProcessed(
      static_cast<std::int64_t>(static_cast<std::uint64_t>(run.iterations()) * records));
  run.counters["commit_us"] = median(commit_s) * 1e6;
  run.counters["raw_us"] = median(raw_s) * 1e6;
  run.counters["ratio"] = median(raw_s) / median(commit_s);
  run.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(append_against_raw)
    ->Name("journal/append_vs_raw")
    ->Arg(1)
    ->Arg(64)
    ->Arg(1024)
    ->UseManualTime()
    ->MinTime(1.0)
    ->Unit(benchmark::kMicrosecond);

// What a batch costs before the disk sees it: records copied into blocks.
void fill_batch(benchmark::State& run) {
  journal::Batch batch;
  MessageRecords source;
  for (auto _ : run) {
    batch.begin(Seq{1});
    for (int i = 0; i < 1024; ++i)
      source.append_to(batch);
    batch.finish();
    benchmark::DoNotOptimize(batch.block(0).data());
  }
  run.SetItemsProcessed(run.iterations() * 1024);
}
BENCHMARK(fill_batch)->Name("journal/fill_batch");

constexpr std::uint64_t kScanRecords = 400'000;

// A journal of messages that is in the page cache.
class ScanJournal {
 public:
  ScanJournal() {
    auto opened = journal::Journal::open(dir_.path() / "journal", kBenchEpoch);
    SPINE_CHECK(opened.has_value());
    journal_ = std::move(*opened);
    journal::Batch batch;
    MessageRecords source;
    while (journal_->last().value < kScanRecords) {
      batch.begin(next(journal_->last()));
      for (int i = 0; i < 4000; ++i)
        source.append_to(batch);
      SPINE_CHECK(journal_->ensure_space(batch.bytes(), journal::SpaceClass::intake).has_value());
      SPINE_CHECK(journal_->commit(batch).has_value());
    }
  }
  journal::Journal& journal() { return *journal_; }

 private:
  ScratchDir dir_{};
  std::unique_ptr<journal::Journal> journal_{};
};

// Every block's CRC, offset table and record bounds are checked and every record looked at; with
// `bodies` the FlatBuffers verifier runs on every body too.
void scan(benchmark::State& run, bool bodies) {
  ScanJournal source;
  auto reader = source.journal().reader();
  std::uint64_t records = 0;
  std::uint64_t good = 0;
  for (auto _ : run) {
    SPINE_CHECK(reader.renew().has_value());
    auto block = reader.block_of(reader.first());
    while (block) {
      for (std::uint32_t i = 0; i < block->count(); ++i) {
        const auto event = block->event(i);
        good += bodies ? (verify_event_body(event.header.kind, event.body) ? 1U : 0U)
                       : event.header.kind;
      }
      records += block->count();
      block = reader.block_after(*block);
    }
    benchmark::DoNotOptimize(good);
  }
  SPINE_CHECK(!bodies || good == records);
  run.SetItemsProcessed(static_cast<std::int64_t>(records));
}
BENCHMARK_CAPTURE(scan, blocks, false)
    ->Name("journal/scan_verified")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scan, bodies, true)
    ->Name("journal/scan_verified_bodies")
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace spine::bench
