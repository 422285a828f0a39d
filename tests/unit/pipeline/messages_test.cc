// Messages: what is written is what is read.
#include "engine/pipeline/messages.h"

#include <cstring>
#include <gtest/gtest.h>
#include <string>

#include "tests/unit/pipeline/no_wake.h"

namespace spine::pipeline {
namespace {

// One item through an outbox and back.
class Messages : public ::testing::Test {
 protected:
  template <class Item>
  OutHeader pass(Item& into) {
    producer_.flush();
    OutHeader seen{};
    block_ = outbox_.poll();
    EXPECT_NE(block_, nullptr);
    block_->for_each([&](const OutHeader& header, ByteSpan payload) {
      seen = header;
      read(payload, into);
    });
    return seen;
  }
  void TearDown() override {
    if (block_ != nullptr) outbox_.release(block_);
  }

  static core::SessionView session() {
    return {.id = SessionId{7},
            .key = "agent:main:telegram:direct:42",
            .agent_id = "main",
            .channel = "telegram",
            .display_name = "Ann \xC3\xA9",
            .label = "mine",
            .thinking_level = "high",
            .model = "echo/one",
            .active_run_key = "",
            .agent_session = "conversation-1",
            .conversation = fb::ConversationKind::group,
            .uuid = {1, 2},
            .started_wall_ms = -5,
            .updated_wall_ms = 99,
            .history_first = Seq{3},
            .history_last = Seq{9},
            .message_count = 4,
            .active_run = RunId{8},
            .runs_waiting = 2,
            .marks = 5};
  }
  static void expect_session(const core::SessionView& got) {
    const core::SessionView want = session();
    EXPECT_EQ(got.id, want.id);
    EXPECT_EQ(got.key, want.key);
    EXPECT_EQ(got.display_name, want.display_name);
    EXPECT_EQ(got.active_run_key, want.active_run_key);
    EXPECT_EQ(got.conversation, want.conversation);
    EXPECT_EQ(got.uuid, want.uuid);
    EXPECT_EQ(got.started_wall_ms, want.started_wall_ms);
    EXPECT_EQ(got.history_last, want.history_last);
    EXPECT_EQ(got.message_count, want.message_count);
    EXPECT_EQ(got.runs_waiting, want.runs_waiting);
    EXPECT_EQ(got.label, want.label);
    EXPECT_EQ(got.thinking_level, want.thinking_level);
    EXPECT_EQ(got.model, want.model);
    EXPECT_EQ(got.agent_session, want.agent_session);
    EXPECT_EQ(got.marks, want.marks);
  }

  Outbox outbox_{&no_wake, nullptr};
  OutboxProducer& producer_{outbox_.add_producer()};
  OutBlock* block_{};
};

TEST_F(Messages, AReplyKeepsItsAddressAndTexts) {
  ReplyItem item{};
  item.reply.code = core::ReplyCode::rate_limited;
  item.reply.retry_after_ms = 1234;
  item.reply.seq = Seq{5};
  item.session_key = "agent:main:main";
  item.reply.pairing = Seq{8};
  item.reply.pairing_new = true;
  item.pairing_code = "ABCD2345";
  item.pairing_expires_wall_ms = 4'000;
  item.behind_run_key = "r-1";
  item.behind_started_wall_ms = 9;
  item.command = "status";
  item.command_answer = "Nothing is being worked on.";
  write(producer_, ConnectionRef{3, 4}, 77, item);
  ReplyItem got{};
  const OutHeader header = pass(got);
  EXPECT_EQ(header.kind, static_cast<std::uint16_t>(ItemKind::reply));
  EXPECT_EQ(header.connection, (ConnectionRef{3, 4}));
  EXPECT_EQ(header.request, 77U);
  EXPECT_EQ(got.reply.code, core::ReplyCode::rate_limited);
  EXPECT_EQ(got.reply.retry_after_ms, 1234U);
  EXPECT_EQ(got.session_key, "agent:main:main");
  EXPECT_EQ(got.run_key, "");
  EXPECT_EQ(got.reply.pairing, Seq{8});
  EXPECT_TRUE(got.reply.pairing_new);
  EXPECT_EQ(got.pairing_code, "ABCD2345");
  EXPECT_EQ(got.pairing_expires_wall_ms, 4'000);
  EXPECT_EQ(got.behind_run_key, "r-1");
  EXPECT_EQ(got.behind_started_wall_ms, 9);
  EXPECT_EQ(got.command, "status");
  EXPECT_EQ(got.command_answer, "Nothing is being worked on.");
}

TEST_F(Messages, AnEventKeepsItsBodyAlignedAndItsSession) {
  const std::string body = "thirteen byte";
  EventItem item{};
  item.event.seq = Seq{42};
  item.event.header.kind = 40;
  item.event.header.cause = 41;
  item.event.body = as_bytes(body);
  item.has_session = true;
  item.session = session();
  write(producer_, item);
  EventItem got{};
  pass(got);
  EXPECT_EQ(got.event.seq, Seq{42});
  EXPECT_EQ(got.event.header.cause, 41U);
  EXPECT_EQ(as_text(got.event.body), body);
  EXPECT_TRUE(is_aligned8(got.event.body.data()));
  ASSERT_TRUE(got.has_session);
  expect_session(got.session);
  EXPECT_FALSE(got.has_run);
}

TEST_F(Messages, AHistoryKeepsEveryEventInOrder) {
  HistoryItem item{};
  item.found = true;
  item.more = true;
  item.session = session();
  const std::string bodies[] = {"", "a", "12345678", "123456789"};
  for (std::uint64_t i = 0; i < 4; ++i) {
    EventView event{};
    event.seq = Seq{i + 1};
    event.body = as_bytes(bodies[i]);
    item.events.push_back(event);
  }
  write(producer_, {}, 1, item);
  HistoryItem got{};
  pass(got);
  EXPECT_TRUE(got.found);
  EXPECT_TRUE(got.more);
  expect_session(got.session);
  ASSERT_EQ(got.events.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(got.events[i].seq, Seq{i + 1});
    EXPECT_EQ(as_text(got.events[i].body), bodies[i]);
  }
}

TEST_F(Messages, APageOfSessionsComesBackWhole) {
  SessionsItem sessions{};
  sessions.total = 12;
  sessions.sessions = {session(), session()};
  write(producer_, {}, 1, sessions);
  SessionsItem got{};
  pass(got);
  EXPECT_EQ(got.total, 12U);
  ASSERT_EQ(got.sessions.size(), 2U);
  expect_session(got.sessions[1]);
}

TEST_F(Messages, APageOfDevicesComesBackWhole) {
  const std::string key(32, '\1');
  core::DeviceView device{.device_id = "d1",
                          .label = "phone",
                          .role = "operator",
                          .scopes = "a,b",
                          .client_id = "cli",
                          .client_mode = "ui",
                          .platform = "linux",
                          .device_family = "desk",
                          .address = "10.0.0.7",
                          .public_key = as_bytes(key),
                          .token_hash = {},
                          .via = fb::ApprovedVia::control_socket,
                          .approved_wall_ms = 11,
                          .last_seen_wall_ms = -12,
                          .paired = Seq{13}};
  DevicesItem devices{};
  devices.total = 9;
  devices.devices = {device, device};
  write(producer_, {}, 1, devices);
  DevicesItem got{};
  EXPECT_EQ(pass(got).kind, static_cast<std::uint16_t>(ItemKind::devices));
  EXPECT_EQ(got.total, 9U);
  ASSERT_EQ(got.devices.size(), 2U);
  const core::DeviceView& view = got.devices[1];
  EXPECT_EQ(view.device_id, "d1");
  EXPECT_EQ(view.label, "phone");
  EXPECT_EQ(view.role, "operator");
  EXPECT_EQ(view.scopes, "a,b");
  EXPECT_EQ(view.client_id, "cli");
  EXPECT_EQ(view.client_mode, "ui");
  EXPECT_EQ(view.platform, "linux");
  EXPECT_EQ(view.device_family, "desk");
  EXPECT_EQ(view.address, "10.0.0.7");
  EXPECT_EQ(as_text(view.public_key), key);
  EXPECT_TRUE(view.token_hash.empty());
  EXPECT_EQ(view.via, fb::ApprovedVia::control_socket);
  EXPECT_EQ(view.approved_wall_ms, 11);
  EXPECT_EQ(view.last_seen_wall_ms, -12);
  EXPECT_EQ(view.paired, Seq{13});
}

TEST_F(Messages, RequestsForPairingComeBackWhole) {
  PairingItem item{};
  item.requests.push_back({.request = Seq{3},
                           .channel = "discord",
                           .account = "bot",
                           .sender_id = "42",
                           .sender_name = "Ann",
                           .code = "ABCD2345",
                           .created_wall_ms = 5,
                           .expires_wall_ms = 6});
  write(producer_, {}, 1, item);
  PairingItem got{};
  EXPECT_EQ(pass(got).kind, static_cast<std::uint16_t>(ItemKind::pairing));
  ASSERT_EQ(got.requests.size(), 1U);
  const core::PairingView& view = got.requests[0];
  EXPECT_EQ(view.request, Seq{3});
  EXPECT_EQ(view.channel, "discord");
  EXPECT_EQ(view.account, "bot");
  EXPECT_EQ(view.sender_id, "42");
  EXPECT_EQ(view.sender_name, "Ann");
  EXPECT_EQ(view.code, "ABCD2345");
  EXPECT_EQ(view.created_wall_ms, 5);
  EXPECT_EQ(view.expires_wall_ms, 6);
}

TEST_F(Messages, APromptCarriesItsTextAndEffectId) {
  write(producer_, PromptItem{.effect = {Seq{9}, 0},
                              .run = RunId{8},
                              .session = SessionId{7},
                              .session_uuid = {5, 6},
                              .attempt = 65'535,
                              .trust = fb::Trust::untrusted,
                              .run_key = "key",
                              .session_key = "agent:main:main",
                              .agent_id = "main",
                              .agent_session = "conversation-1",
                              .model = "echo/one",
                              .thinking_level = "high",
                              .text = "what time is it"});
  PromptItem got{};
  pass(got);
  EXPECT_EQ(got.effect, (EffectId{Seq{9}, 0}));
  EXPECT_EQ(got.run, RunId{8});
  EXPECT_EQ(got.session, SessionId{7});
  EXPECT_EQ(got.session_uuid, (Bits128{5, 6}));
  EXPECT_EQ(got.attempt, 65'535);
  EXPECT_EQ(got.trust, fb::Trust::untrusted);
  EXPECT_EQ(got.run_key, "key");
  EXPECT_EQ(got.session_key, "agent:main:main");
  EXPECT_EQ(got.agent_id, "main");
  EXPECT_EQ(got.agent_session, "conversation-1");
  EXPECT_EQ(got.model, "echo/one");
  EXPECT_EQ(got.thinking_level, "high");
  EXPECT_EQ(got.text, "what time is it");
}

TEST_F(Messages, ASteeredMessageAndAnAnswerAndAControlComeThrough) {
  write(producer_, SteerItem{.run = RunId{8}, .into = RunId{7}, .agent_id = "a", .text = "words"});
  SteerItem steer{};
  EXPECT_EQ(pass(steer).kind, static_cast<std::uint16_t>(ItemKind::steer));
  EXPECT_EQ(steer.run, RunId{8});
  EXPECT_EQ(steer.into, RunId{7});
  EXPECT_EQ(steer.agent_id, "a");
  EXPECT_EQ(steer.text, "words");
  TearDown();
  write(producer_,
        AnswerItem{.run = RunId{8}, .ask = 5, .decision = fb::ApprovalDecision::expired});
  AnswerItem answer{};
  EXPECT_EQ(pass(answer).kind, static_cast<std::uint16_t>(ItemKind::answer));
  EXPECT_EQ(answer.run, RunId{8});
  EXPECT_EQ(answer.ask, 5U);
  EXPECT_EQ(answer.decision, fb::ApprovalDecision::expired);
  TearDown();
  write(producer_, ControlItem{.what = ControlKind::reset, .agent_id = "pi"});
  ControlItem control{};
  EXPECT_EQ(pass(control).kind, static_cast<std::uint16_t>(ItemKind::control));
  EXPECT_EQ(control.what, ControlKind::reset);
  EXPECT_EQ(control.agent_id, "pi");
}

TEST_F(Messages, AnEventSaysWhichAttemptAndWhatWasAsked) {
  EventItem item{};
  item.has_run = true;
  item.run = {.id = RunId{8}, .attempt = 3, .trust = fb::Trust::untrusted};
  item.has_approval = true;
  item.approval.request = Seq{4};
  item.approval.tool = "bash";
  item.message_key = "k-1";
  item.part = 2;
  write(producer_, item);
  EventItem got{};
  pass(got);
  EXPECT_EQ(got.run.attempt, 3);
  EXPECT_EQ(got.run.trust, fb::Trust::untrusted);
  ASSERT_TRUE(got.has_approval);
  EXPECT_EQ(got.approval.request, Seq{4});
  EXPECT_EQ(got.approval.tool, "bash");
  EXPECT_EQ(got.message_key, "k-1");
  EXPECT_EQ(got.part, 2U);
}

TEST_F(Messages, OpenRunsComeBackWhole) {
  const OpenRun waits{.run = {.id = RunId{8}, .key = "r-8", .agent_id = "main"},
                      .session_key = "agent:main:main",
                      .queued_wall_ms = 12,
                      .behind_run_key = "r-7"};
  write(producer_, ConnectionRef{1, 1}, 5, RunsItem{.total = 9, .runs = {waits, {}}});
  RunsItem got{};
  EXPECT_EQ(pass(got).kind, static_cast<std::uint16_t>(ItemKind::runs));
  EXPECT_EQ(got.total, 9U);
  ASSERT_EQ(got.runs.size(), 2U);
  EXPECT_EQ(got.runs[0].run.id, RunId{8});
  EXPECT_EQ(got.runs[0].run.key, "r-8");
  EXPECT_EQ(got.runs[0].session_key, "agent:main:main");
  EXPECT_EQ(got.runs[0].queued_wall_ms, 12);
  EXPECT_EQ(got.runs[0].behind_run_key, "r-7");
  EXPECT_EQ(got.runs[1].session_key, "");
}

TEST_F(Messages, ApprovalsComeThroughWithEveryText) {
  const core::ApprovalView approval{.request = Seq{3},
                                    .uuid = {1, 2},
                                    .kind = fb::ApprovalKind::plugin,
                                    .options = 7,
                                    .run = RunId{8},
                                    .session = SessionId{7},
                                    .run_key = "run",
                                    .session_key = "session",
                                    .agent_id = "agent",
                                    .tool = "tool",
                                    .title = "title",
                                    .detail = "detail",
                                    .cwd = "cwd",
                                    .code = "ABCD2345",
                                    .created_wall_ms = -1,
                                    .expires_wall_ms = 9};
  write(producer_, ConnectionRef{1, 1}, 5, ApprovalsItem{.approvals = {approval, {}}});
  ApprovalsItem got{};
  EXPECT_EQ(pass(got).request, 5U);
  ASSERT_EQ(got.approvals.size(), 2U);
  const core::ApprovalView& one = got.approvals[0];
  EXPECT_EQ(one.request, Seq{3});
  EXPECT_EQ(one.uuid, (Bits128{1, 2}));
  EXPECT_EQ(one.kind, fb::ApprovalKind::plugin);
  EXPECT_EQ(one.options, 7U);
  EXPECT_EQ(one.run, RunId{8});
  EXPECT_EQ(one.session, SessionId{7});
  EXPECT_EQ(one.run_key, "run");
  EXPECT_EQ(one.session_key, "session");
  EXPECT_EQ(one.agent_id, "agent");
  EXPECT_EQ(one.tool, "tool");
  EXPECT_EQ(one.title, "title");
  EXPECT_EQ(one.detail, "detail");
  EXPECT_EQ(one.cwd, "cwd");
  EXPECT_EQ(one.code, "ABCD2345");
  EXPECT_EQ(one.created_wall_ms, -1);
  EXPECT_EQ(one.expires_wall_ms, 9);
  EXPECT_EQ(got.approvals[1].code, "");
}

}  // namespace
}  // namespace spine::pipeline
