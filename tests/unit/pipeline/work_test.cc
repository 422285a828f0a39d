// Work for agents, from end to end of the engine: prompts after a restart, queue modes, approvals.
#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>
#include <set>
#include <string>

#include "engine/pipeline/items/messages.h"
#include "journal/journal.h"
#include "schemas/fields.h"
#include "tests/unit/pipeline/gateway.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;

void push_built(Gateway& gateway, fb::EventBody kind, Builder& builder, flatbuffers::uoffset_t root,
                std::uint64_t request = 0) {
  builder.Finish(flatbuffers::Offset<void>(root));
  gateway.push(kind_of(kind), finished(builder), request);
  gateway.flush();
}

// A direct message of one person.
core::Reply say(Gateway& gateway, const std::string& text,
                fb::QueueMode mode = fb::QueueMode::unset) {
  Builder builder;
  const auto channel = builder.CreateString("test");
  const auto sender = builder.CreateString("ann");
  const auto words = builder.CreateString(text);
  fb::MessageReceivedBuilder message(builder);
  message.add_channel(channel);
  message.add_sender_id(sender);
  message.add_text(words);
  message.add_queue_mode(mode);
  push_built(gateway, fb::EventBody::MessageReceived, builder, message.Finish().o, 5);
  return gateway.reply();
}

void finish(Gateway& gateway, RunId run) {
  gateway.finish_run(run, "done");
  gateway.flush();
  EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
}

RunItem query_run(Gateway& gateway, const std::string& key, std::vector<std::uint64_t>& keep) {
  gateway.push(input_kind::kQueryRun, as_bytes(key), 6);
  gateway.flush();
  RunItem item{};
  gateway.expect(gateway.net, ItemKind::run, [&](const OutHeader&, ByteSpan payload) {
    keep.assign((payload.size() + 7) / 8, 0);
    std::memcpy(keep.data(), payload.data(), payload.size());
    read({reinterpret_cast<const std::byte*>(keep.data()), payload.size()}, item);
  });
  return item;
}

std::vector<std::string> kinds_in(const std::filesystem::path& dir, std::uint64_t from) {
  journal::Reader reader = *journal::Reader::open_read_only(dir / "journal");
  EXPECT_TRUE(reader.renew());
  std::vector<std::string> kinds;
  for (std::uint64_t seq = from; seq <= reader.last().value; ++seq) {
    const journal::BlockView block = *reader.block_of(Seq{seq});
    const auto at = static_cast<std::uint32_t>(seq - block.first().value);
    kinds.emplace_back(
        fb::EnumNameEventBody(static_cast<fb::EventBody>(block.event(at).header.kind)));
  }
  return kinds;
}

TEST_F(EngineTest, AfterAStartWhatWasAtWorkIsInterruptedAndTriedAgain) {
  std::uint64_t last = 0;
  core::Reply said{};
  {
    Gateway gateway{dir_};
    said = say(gateway, "what time is it");
    EXPECT_EQ(gateway.prompt().attempt, 1);
    gateway.stop();
    journal::Reader reader = *journal::Reader::open_read_only(dir_ / "journal");
    ASSERT_TRUE(reader.renew());
    last = reader.last().value;
  }
  Gateway gateway{dir_};
  EXPECT_EQ(gateway.report.obligations_resumed, 1U);
  const PromptItem prompt = gateway.prompt();
  EXPECT_EQ(prompt.run, said.run);
  EXPECT_EQ(prompt.attempt, 2);
  EXPECT_EQ(prompt.session, said.session);
  EXPECT_EQ(gateway.prompt_text, "what time is it");
  EXPECT_EQ(prompt.effect.seq, gateway.report.last) << "another obligation than before";
  finish(gateway, said.run);
  gateway.stop();
  EXPECT_EQ(kinds_in(dir_, last + 1),
            (std::vector<std::string>{"EngineStarted", "RunInterrupted", "RunStarted",
                                      "RunFinished", "StateDigested", "EngineStopped"}));
}

TEST_F(EngineTest, PiecesOfAnAnswerNameTheAttemptTheyAreWrittenIn) {
  const auto attempt_of_piece = [](Gateway& gateway, RunId run) {
    gateway.shared.event_interest.store(1);
    gateway.push_from(Source::agent, input_kind::kRunDelta, as_bytes("half"), run.value);
    gateway.flush();
    std::uint16_t attempt = 0;
    gateway.expect(gateway.net, ItemKind::delta, [&](const OutHeader&, ByteSpan payload) {
      DeltaItem item{};
      read(payload, item);
      EXPECT_EQ(item.run, run);
      EXPECT_EQ(item.session_key, "agent:main:test:direct:ann");
      EXPECT_EQ(item.agent_id, "main");
      EXPECT_EQ(item.piece, "half");
      attempt = item.attempt;
    });
    return attempt;
  };
  core::Reply said{};
  {
    Gateway gateway{dir_};
    said = say(gateway, "one");
    EXPECT_EQ(attempt_of_piece(gateway, said.run), 1);
    gateway.stop();
  }
  Gateway gateway{dir_};
  EXPECT_EQ(attempt_of_piece(gateway, said.run), 2);
}

TEST_F(EngineTest, AfterAStartEveryRunOfManyIsTriedAgainOnce) {
  constexpr std::uint64_t kRuns = 1'300;
  {
    Gateway gateway{dir_};
    for (std::uint64_t i = 0; i < kRuns; ++i)
      gateway.message(i, "p" + std::to_string(i), "m" + std::to_string(i), "text");
    gateway.flush();
    for (std::uint64_t i = 0; i < kRuns; ++i)
      gateway.prompt();
    gateway.stop();
  }
  Gateway gateway{dir_};
  EXPECT_EQ(gateway.report.obligations_resumed, kRuns);
  std::set<std::uint64_t> runs;
  for (std::uint64_t i = 0; i < kRuns; ++i) {
    const PromptItem prompt = gateway.prompt();
    EXPECT_EQ(prompt.attempt, 2);
    runs.insert(prompt.run.value);
  }
  EXPECT_EQ(runs.size(), kRuns);
}

TEST_F(EngineTest, ASteeredMessageGoesToTheAgentAtWorkAndEndsWithItsRun) {
  Gateway gateway{dir_};
  const core::Reply one = say(gateway, "one");
  const core::Reply two = say(gateway, "two", fb::QueueMode::steer);
  gateway.expect(gateway.loop, ItemKind::steer, [&](const OutHeader&, ByteSpan payload) {
    SteerItem item{};
    read(payload, item);
    EXPECT_EQ(item.run, two.run);
    EXPECT_EQ(item.into, one.run);
    EXPECT_EQ(item.agent_id, "main");
    EXPECT_EQ(item.text, "two");
  });
  Builder builder;
  push_built(gateway, fb::EventBody::RunSteered, builder,
             fb::CreateRunSteered(builder, two.run.value, one.run.value).o);
  EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
  gateway.shared.event_interest.store(1);
  gateway.finish_run(one.run, "done");
  gateway.flush();
  gateway.expect(gateway.net, ItemKind::event, [&](const OutHeader&, ByteSpan payload) {
    EventItem item{};
    read(payload, item);
    EXPECT_EQ(item.event.header.kind, kind_of(fb::EventBody::RunFinished));
  });
  gateway.expect(gateway.net, ItemKind::event, [&](const OutHeader&, ByteSpan payload) {
    EventItem item{};
    read(payload, item);
    EXPECT_EQ(item.event.header.kind, kind_of(fb::EventBody::RunsMerged));
    EXPECT_EQ(item.run.id, two.run);
    EXPECT_EQ(item.run.status, core::RunStatus::finished);
  });
}

TEST_F(EngineTest, CollectedMessagesAreOnePromptAlsoWhenItIsTriedAgain) {
  core::Reply two{};
  {
    Gateway gateway{dir_};
    const core::Reply one = say(gateway, "one");
    EXPECT_EQ(gateway.prompt().run, one.run);
    two = say(gateway, "two", fb::QueueMode::collect);
    say(gateway, "three", fb::QueueMode::collect);
    say(gateway, "four", fb::QueueMode::collect);
    finish(gateway, one.run);
    EXPECT_EQ(gateway.prompt().run, two.run);
    EXPECT_EQ(gateway.prompt_text, "two\n\nthree\n\nfour");
    gateway.stop();
  }
  {
    Gateway gateway{dir_};
    EXPECT_EQ(gateway.prompt().attempt, 2);
    EXPECT_EQ(gateway.prompt_text, "two\n\nthree\n\nfour");
    gateway.stop();
  }
  Gateway gateway{dir_};
  EXPECT_EQ(gateway.prompt().attempt, 3);
  EXPECT_EQ(gateway.prompt_text, "two\n\nthree\n\nfour");
}

// A session that goes back to a message of a run that had collected others.
TEST_F(EngineTest, AnotherTryIsNotGivenWhatWasCutOff) {
  Gateway gateway{dir_};
  const core::Reply one = say(gateway, "one");
  EXPECT_EQ(gateway.prompt().run, one.run);
  const core::Reply two = say(gateway, "two", fb::QueueMode::collect);
  const core::Reply three = say(gateway, "three", fb::QueueMode::collect);
  say(gateway, "four", fb::QueueMode::collect);
  finish(gateway, one.run);
  const auto try_again = [&](RunId run, const std::string& key) {
    Builder builder;
    push_built(gateway, fb::EventBody::RunRetryRequested, builder,
               fb::CreateRunRetryRequested(builder, run.value, builder.CreateString(key)).o, 5);
    const core::Reply again = gateway.reply();
    EXPECT_EQ(again.code, core::ReplyCode::accepted);
    EXPECT_EQ(gateway.prompt().run, again.run);
    return again.run;
  };
  const auto rewind = [&](Seq to) {
    Builder builder;
    const fb::Bits128 uuid(to.value, 9);
    builder.Finish(fb::CreateSessionRewound(builder, to.value, &uuid, 1));
    gateway.push_about("agent:main:test:direct:ann", kind_of(fb::EventBody::SessionRewound),
                       finished(builder), 5);
    gateway.flush();
    EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
  };
  EXPECT_EQ(gateway.prompt().run, two.run);
  EXPECT_EQ(gateway.prompt_text, "two\n\nthree\n\nfour");
  rewind(three.seq);
  const RunId again = try_again(two.run, "a");
  EXPECT_EQ(gateway.prompt_text, "two\n\nthree");
  rewind(two.seq);
  try_again(again, "b");
  EXPECT_EQ(gateway.prompt_text, "two");
}

TEST_F(EngineTest, AMergedRunHasItsEnd) {
  Gateway gateway{dir_};
  const core::Reply one = say(gateway, "one");
  say(gateway, "two", fb::QueueMode::collect);
  Builder builder;
  const auto text = builder.CreateString("three");
  const auto channel = builder.CreateString("test");
  const auto sender = builder.CreateString("ann");
  const auto key = builder.CreateString("wait-for-me");
  fb::MessageReceivedBuilder message(builder);
  message.add_channel(channel);
  message.add_sender_id(sender);
  message.add_text(text);
  message.add_idempotency_key(key);
  message.add_queue_mode(fb::QueueMode::collect);
  push_built(gateway, fb::EventBody::MessageReceived, builder, message.Finish().o, 5);
  gateway.reply();
  finish(gateway, one.run);
  std::vector<std::uint64_t> keep;
  const RunItem item = query_run(gateway, "wait-for-me", keep);
  ASSERT_TRUE(item.found);
  EXPECT_EQ(item.run.status, core::RunStatus::finished);
  ASSERT_TRUE(item.has_end);
  EXPECT_EQ(item.end.header.kind, kind_of(fb::EventBody::RunsMerged));
}

// Asks for a tool on behalf of the run.
void ask(Gateway& gateway, RunId run) {
  Builder builder;
  const auto tool = builder.CreateString("bash");
  const auto title = builder.CreateString("run a command");
  const auto detail = builder.CreateString("ls");
  const fb::Bits128 entropy(3, 4);
  push_built(gateway, fb::EventBody::ApprovalRequested, builder,
             fb::CreateApprovalRequested(builder, run.value, 42, fb::ApprovalKind::exec, tool,
                                         title, detail, 0, 0, &entropy)
                 .o);
}

TEST_F(EngineTest, WhatAnAgentAsksIsToldAskedForAndAnswered) {
  Gateway gateway{dir_};
  const core::Reply said = say(gateway, "one");
  gateway.shared.event_interest.store(1);
  ask(gateway, said.run);
  std::string code;
  gateway.expect(gateway.net, ItemKind::event, [&](const OutHeader&, ByteSpan payload) {
    EventItem item{};
    read(payload, item);
    EXPECT_EQ(item.event.header.kind, kind_of(fb::EventBody::ApprovalOpened));
    EXPECT_EQ(item.run.id, said.run);
    ASSERT_TRUE(item.has_approval);
    EXPECT_EQ(item.approval.tool, "bash");
    code = item.approval.code;
  });
  gateway.push(input_kind::kQueryApprovals, {}, 9);
  gateway.flush();
  Seq request{};
  gateway.expect(gateway.net, ItemKind::approvals, [&](const OutHeader& header, ByteSpan payload) {
    EXPECT_EQ(header.request, 9U);
    ApprovalsItem item{};
    read(payload, item);
    ASSERT_EQ(item.approvals.size(), 1U);
    EXPECT_EQ(item.approvals[0].detail, "ls");
    EXPECT_EQ(item.approvals[0].code, code);
    EXPECT_EQ(item.approvals[0].session, said.session);
    request = item.approvals[0].request;
  });
  Builder builder;
  push_built(gateway, fb::EventBody::ApprovalResolved, builder,
             fb::CreateApprovalResolved(builder, request.value, fb::ApprovalDecision::allow_once,
                                        fb::DecidedVia::client)
                 .o);
  EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
  gateway.expect(gateway.loop, ItemKind::answer, [&](const OutHeader&, ByteSpan payload) {
    AnswerItem item{};
    read(payload, item);
    EXPECT_EQ(item.run, said.run);
    EXPECT_EQ(item.ask, 42U);
    EXPECT_EQ(item.decision, fb::ApprovalDecision::allow_once);
  });
}

TEST_F(EngineTest, AGapTellsOfApprovalsAsTheyWereTold) {
  Gateway gateway{dir_};
  const core::Reply said = say(gateway, "one");
  ask(gateway, said.run);
  EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
  finish(gateway, said.run);
  gateway.push(input_kind::kQueryGap, {}, 7, 0, 1);
  gateway.flush();
  gateway.expect(gateway.net, ItemKind::gap, [&](const OutHeader&, ByteSpan payload) {
    GapItem gap{};
    read(payload, gap);
    std::vector<std::string> told;
    for (const EventItem& item : gap.events) {
      if (!item.has_approval) continue;
      told.emplace_back(fb::EnumNameEventBody(static_cast<fb::EventBody>(item.event.header.kind)));
      EXPECT_EQ(item.approval.tool, "bash");
      EXPECT_EQ(item.approval.code.size(), 8U);
      EXPECT_TRUE(item.approval.uuid);
      EXPECT_EQ(item.run.id, said.run);
    }
    EXPECT_EQ(told, (std::vector<std::string>{"ApprovalOpened", "ApprovalResolved"}));
  });
}

TEST_F(EngineTest, QuarantineOutlivesTheGatewayUntilItIsLifted) {
  {
    Gateway gateway{dir_};
    Builder builder;
    const auto agent = builder.CreateString("main");
    push_built(gateway, fb::EventBody::AgentQuarantined, builder,
               fb::CreateAgentQuarantined(builder, agent, 5).o);
    EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
    gateway.stop();
  }
  Gateway gateway{dir_};
  EXPECT_EQ(gateway.report.quarantined, std::vector<std::string>{"main"});
  Builder builder;
  const auto agent = builder.CreateString("main");
  push_built(gateway, fb::EventBody::AgentReset, builder, fb::CreateAgentReset(builder, agent).o);
  EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
  gateway.expect(gateway.loop, ItemKind::control, [&](const OutHeader&, ByteSpan payload) {
    ControlItem item{};
    read(payload, item);
    EXPECT_EQ(item.what, ControlKind::reset);
    EXPECT_EQ(item.agent_id, "main");
  });
}

}  // namespace
}  // namespace spine::pipeline
