// Blocks, pool and queue behind Outbox.
#include "engine/pipeline/queues/outbox.h"

#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::pipeline {

OutboxProducer::OutboxProducer(Outbox& outbox) : outbox_(outbox), token_(outbox.queue_) {}

OutboxProducer::~OutboxProducer() {
  for (OutBlock* block : held_) {
    if (block->large_) delete block;
  }
}

OutBlock* OutboxProducer::take(std::size_t bytes) {
  const auto make = [](std::size_t capacity) {
    auto* block = new OutBlock(capacity);
    block->large_ = true;
    return block;
  };
  if (bytes > limits::kOutBlockBytes) return make(bytes);
  OutBlock* block = nullptr;
  while (!outbox_.free_.try_dequeue(block)) {
    // Waiting could deadlock: this producer may hold the missing blocks itself.
    if (!held_.empty()) return make(limits::kOutBlockBytes);
    room_.wait([this] { return outbox_.free_.size_approx() != 0; }, 100);
  }
  return block;
}

std::byte* OutboxProducer::add(const OutHeader& header) {
  const std::size_t bytes = OutBlock::item_bytes(header.bytes);
  held_bytes_ += bytes;
  if (!held_.empty()) {
    if (std::byte* payload = held_.back()->add(header)) return payload;
  }
  held_.push_back(take(bytes));
  std::byte* payload = held_.back()->add(header);
  SPINE_CHECK(payload != nullptr);
  return payload;
}

void OutboxProducer::flush() {
  if (held_.empty()) return;
  SPINE_CHECK(outbox_.queue_.enqueue_bulk(token_, held_.begin(), held_.size()));
  held_.clear();
  held_bytes_ = 0;
  // Pairs with about_to_sleep(): either we see that it sleeps, or it sees the blocks.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (outbox_.sleeping_.load(std::memory_order_relaxed) != 0 &&
      outbox_.sleeping_.exchange(0, std::memory_order_seq_cst) != 0) {
    outbox_.wake_(outbox_.context_);
  }
}

Outbox::Outbox(WakeFn wake, void* context)
    : wake_(wake),
      context_(context),
      queue_(limits::kOutBlocksPerConsumer * 3),
      consumer_(queue_),
      free_(limits::kOutBlocksPerConsumer * 2) {
  for (std::size_t i = 0; i < limits::kOutBlocksPerConsumer; ++i) {
    // Memory of a block is touched only when it is first filled.
    blocks_.push_back(std::make_unique<OutBlock>(limits::kOutBlockBytes));
    free_.enqueue(blocks_.back().get());
  }
}

Outbox::~Outbox() {
  while (OutBlock* block = poll())
    release(block);
}

OutboxProducer& Outbox::add_producer() {
  producers_.emplace_back(new OutboxProducer(*this));
  return *producers_.back();
}

OutBlock* Outbox::poll() {
  OutBlock* block = nullptr;
  return queue_.try_dequeue(consumer_, block) ? block : nullptr;
}

void Outbox::release(OutBlock* block) {
  block->clear();
  if (block->large_) {
    delete block;
    return;
  }
  free_.enqueue(block);
  for (auto& producer : producers_)
    producer->room_.wake();
}

bool Outbox::about_to_sleep() {
  sleeping_.store(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (queue_.size_approx() == 0) return false;
  sleeping_.store(0, std::memory_order_relaxed);
  return true;
}

void Outbox::awake() {
  sleeping_.store(0, std::memory_order_relaxed);
}

}  // namespace spine::pipeline
