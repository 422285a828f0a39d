// Ingress: order per producer, bounds, and waking both ways.
#include "engine/pipeline/queues/ingress.h"

#include <atomic>
#include <gtest/gtest.h>
#include <string>
#include <thread>

#include "schemas/vocab/limits.h"

namespace spine::pipeline {
namespace {

std::vector<std::uint64_t> drain_requests(Ingress& ingress) {
  std::vector<IngressBlock*> blocks;
  ingress.drain(blocks, SIZE_MAX);
  std::vector<std::uint64_t> seen;
  for (IngressBlock* block : blocks) {
    block->for_each([&](const InputHeader& header, ByteSpan) { seen.push_back(header.request); });
    ingress.recycle(block);
  }
  return seen;
}

TEST(Ingress, InputsOfAProducerArriveInOrderWithTheirBytes) {
  Ingress ingress;
  IngressProducer& producer = ingress.add_producer(nullptr, nullptr);
  const std::string text = "hello";
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    producer.push(InputHeader{.kind = 0x104, .request = i}, as_bytes(text));
  }
  producer.flush();
  std::vector<IngressBlock*> blocks;
  ingress.drain(blocks, SIZE_MAX);
  EXPECT_GT(blocks.size(), 1U);
  std::uint64_t expected = 0;
  for (IngressBlock* block : blocks) {
    block->for_each([&](const InputHeader& header, ByteSpan body) {
      EXPECT_EQ(header.request, expected++);
      EXPECT_EQ(as_text(body), "hello");
      EXPECT_TRUE(is_aligned8(body.data()));
    });
    ingress.recycle(block);
  }
  EXPECT_EQ(expected, 10'000U);
}

TEST(Ingress, NothingIsVisibleBeforeFlush) {
  Ingress ingress;
  IngressProducer& producer = ingress.add_producer(nullptr, nullptr);
  producer.push(InputHeader{.request = 1}, {});
  EXPECT_TRUE(drain_requests(ingress).empty());
  producer.flush();
  EXPECT_EQ(drain_requests(ingress), std::vector<std::uint64_t>{1});
}

TEST(Ingress, NamesTravelBehindTheBodyAndAreTakenApartAgain) {
  Ingress ingress;
  IngressProducer& producer = ingress.add_producer(nullptr, nullptr);
  const std::string big(2 * limits::kIngressBlockBytes, 'x');
  for (const std::string& body : {std::string{}, std::string{"body"}, big}) {
    producer.push(InputHeader{.kind = 42}, as_bytes(body), {});
    producer.push(InputHeader{.kind = 42}, as_bytes(body), {.session_key = " Key", .run_key = {}});
    producer.push(InputHeader{.kind = 42}, as_bytes(body), {.session_key = "k", .run_key = "run"});
    producer.flush();
    std::vector<IngressBlock*> blocks;
    ingress.drain(blocks, SIZE_MAX);
    std::string seen;
    for (IngressBlock* block : blocks) {
      block->for_each([&](const InputHeader& header, ByteSpan whole) {
        const NamedInput named = take_apart(header, whole);
        EXPECT_EQ(as_text(named.body), body);
        seen.append("[").append(named.names.session_key).append("|");
        seen.append(named.names.run_key).append("]");
      });
      ingress.recycle(block);
    }
    EXPECT_EQ(seen, "[|][ Key|][k|run]");
  }
}

TEST(Ingress, AListOfKeysHoldsAnyBytes) {
  KeyList list;
  const std::vector<std::string> keys{"main", "", std::string("a\0b\n", 4)};
  for (const std::string& key : keys)
    list.add(key);
  std::vector<std::string> seen;
  KeyList::for_each(list.view(), [&](std::string_view key) { seen.emplace_back(key); });
  EXPECT_EQ(seen, keys);
}

TEST(Ingress, AnInputLargerThanABlockTravelsAloneAndKeepsItsPlace) {
  Ingress ingress;
  IngressProducer& producer = ingress.add_producer(nullptr, nullptr);
  const std::string big(3 * limits::kIngressBlockBytes, 'x');
  producer.push(InputHeader{.request = 1}, as_bytes("before"));
  producer.push(InputHeader{.request = 2}, as_bytes(big));
  producer.push(InputHeader{.request = 3}, as_bytes("after"));
  producer.flush();
  EXPECT_EQ(drain_requests(ingress), (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST(Ingress, DrainStopsAtItsBoundAndGoesOnWithTheNextBlock) {
  Ingress ingress;
  IngressProducer& producer = ingress.add_producer(nullptr, nullptr);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    producer.push(InputHeader{.request = i}, as_bytes(std::string(100'000, 'y')));
    producer.flush();
  }
  for (std::uint64_t i = 1; i <= 3; ++i) {
    std::vector<IngressBlock*> blocks;
    ingress.drain(blocks, 150'000);
    ASSERT_EQ(blocks.size(), 1U);
    blocks[0]->for_each([&](const InputHeader& header, ByteSpan) { EXPECT_EQ(header.request, i); });
    ingress.recycle(blocks[0]);
  }
}

TEST(Ingress, AProducerWithoutRoomIsWokenWhenBlocksComeBack) {
  std::atomic<int> woken{0};
  Ingress ingress;
  IngressProducer& producer = ingress.add_producer(
      [](void* context) { static_cast<std::atomic<int>*>(context)->fetch_add(1); }, &woken);
  for (std::size_t i = 0; i < limits::kIngressBlocksPerProducer; ++i) {
    EXPECT_TRUE(producer.has_room());
    producer.push(InputHeader{.request = i}, {});
    producer.flush();
  }
  EXPECT_FALSE(producer.has_room());
  // What has been read already still goes through: nothing is dropped.
  producer.push(InputHeader{.request = 999}, {});
  producer.flush();
  EXPECT_EQ(drain_requests(ingress).back(), 999U);
  EXPECT_EQ(woken.load(), 1);
  EXPECT_TRUE(producer.has_room());
}

TEST(Ingress, TwoThreadsHandOverEverythingInTheirOwnOrder) {
  constexpr std::uint64_t kCount = 50'000;
  Ingress ingress;
  IngressProducer* producers[2] = {&ingress.add_producer(nullptr, nullptr),
                                   &ingress.add_producer(nullptr, nullptr)};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < kCount; ++i) {
        while (!producers[t]->has_room())
          std::this_thread::yield();
        producers[t]->push(InputHeader{.request = i, .a = t}, as_bytes("payload"));
        if (i % 37 == 0) producers[t]->flush();
      }
      producers[t]->flush();
    });
  }
  std::uint64_t next[2] = {0, 0};
  while (next[0] < kCount || next[1] < kCount) {
    std::vector<IngressBlock*> blocks;
    ingress.drain(blocks, limits::kDrainBytesMax);
    if (blocks.empty()) ingress.wait(1'000);
    for (IngressBlock* block : blocks) {
      block->for_each([&](const InputHeader& header, ByteSpan) {
        ASSERT_EQ(header.request, next[header.a]);
        ++next[header.a];
      });
      ingress.recycle(block);
    }
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(next[0] + next[1], 2 * kCount);
}

}  // namespace
}  // namespace spine::pipeline
