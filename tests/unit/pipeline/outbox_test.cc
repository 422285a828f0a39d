// Outbox: nothing leaves before flush, order per producer, bounds, and waking.
#include "engine/pipeline/queues/outbox.h"

#include <atomic>
#include <cstring>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "schemas/vocab/limits.h"
#include "tests/unit/pipeline/no_wake.h"

namespace spine::pipeline {
namespace {

std::vector<std::uint64_t> take_all(Outbox& outbox) {
  std::vector<std::uint64_t> seen;
  while (OutBlock* block = outbox.poll()) {
    block->for_each([&](const OutHeader& header, ByteSpan) { seen.push_back(header.request); });
    outbox.release(block);
  }
  return seen;
}

TEST(Outbox, NothingLeavesBeforeFlushHoweverMuchIsAdded) {
  Outbox outbox{&no_wake, nullptr};
  OutboxProducer& producer = outbox.add_producer();
  const std::size_t total = 2 * limits::kOutBlocksPerConsumer * limits::kOutBlockBytes;
  std::uint64_t count = 0;
  for (std::size_t bytes = 0; bytes < total; bytes += 64 * limits::kKiB) {
    std::memset(producer.add(OutHeader{.bytes = 64 * limits::kKiB, .request = count++}), 0, 8);
  }
  EXPECT_EQ(outbox.poll(), nullptr);
  producer.flush();
  const std::vector<std::uint64_t> seen = take_all(outbox);
  ASSERT_EQ(seen.size(), count);
  for (std::uint64_t i = 0; i < count; ++i)
    EXPECT_EQ(seen[i], i);
}

TEST(Outbox, AnItemLargerThanABlockKeepsItsPlace) {
  Outbox outbox{&no_wake, nullptr};
  OutboxProducer& producer = outbox.add_producer();
  const auto big = static_cast<std::uint32_t>(2 * limits::kOutBlockBytes);
  producer.add(OutHeader{.bytes = 8, .request = 1});
  std::memset(producer.add(OutHeader{.bytes = big, .request = 2}), 7, big);
  producer.add(OutHeader{.bytes = 8, .request = 3});
  producer.flush();
  EXPECT_EQ(take_all(outbox), (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST(Outbox, ASleepingConsumerIsWokenOnceAndAnAwakeOneNever) {
  std::atomic<int> woken{0};
  Outbox outbox{[](void* context) { static_cast<std::atomic<int>*>(context)->fetch_add(1); },
                &woken};
  OutboxProducer& producer = outbox.add_producer();
  producer.add(OutHeader{.bytes = 8});
  producer.flush();
  EXPECT_EQ(woken.load(), 0);
  EXPECT_TRUE(outbox.about_to_sleep()) << "there is work";
  take_all(outbox);
  EXPECT_FALSE(outbox.about_to_sleep());
  producer.add(OutHeader{.bytes = 8});
  producer.flush();
  producer.add(OutHeader{.bytes = 8});
  producer.flush();
  EXPECT_EQ(woken.load(), 1);
}

TEST(Outbox, AProducerWaitsForTheConsumerWhenThePoolIsOut) {
  constexpr std::uint64_t kItems = 400;
  Outbox outbox{&no_wake, nullptr};
  OutboxProducer& producer = outbox.add_producer();
  std::thread sender{[&] {
    for (std::uint64_t i = 0; i < kItems; ++i) {
      std::memset(producer.add(OutHeader{.bytes = 200 * limits::kKiB, .request = i}), 1, 8);
      producer.flush();
    }
  }};
  std::vector<std::uint64_t> seen;
  while (seen.size() < kItems) {
    for (const std::uint64_t request : take_all(outbox))
      seen.push_back(request);
    std::this_thread::yield();
  }
  sender.join();
  for (std::uint64_t i = 0; i < kItems; ++i)
    ASSERT_EQ(seen[i], i);
}

}  // namespace
}  // namespace spine::pipeline
