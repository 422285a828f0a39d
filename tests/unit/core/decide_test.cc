// decide: headers and reasons of events, replies, bounds, and the way back from an event.
#include "engine/core/model/decide.h"

#include <gtest/gtest.h>

#include "engine/core/model/digest.h"
#include "engine/core/model/drafter.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

constexpr const char* kAlice = "agent:main:telegram:direct:alice";

TEST(Decide, OneMessageCanBeFollowedToItsReply) {
  World world;
  const Reply reply = world.message({.bridge = 77});
  const std::uint64_t seq = reply.seq.value;
  ASSERT_EQ(world.kinds(), "MessageReceived PrincipalAdded SessionOpened RunQueued RunStarted");
  const EventView message = world.journal[seq - 1].view(Seq{seq});
  EXPECT_EQ(message.header.cause, seq);
  EXPECT_EQ(message.header.correlation, seq);
  EXPECT_EQ(message.header.principal, seq + 1);
  EXPECT_EQ(message.header.session, seq + 2);
  EXPECT_EQ(reply.session.value, seq + 2);
  EXPECT_EQ(reply.run.value, seq + 3);
  EXPECT_EQ(world.journal[seq + 2].header.cause, seq);
  const RecordHeader started = world.journal[seq + 3].header;
  EXPECT_EQ(started.cause, reply.run.value);
  world.finish(reply.run);
  const RecordHeader finished = world.last().header;
  EXPECT_EQ(finished.cause, seq + 4);  // RunStarted
  EXPECT_EQ(finished.correlation, seq);
  EXPECT_EQ(finished.principal, seq + 1);
  EXPECT_EQ(finished.session, reply.session.value);
  EXPECT_NE(finished.flags & record_flag::kInput, 0);
}

TEST(Decide, TheNextRunKeepsTheChainOfItsOwnMessage) {
  World world;
  const Reply first = world.message({.text = "one"});
  const Reply second = world.message({.text = "two"});
  world.finish(first.run);
  const RecordHeader started = world.last().header;
  EXPECT_EQ(started.cause, second.run.value);
  EXPECT_EQ(started.correlation, second.seq.value);
}

TEST(Decide, RepliesNameRunsByKeyOrUuid) {
  World world;
  world.connect("token");
  const Reply named = world.chat("main", "hello", "my-key");
  RunView run{};
  ASSERT_TRUE(view_run(world.state, named.run, run));
  EXPECT_EQ(run.key, "my-key");
  EXPECT_EQ(find_run(world.state, "my-key"), named.run);
  const Reply other = world.chat("main", "hello");
  ASSERT_TRUE(view_run(world.state, other.run, run));
  EXPECT_EQ(run.key.size(), 36U);
  EXPECT_EQ(find_run(world.state, run.key), other.run);
}

TEST(Decide, ConnectionsLearnTheirPrincipal) {
  World world;
  const Reply first = world.connect("a");
  EXPECT_EQ(world.kinds(), "ClientConnected PrincipalAdded");
  EXPECT_EQ(first.principal.value, first.seq.value + 1);
  const Reply again = world.connect("a");
  EXPECT_EQ(world.kinds(), "ClientConnected");
  EXPECT_EQ(again.principal, first.principal);
  EXPECT_NE(world.connect("b").principal, first.principal);
}

TEST(Decide, TheInputComesBackOutOfItsEvent) {
  World world;
  world.connect("token");
  const PrincipalId token = world.client;
  const auto back = [&](const EventView& event) {
    Input input{};
    flatbuffers::FlatBufferBuilder scratch;
    EXPECT_TRUE(input_of(event, input, scratch));
    EXPECT_TRUE(verify_event_body(input.kind, input.body));
    return input;
  };
  world.message({.bridge = token.value});
  const EventView received = world.last(4);
  EXPECT_EQ(back(received).principal, token);
  EXPECT_EQ(back(received).session, SessionId{});
  EXPECT_EQ(back(received).body.data(), received.body.data());
  world.chat("main", "hello");
  EXPECT_EQ(back(world.last(3)).principal, token);

  Input input{};
  flatbuffers::FlatBufferBuilder scratch;
  EXPECT_FALSE(input_of(world.last(), input, scratch)) << "derived events are no inputs";

  world.chat("agent:nobody:x", "hello there");
  ASSERT_EQ(world.kinds(), "MessageRejected");
  ASSERT_TRUE(input_of(world.last(), input, scratch));
  EXPECT_EQ(input.kind, static_cast<std::uint16_t>(fb::EventBody::MessageReceived));
  EXPECT_EQ(input.principal, token);
  ASSERT_TRUE(verify_event_body(input.kind, input.body));
  EXPECT_EQ(flatbuffers::GetRoot<fb::MessageReceived>(input.body.data())->text()->str(),
            "hello there");
  Decision again;
  decide(world.state, input, again);
  EXPECT_EQ(again.reply.reason, fb::RejectReason::unknown_agent);
}

TEST(Decide, ACopyOfAMessageHasEveryField) {
  flatbuffers::FlatBufferBuilder builder;
  const auto text = [&](const char* value) { return builder.CreateString(value); };
  std::vector<flatbuffers::Offset<fb::Attachment>> attachments{
      fb::CreateAttachment(builder, text("n"), text("m"), text("u"), 9,
                           builder.CreateVector(std::vector<std::uint8_t>(32, 7)),
                           fb::AttachmentProblem::expired, fb::AttachmentKind::voice)};
  const fb::Bits128 bits(5, 6);
  const auto list = builder.CreateVector(attachments);
  const auto sealed = builder.CreateVector(std::vector<std::uint8_t>{1, 2});
  builder.Finish(fb::CreateMessageReceived(
      builder, fb::MessageVia::agent, text("channel"), text("account"), text("sender"),
      text("name"), fb::ConversationKind::group, text("conversation"), text("thread"),
      text("external"), text("text"), list, text("reply"), 123, text("key"), text("agent"),
      text("idem"), &bits, 7, &bits, true, true, fb::QueueMode::steer, true, true,
      fb::Mention::mentioned, 11, sealed));
  const auto* from = flatbuffers::GetRoot<fb::MessageReceived>(builder.GetBufferPointer());
  flatbuffers::FlatBufferBuilder other;
  other.Finish(copy_message(other, *from));
  const auto* to = flatbuffers::GetRoot<fb::MessageReceived>(other.GetBufferPointer());
  // Every field of the schema is set in the original, and so in the copy.
  const auto* original = reinterpret_cast<const flatbuffers::Table*>(from);
  const auto* copy = reinterpret_cast<const flatbuffers::Table*>(to);
  for (flatbuffers::voffset_t field = fb::MessageReceived::VT_VIA;
       field <= fb::MessageReceived::VT_SEALED; field += 2) {
    EXPECT_TRUE(original->CheckField(field)) << "set field " << field << " in this test";
    EXPECT_TRUE(copy->CheckField(field)) << field;
  }
  EXPECT_EQ(original->GetVTable()[0], copy->GetVTable()[0]) << "a field was added";
  EXPECT_EQ(to->attachments()->Get(0)->url()->str(), "u");
  const fb::Attachment& file = *to->attachments()->Get(0);
  EXPECT_EQ(file.bytes(), 9U);
  ASSERT_NE(file.sha256(), nullptr);
  EXPECT_EQ(bytes_of(file.sha256()).size(), 32U);
  EXPECT_EQ(file.sha256()->Get(31), 7);
  EXPECT_EQ(file.problem(), fb::AttachmentProblem::expired);
  EXPECT_EQ(file.kind(), fb::AttachmentKind::voice);
  EXPECT_EQ(to->platform_ms(), 123);
  EXPECT_EQ(to->bridge(), 7U);
  EXPECT_EQ(to->person(), 11U);
  EXPECT_EQ(to->entropy()->lo(), 6U);
  EXPECT_EQ(to->reply_to()->str(), "reply");
}

TEST(Decide, RejectionsAreRecordedUpToABound) {
  ConfigSpec config;
  config.default_dm_policy = fb::DmPolicy::disabled;
  World world(config);
  std::uint32_t recorded = 0;
  for (int i = 0; i < 200; ++i) {
    const Reply reply = world.message({});
    EXPECT_EQ(reply.code, ReplyCode::rejected);
    EXPECT_EQ(reply.reason, fb::RejectReason::disabled);
    recorded += static_cast<std::uint32_t>(world.decision.count());
  }
  EXPECT_EQ(recorded, limits::kRejectionsPerMinute);
  world.advance_ms(60'000);
  world.message({});
  EXPECT_EQ(world.decision.count(), 1U);
  EXPECT_EQ(count_state(world.state).principals, 0U) << "strangers leave no row";
}

TEST(Decide, ASessionsQueueIsBounded) {
  World world;
  for (std::uint32_t i = 0; i <= limits::kRunsPerSessionMax; ++i) {
    ASSERT_EQ(world.message({}).code, ReplyCode::accepted);
  }
  const Reply reply = world.message({});
  EXPECT_EQ(reply.code, ReplyCode::rejected);
  EXPECT_EQ(reply.reason, fb::RejectReason::queue_full);
  // All of them are more than one event can abort: the input as it came, then two that name them.
  EXPECT_EQ(world.abort(world.session(kAlice)).code, ReplyCode::accepted);
  EXPECT_EQ(world.kinds(), "RunAborted RunAborted RunAborted");
  EXPECT_EQ(count_state(world.state).runs_open, 0U);
}

TEST(Decide, IdsWithColonsNeverShareASessionOrAPerson) {
  World world;
  const Reply thread = world.message({.sender = "anna", .thread = "t1"});
  const Reply forged = world.message({.sender = "anna:thread:t1"});
  EXPECT_NE(thread.session, forged.session);
  EXPECT_NE(thread.principal, forged.principal);
  // Ids of some networks have colons; they stay as they are.
  const Reply matrix = world.message({.channel = "matrix", .sender = "@anna:example.org"});
  EXPECT_EQ(world.view(matrix.session).key, "agent:main:matrix:direct:@anna:example.org");
  const Reply one = world.message({.channel = "x", .account = "a:b", .sender = "c"});
  const Reply two = world.message({.channel = "x", .account = "a", .sender = "b:c"});
  EXPECT_NE(one.principal, two.principal);
}

TEST(Decide, DelayedRunsOfOneSenderAreBounded) {
  ConfigSpec config;
  config.per_minute = 1;
  config.burst = 1;
  World world(config);
  std::uint32_t accepted = 0;
  Reply reply{};
  for (int i = 0; i < 40; ++i) {
    reply = world.message({});
    accepted += reply.code == ReplyCode::accepted ? 1 : 0;
  }
  EXPECT_EQ(accepted, 1 + limits::kDelayedRunsPerPrincipalMax);
  EXPECT_EQ(reply.reason, fb::RejectReason::rate_limited);
  // One a minute gets its turn.
  world.finish(world.active(kAlice));
  EXPECT_EQ(world.state.next_deadline_ms(), world.now.logical_ms + 60'000);
}

TEST(Decide, FullTablesRefuseAndNothingElseHappens) {
  World world(ConfigSpec{.bindings = {{.agent = "none", .channel = "telegram"}}});
  for (std::uint32_t i = 0; i < limits::kSessionsMax; ++i) {
    world.message({.sender = "user" + std::to_string(i)});
  }
  EXPECT_EQ(count_state(world.state).sessions, limits::kSessionsMax);
  const Reply reply = world.message({.sender = "one more"});
  EXPECT_EQ(reply.code, ReplyCode::rejected);
  EXPECT_EQ(reply.reason, fb::RejectReason::table_full);
  EXPECT_EQ(world.message({.sender = "user5"}).code, ReplyCode::accepted);
  // The rows are given back when their time has come, a bounded number at a time.
  world.advance_ms(31ULL * 24 * 3600 * 1000);
  EXPECT_EQ(world.deadline().code, ReplyCode::accepted);
  EXPECT_EQ(world.decision.count(), 1 + limits::kDeadlinesPerTurnMax);
  EXPECT_EQ(world.message({.sender = "one more"}).code, ReplyCode::accepted);
}

TEST(Decide, DailyResetsFollowTheHostsClock) {
  ConfigSpec config;
  config.daily = true;
  config.at_hour = 4;
  World world(config);
  world.time_zone(120);
  // 2026-09-21T14:13:20Z is 16:13:20 at +02:00; the next 04:00 there is 02:00Z.
  world.finish(world.message({}).run);
  constexpr std::uint64_t kToBoundaryMs = (11ULL * 3600 + 46 * 60 + 40) * 1000;
  world.advance_ms(kToBoundaryMs - 1);
  world.finish(world.message({}).run);
  EXPECT_EQ(world.view(world.session(kAlice)).message_count, 4U);
  world.advance_ms(1);
  const Reply reply = world.message({});
  EXPECT_EQ(world.kinds(), "MessageReceived SessionReset RunQueued RunStarted");
  const SessionView view = world.view(world.session(kAlice));
  EXPECT_EQ(view.message_count, 1U);
  EXPECT_EQ(view.history_first, reply.seq);
  EXPECT_EQ(view.started_wall_ms, world.now.wall_ms);
}

}  // namespace
}  // namespace spine::core
