// Core: building a message's FlatBuffer, decide + evolve, and the fold of a journal.
#include <benchmark/benchmark.h>
#include <cstring>
#include <vector>

#include "bench/support/core_feed.h"
#include "bench/support/records.h"
#include "engine/core/model/evolve.h"
#include "journal/batch.h"
#include "journal/block.h"
#include "schemas/event_verify.h"

namespace spine::bench {
namespace {

constexpr std::uint32_t kSenders = 1000;

void encode(benchmark::State& run) {
  MessageBuilder builder;
  std::uint64_t number = 0;
  for (auto _ : run) {
    benchmark::DoNotOptimize(builder.build({.number = ++number, .sender = 7}).data());
  }
  run.SetItemsProcessed(run.iterations());
}
BENCHMARK(encode)->Name("core/encode");

// One message of agent none through decide, evolve, without a batch; encoding included, see
// core/encode for what that is. The sessions are there already.
void decide_evolve(benchmark::State& run) {
  CoreFeed feed{nullptr};
  feed.begin(kBenchEpoch);
  std::uint64_t number = 0;
  const auto one = [&] {
    ++number;
    return feed.message({.number = number,
                         .sender = static_cast<std::uint32_t>(number % kSenders),
                         .entropy = {number * 0x9E3779B97F4A7C15ULL, number}});
  };
  for (std::uint32_t i = 0; i < 2 * kSenders; ++i)
    one();
  for (auto _ : run) {
    const auto reply = one();
    if (reply.code != core::ReplyCode::accepted) run.SkipWithError("not accepted");
  }
  run.SetItemsProcessed(run.iterations());
}
BENCHMARK(decide_evolve)->Name("core/encode_decide_evolve");

// Blocks of a journal as they lie in memory after a commit.
class Blocks {
 public:
  explicit Blocks(std::uint64_t events) {
    journal::Batch batch;
    CoreFeed feed{&batch};
    batch.begin(Seq{1});
    feed.begin(kBenchEpoch);
    for (std::uint64_t i = 1; batch.count() < events; ++i) {
      feed.message({.number = i,
                    .sender = static_cast<std::uint32_t>(i % kSenders),
                    .entropy = {i * 0x9E3779B97F4A7C15ULL, i}});
    }
    batch.finish();
    events_ = batch.count();
    for (std::uint64_t seq = 1; seq <= events_; ++seq) {
      const auto event = batch.event(Seq{seq});
      offsets_.push_back(words_.size());
      headers_.push_back(event.header);
      const std::size_t words = align8(event.body.size()) / 8;
      words_.resize(words_.size() + words);
      std::memcpy(words_.data() + offsets_.back(), event.body.data(), event.body.size());
    }
  }
  std::uint64_t events() const { return events_; }
  EventView event(std::uint64_t index) const {
    return {.seq = Seq{index + 1},
            .header = headers_[index],
            .body = {reinterpret_cast<const std::byte*>(words_.data() + offsets_[index]),
                     headers_[index].body_bytes}};
  }

 private:
  std::uint64_t events_{};
  std::vector<std::uint64_t> words_{};
  std::vector<std::size_t> offsets_{};
  std::vector<RecordHeader> headers_{};
};

// What recovery and replay do to each event once its block is verified: with `verify`, the
// FlatBuffers verifier first; then evolve.
void fold(benchmark::State& run, bool verify) {
  const Blocks blocks{500'000};
  for (auto _ : run) {
    core::State state;
    for (std::uint64_t i = 0; i < blocks.events(); ++i) {
      const auto event = blocks.event(i);
      if (verify && !verify_event_body(event.header.kind, event.body)) {
        run.SkipWithError("a body is not valid");
        return;
      }
      core::evolve(state, event);
    }
    if (state.applied().value != blocks.events()) run.SkipWithError("not everything was folded");
  }
  run.SetItemsProcessed(run.iterations() * static_cast<std::int64_t>(blocks.events()));
}
BENCHMARK_CAPTURE(fold, evolve, false)->Name("core/fold")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fold, verified, true)
    ->Name("core/fold_verified_bodies")
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace spine::bench
