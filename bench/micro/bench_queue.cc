// Queues: the hop of inputs to the engine thread and of replies back, both sides parking.
#include <atomic>
#include <benchmark/benchmark.h>
#include <thread>
#include <vector>

#include "bench/support/bodies.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/outbox.h"
#include "engine/pipeline/queues/wakeup.h"

#include "event_generated.h"

namespace spine::bench {
namespace {

// An engine thread that decides nothing: every input gets a reply.
class Answerer {
 public:
  Answerer() : outbox_(&Answerer::wake, this) {
    input_ = &ingress_.add_producer(nullptr, nullptr);
    output_ = &outbox_.add_producer();
    thread_ = std::thread([this] { answer(); });
  }
  ~Answerer() {
    input_->push({.kind = pipeline::input_kind::kStop}, {});
    input_->flush();
    thread_.join();
  }
  Answerer(const Answerer&) = delete;
  Answerer& operator=(const Answerer&) = delete;

  // Hands `count` inputs over in one turn and waits until as many replies are back.
  void round(ByteSpan body, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      input_->push({.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived),
                    .connection = {1, 1},
                    .request = ++request_},
                   body);
    }
    input_->flush();
    std::uint64_t back = 0;
    pipeline::ReplyItem item;
    while (back < count) {
      pipeline::OutBlock* block = outbox_.poll();
      if (block == nullptr) {
        if (!outbox_.about_to_sleep()) {
          wakeup_.wait([this] { return woken_.exchange(false); });
        }
        outbox_.awake();
        continue;
      }
      block->for_each([&](const pipeline::OutHeader& /*header*/, ByteSpan payload) {
        pipeline::read(payload, item);
        back += item.reply.seq.value == 0 ? 0 : 1;
      });
      outbox_.release(block);
    }
  }

 private:
  static void wake(void* self) {
    auto* answerer = static_cast<Answerer*>(self);
    answerer->woken_.store(true);
    answerer->wakeup_.wake();
  }

  void answer() {
    std::vector<pipeline::IngressBlock*> blocks;
    bool stopping = false;
    std::uint64_t seq = 0;
    while (!stopping) {
      blocks.clear();
      ingress_.drain(blocks, std::size_t{4} << 20);
      if (blocks.empty()) ingress_.wait(1000);
      for (auto* block : blocks) {
        block->for_each([&](const pipeline::InputHeader& header, ByteSpan /*body*/) {
          if (header.kind == pipeline::input_kind::kStop) {
            stopping = true;
            return;
          }
          pipeline::ReplyItem item;
          item.reply.seq = Seq{++seq};
          item.session_key = "agent:none:bench:direct:s000001";
          pipeline::write(*output_, header.connection, header.request, item);
        });
        ingress_.recycle(block);
      }
      output_->flush();
    }
  }

  pipeline::Ingress ingress_{};
  pipeline::Outbox outbox_;
  pipeline::IngressProducer* input_{};
  pipeline::OutboxProducer* output_{};
  pipeline::Wakeup wakeup_{};
  std::atomic<bool> woken_{false};
  std::uint64_t request_{};
  std::thread thread_{};
};

// There and back: one turn of `range` messages. items_per_second counts messages.
void hop(benchmark::State& run) {
  Answerer answerer;
  MessageBuilder builder;
  const auto body = builder.build({.number = 1, .sender = 1});
  const auto count = static_cast<std::uint64_t>(run.range(0));
  for (auto _ : run)
    answerer.round(body, count);
  run.SetItemsProcessed(run.iterations() * run.range(0));
}
BENCHMARK(hop)->Name("queue/hop")->Arg(1)->Arg(64)->Arg(1024)->UseRealTime();

}  // namespace
}  // namespace spine::bench
