// Tests of adapters/agents/: what the echo agent answers, and who answers for whom.
#include <event2/event.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "adapters/agents/registry.h"
#include "engine/pipeline/queues/ingress.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::agents {
namespace {

constexpr auto kFinished = static_cast<std::uint16_t>(fb::EventBody::RunFinished);
constexpr auto kFailed = static_cast<std::uint16_t>(fb::EventBody::RunFailed);

struct FreeBase {
  void operator()(event_base* base) const { event_base_free(base); }
};

// What came out of the ingress, copied.
struct Input {
  pipeline::InputHeader header{};
  std::string body{};
  const fb::RunFinished& finished() const {
    return *flatbuffers::GetRoot<fb::RunFinished>(body.data());
  }
  const fb::RunFailed& failed() const { return *flatbuffers::GetRoot<fb::RunFailed>(body.data()); }
};

class AgentsTest : public ::testing::Test {
 protected:
  AgentsTest() : producer_(ingress_.add_producer(nullptr, nullptr)) {}

  std::vector<Input> inputs() {
    producer_.flush();
    std::vector<pipeline::IngressBlock*> blocks;
    ingress_.drain(blocks, SIZE_MAX);
    std::vector<Input> out;
    for (pipeline::IngressBlock* block : blocks) {
      block->for_each([&](const pipeline::InputHeader& header, ByteSpan body) {
        if (pipeline::input_kind::journalled(header.kind)) {
          EXPECT_TRUE(verify_event_body(header.kind, body));
        }
        out.push_back({header, std::string(as_text(body))});
      });
      ingress_.recycle(block);
    }
    return out;
  }
  // The loop goes on until `count` have come.
  std::vector<Input> inputs_until(std::size_t count) {
    std::vector<Input> out;
    while (out.size() < count) {
      event_base_loop(base_.get(), EVLOOP_ONCE);
      for (Input& input : inputs())
        out.push_back(std::move(input));
    }
    return out;
  }
  void prompt(AgentRegistry& registry, std::uint64_t run, std::string_view agent,
              std::string_view text) {
    registry.prompt({.run = RunId{run}, .attempt = 1, .agent_id = agent, .text = text});
  }

  std::unique_ptr<event_base, FreeBase> base_{event_base_new()};
  pipeline::Ingress ingress_{};
  pipeline::IngressProducer& producer_;
  pipeline::Shared shared_{};
};

TEST_F(AgentsTest, EchoAnswersWithOneDeltaAndOneFinishedRun) {
  AgentRegistry registry(base_.get(), producer_, shared_);
  registry.apply({{.id = "main"}});
  EXPECT_EQ(shared_.agents_ready.load(), 1U);
  prompt(registry, 7, "main", "hello");
  const auto got = inputs();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].header.kind, pipeline::input_kind::kRunDelta);
  EXPECT_EQ(got[0].header.a, 7U);
  EXPECT_EQ(got[0].body, "echo: hello");
  ASSERT_EQ(got[1].header.kind, kFinished);
  EXPECT_EQ(got[1].header.source, static_cast<std::uint16_t>(Source::agent));
  EXPECT_EQ(got[1].finished().run(), 7U);
  EXPECT_EQ(got[1].finished().text()->str(), "echo: hello");
  EXPECT_EQ(got[1].finished().stop_reason()->str(), "stop");
  EXPECT_EQ(got[1].finished().provider()->str(), "spine");
  EXPECT_EQ(got[1].finished().model()->str(), "echo");
}

TEST_F(AgentsTest, AnAgentThatIsNotConfiguredFailsTheRun) {
  AgentRegistry registry(base_.get(), producer_, shared_);
  registry.apply({{.id = "main"}});
  prompt(registry, 7, "other", "hello");
  const auto got = inputs();
  ASSERT_EQ(got.size(), 1U);
  ASSERT_EQ(got[0].header.kind, kFailed);
  EXPECT_EQ(got[0].failed().run(), 7U);
  EXPECT_NE(got[0].failed().message()->str().find("\"other\""), std::string::npos);
}

TEST_F(AgentsTest, AgentIdsAreComparedInLowerCase) {
  AgentRegistry registry(base_.get(), producer_, shared_);
  registry.apply({{.id = "Main"}});
  prompt(registry, 7, "mAIN", "x");
  EXPECT_EQ(inputs().back().header.kind, kFinished);
}

TEST_F(AgentsTest, ADelayedAnswerComesFromTheLoopAndCanBeCancelled) {
  AgentRegistry registry(base_.get(), producer_, shared_);
  registry.apply({{.id = "main", .echo_delay_ms = 1}});
  prompt(registry, 7, "main", "kept");
  prompt(registry, 8, "main", "cancelled");
  EXPECT_TRUE(inputs().empty());
  registry.cancel(RunId{8});
  registry.cancel(RunId{999});
  const auto got = inputs_until(2);
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[1].finished().run(), 7U);
}

TEST_F(AgentsTest, AnAgentThatIsRemovedFailsItsOpenRunsAndTheRestGoesOn) {
  AgentRegistry registry(base_.get(), producer_, shared_);
  registry.apply({{.id = "gone", .echo_delay_ms = 600'000}, {.id = "stays", .echo_delay_ms = 1}});
  EXPECT_EQ(shared_.agents_ready.load(), 2U);
  prompt(registry, 7, "gone", "x");
  prompt(registry, 8, "stays", "y");
  registry.apply({{.id = "stays"}});
  EXPECT_EQ(shared_.agents_ready.load(), 1U);
  const auto got = inputs_until(3);
  ASSERT_EQ(got.size(), 3U);
  ASSERT_EQ(got[0].header.kind, kFailed);
  EXPECT_EQ(got[0].failed().run(), 7U);
  EXPECT_EQ(got[2].finished().run(), 8U);
}

TEST_F(AgentsTest, AReplyIsCutToTheLimitBetweenCharacters) {
  AgentRegistry registry(base_.get(), producer_, shared_);
  registry.apply({{.id = "main"}});
  std::string text;
  while (text.size() < limits::kTextBytesMax)
    text += "\xc3\xa4";
  prompt(registry, 7, "main", text);
  const auto got = inputs();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[1].finished().text()->size(), limits::kTextBytesMax);
}

}  // namespace
}  // namespace spine::agents
