// DeltaMerger: the first piece at once, the rest gathered, nothing lost and nothing late.
#include "adapters/agents/delta_merger.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "engine/pipeline/queues/ingress.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

struct FreeLoop {
  void operator()(event_base* base) const { event_base_free(base); }
};

class DeltaMergerTest : public ::testing::Test {
 protected:
  DeltaMergerTest() : producer_(ingress_.add_producer(nullptr, nullptr)) {}

  // Pieces that have come out since the last call.
  std::vector<std::string> pieces() {
    producer_.flush();
    std::vector<pipeline::IngressBlock*> blocks;
    ingress_.drain(blocks, SIZE_MAX);
    std::vector<std::string> out;
    for (pipeline::IngressBlock* block : blocks) {
      block->for_each([&](const pipeline::InputHeader& header, ByteSpan body) {
        EXPECT_EQ(header.kind, pipeline::input_kind::kRunDelta);
        out.emplace_back(as_text(body));
      });
      ingress_.recycle(block);
    }
    return out;
  }

  std::unique_ptr<event_base, FreeLoop> base_{event_base_new()};
  pipeline::Ingress ingress_{};
  pipeline::IngressProducer& producer_;
  Answers answers_{producer_};
  DeltaMerger merger_{base_.get(), answers_};
};

using Texts = std::vector<std::string>;

TEST_F(DeltaMergerTest, TheFirstPieceGoesAtOnceAndLaterOnesTogether) {
  merger_.add(RunId{1}, "a");
  EXPECT_EQ(pieces(), Texts{"a"});
  merger_.add(RunId{1}, "b");
  merger_.add(RunId{1}, "c");
  EXPECT_EQ(pieces(), Texts{});
  event_base_loop(base_.get(), EVLOOP_ONCE);  // the timer
  EXPECT_EQ(pieces(), Texts{"bc"});
}

TEST_F(DeltaMergerTest, WhatWaitsGoesBeforeTheEnd) {
  merger_.add(RunId{1}, "a");
  merger_.add(RunId{1}, "b");
  merger_.end(RunId{1});
  EXPECT_EQ(pieces(), (Texts{"a", "b"}));
  merger_.end(RunId{1});
  EXPECT_EQ(pieces(), Texts{});
}

TEST_F(DeltaMergerTest, OfADroppedRunNothingMoreComes) {
  merger_.add(RunId{1}, "a");
  merger_.add(RunId{1}, "b");
  merger_.add(RunId{2}, "x");
  merger_.add(RunId{2}, "y");
  merger_.drop(RunId{1});
  event_base_loop(base_.get(), EVLOOP_ONCE);
  EXPECT_EQ(pieces(), (Texts{"a", "x", "y"}));
}

TEST_F(DeltaMergerTest, ALotDoesNotWait) {
  merger_.add(RunId{1}, "a");
  merger_.add(RunId{1}, std::string(64 * limits::kKiB, 'b'));
  EXPECT_EQ(pieces().size(), 2U);
}

}  // namespace
}  // namespace spine::agents
