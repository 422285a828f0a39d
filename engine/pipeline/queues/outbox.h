// Outbox: how durable results travel from the engine and follower threads to one I/O thread.
#pragma once

#include <atomic>
#include <concurrentqueue/concurrentqueue.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/pipeline/queues/block.h"
#include "engine/pipeline/queues/wakeup.h"
#include "schemas/vocab/ids.h"

namespace spine::pipeline {

// In front of every item in a block; 8-aligned, followed by `bytes` of payload and zeros to 8.
// Payloads are read and written by engine/pipeline/items/messages.h.
struct OutHeader {
  std::uint32_t bytes{};
  std::uint16_t kind{};  // ItemKind
  std::uint16_t reserved{};
  ConnectionRef connection{};  // who it is for; none = no single client
  std::uint64_t request{};     // echoed from the input
};
static_assert(sizeof(OutHeader) == 24);

// Items in order. Pooled; an item larger than a block travels alone in a block made for it.
class OutBlock : public Block<OutHeader> {
 public:
  using Block::Block;

 private:
  friend class Outbox;
  friend class OutboxProducer;
  bool large_{};  // made for one item or when the pool was empty, freed after use
};

class Outbox;

// One per sending thread: its items arrive in the order it added them. Thread: that one thread.
// Nothing leaves before flush(): what is added while a batch is being decided stays here until the
// batch is durable.
class OutboxProducer {
 public:
  // Room for one item. Waits when every block of the pool is with the consumer (the consumer never
  // waits for the engine, so one comes back); takes extra memory when it holds blocks itself.
  std::byte* add(const OutHeader& header);
  // Bytes added and not yet flushed, about.
  std::size_t held_bytes() const { return held_bytes_; }
  // Hands everything over and wakes the consumer if it sleeps. Call after the commit.
  void flush();
  ~OutboxProducer();

 private:
  friend class Outbox;
  explicit OutboxProducer(Outbox& outbox);
  OutBlock* take(std::size_t bytes);
  Outbox& outbox_;
  moodycamel::ProducerToken token_;
  std::size_t held_bytes_{};
  std::vector<OutBlock*> held_{};  // filled and not yet flushed; the last one is open
  Wakeup room_{};                  // this thread, waiting for a block to come back
};

// Thread: the consuming I/O thread, except through producers.
class Outbox {
 public:
  using WakeFn = void (*)(void* context);
  // `wake` is called from a producer's thread when the consumer said it sleeps; it must be safe
  // there (lws_cancel_service, a write to an eventfd).
  Outbox(WakeFn wake, void* context);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Before the threads start. At most 3: engine, follower, and for the net thread
  // the loop thread.
  OutboxProducer& add_producer();

  // Thread: consumer. The next block, or nullptr. Give it back with release().
  OutBlock* poll();
  void release(OutBlock* block);
  // Thread: consumer. Say so before sleeping in the I/O loop; true when there is work after all
  // and it must not sleep. awake() after the loop's wait returned.
  bool about_to_sleep();
  void awake();

 private:
  friend class OutboxProducer;
  WakeFn wake_;
  void* context_;
  moodycamel::ConcurrentQueue<OutBlock*> queue_;
  moodycamel::ConsumerToken consumer_;
  moodycamel::ConcurrentQueue<OutBlock*> free_;
  std::atomic<std::uint32_t> sleeping_{0};
  std::vector<std::unique_ptr<OutBlock>> blocks_{};
  std::vector<std::unique_ptr<OutboxProducer>> producers_{};
};

}  // namespace spine::pipeline
