// Blocks, pools and the queue behind Ingress.
#include "engine/pipeline/queues/ingress.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::pipeline {
namespace {

std::size_t whole_bytes(ByteSpan body, const InputNames& names) {
  return body.size() + names.session_key.size() + names.run_key.size();
}

}  // namespace

NamedInput take_apart(const InputHeader& header, ByteSpan whole) {
  if (header.a + header.b == 0) return {.body = whole};
  SPINE_CHECK(header.a + header.b <= whole.size());
  const std::size_t body = whole.size() - static_cast<std::size_t>(header.a + header.b);
  const std::string_view names = as_text(whole.subspan(body));
  const auto key = static_cast<std::size_t>(header.a);
  return {.body = whole.first(body),
          .names = {.session_key = names.substr(0, key), .run_key = names.substr(key)}};
}

bool IngressBlock::append(InputHeader header, ByteSpan body, const InputNames& names) {
  header.bytes = static_cast<std::uint32_t>(whole_bytes(body, names));
  if (header.bytes != body.size()) {
    header.a = names.session_key.size();
    header.b = names.run_key.size();
  }
  std::byte* at = add(header);
  if (at == nullptr) return false;
  for (const ByteSpan part : {body, as_bytes(names.session_key), as_bytes(names.run_key)}) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  return true;
}

// The blocks of one producer. `free` goes from the engine thread back to the producer's thread.
struct Ingress::Pool {
  std::unique_ptr<IngressProducer> producer{};
  std::vector<std::unique_ptr<IngressBlock>> blocks{};
  moodycamel::ConcurrentQueue<IngressBlock*> free{limits::kIngressBlocksPerProducer};
  std::unique_ptr<moodycamel::ProducerToken> engine_token{};
  // Blocks the producer may still take; below zero while it runs on extra memory.
  std::atomic<std::int64_t> available{0};
  // Set by the producer that found no room; cleared by the engine when it wakes it.
  std::atomic<std::uint32_t> starved{0};
  WakeFn wake{};
  void* context{};
};

IngressProducer::IngressProducer(Ingress& ingress, std::uint32_t index)
    : ingress_(ingress), index_(index), token_(ingress.queue_) {}

bool IngressProducer::has_room() {
  Ingress::Pool& pool = *ingress_.pools_[index_];
  if (pool.available.load(std::memory_order_acquire) > 0) return true;
  pool.starved.store(1, std::memory_order_seq_cst);
  // seq_cst: pairs with recycle(), which gives back first and looks at `starved` after.
  return pool.available.load(std::memory_order_seq_cst) > 0;
}

IngressBlock* IngressProducer::take() {
  Ingress::Pool& pool = *ingress_.pools_[index_];
  pool.available.fetch_sub(1, std::memory_order_relaxed);
  IngressBlock* block = nullptr;
  if (pool.free.try_dequeue(block)) return block;
  // Blocks are made when first needed, so an idle producer holds no memory.
  const bool pooled = pool.blocks.size() < limits::kIngressBlocksPerProducer;
  auto fresh = std::make_unique<IngressBlock>(limits::kIngressBlockBytes);
  fresh->producer_ = index_;
  fresh->large_ = !pooled;
  block = fresh.get();
  if (pooled) {
    pool.blocks.push_back(std::move(fresh));
  } else {
    fresh.release();  // freed by recycle()
  }
  return block;
}

void IngressProducer::push(const InputHeader& header, ByteSpan body, const InputNames& names) {
  const std::size_t bytes = IngressBlock::item_bytes(whole_bytes(body, names));
  if (bytes > limits::kIngressBlockBytes) {
    flush();  // keeps the order
    auto* large = new IngressBlock(bytes);
    large->producer_ = index_;
    large->large_ = true;
    ingress_.pools_[index_]->available.fetch_sub(1, std::memory_order_relaxed);
    SPINE_CHECK(large->append(header, body, names));
    open_ = large;
    flush();
    return;
  }
  if (open_ == nullptr) open_ = take();
  if (open_->append(header, body, names)) return;
  flush();
  open_ = take();
  SPINE_CHECK(open_->append(header, body, names));
}

void IngressProducer::flush() {
  if (open_ == nullptr || open_->empty()) return;
  SPINE_CHECK(ingress_.queue_.enqueue(token_, open_));
  open_ = nullptr;
  ingress_.wakeup_.wake();
}

Ingress::Ingress()
    : queue_(limits::kIngressBlocksPerProducer * kProducersMax, kProducersMax, 0),
      consumer_(queue_) {}

Ingress::~Ingress() {
  std::vector<IngressBlock*> left;
  drain(left, SIZE_MAX);
  for (IngressBlock* block : left)
    recycle(block);
}

IngressProducer& Ingress::add_producer(WakeFn wake, void* context) {
  SPINE_CHECK(pools_.size() < kProducersMax);
  auto pool = std::make_unique<Pool>();
  pool->available.store(static_cast<std::int64_t>(limits::kIngressBlocksPerProducer));
  pool->engine_token = std::make_unique<moodycamel::ProducerToken>(pool->free);
  pool->wake = wake;
  pool->context = context;
  const auto index = static_cast<std::uint32_t>(pools_.size());
  pools_.push_back(std::move(pool));
  pools_.back()->producer.reset(new IngressProducer(*this, index));
  return *pools_.back()->producer;
}

void Ingress::drain(std::vector<IngressBlock*>& out, std::size_t max_bytes) {
  std::size_t bytes = 0;
  while (bytes < max_bytes) {
    IngressBlock* block = held_back_;
    held_back_ = nullptr;
    if (block == nullptr && !queue_.try_dequeue(consumer_, block)) return;
    if (bytes != 0 && bytes + block->bytes() > max_bytes) {
      held_back_ = block;  // first of the next turn
      return;
    }
    bytes += block->bytes();
    out.push_back(block);
  }
}

void Ingress::recycle(IngressBlock* block) {
  Pool& pool = *pools_[block->producer_];
  block->clear();
  if (block->large_) {
    delete block;
  } else {
    SPINE_CHECK(pool.free.enqueue(*pool.engine_token, block));
  }
  pool.available.fetch_add(1, std::memory_order_seq_cst);
  if (pool.starved.load(std::memory_order_seq_cst) == 0) return;
  if (pool.starved.exchange(0, std::memory_order_seq_cst) != 0 && pool.wake != nullptr) {
    pool.wake(pool.context);
  }
}

void Ingress::wait(std::uint32_t timeout_ms) {
  wakeup_.wait([this] { return held_back_ != nullptr || queue_.size_approx() != 0; }, timeout_ms);
}

}  // namespace spine::pipeline
