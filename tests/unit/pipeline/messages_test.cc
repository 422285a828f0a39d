// Messages: what is written is what is read.
#include "engine/pipeline/items/messages.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <gtest/gtest.h>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/unit/pipeline/no_wake.h"

namespace spine::pipeline {
namespace {

// Gives every field that it is called with another value, or compares each with those.
class Filler {
 public:
  template <class... Fields>
  void operator()(Fields&... fields) {
    (fill(fields), ...);
  }

 private:
  template <class Field>
  void fill(Field& field) {
    ++next_;
    if constexpr (std::is_same_v<Field, std::string_view>) {
      static std::deque<std::string> texts;
      field = texts.emplace_back("text " + std::to_string(next_));
    } else if constexpr (std::is_same_v<Field, Bits128>) {
      field = {next_, ~next_};
    } else if constexpr (std::is_same_v<Field, bool>) {
      field = true;
    } else {
      core::set_number(field, next_);
    }
  }
  std::uint64_t next_{};
};

template <class View, class Codec>
void visit_all(View& view, Codec& codec) {
  core::for_each_column(View::columns(),
                        [&](const auto& column) { codec(core::cell_of(column, view)); });
  if constexpr (requires { View::joined(view, codec); }) View::joined(view, codec);
}

// A copy of a row in which no two fields are alike.
template <class View>
View filled() {
  View view{};
  Filler filler;
  visit_all(view, filler);
  return view;
}

struct Collector {
  std::vector<std::string> cells{};
  template <class... Fields>
  void operator()(const Fields&... fields) {
    (collect(fields), ...);
  }
  template <class Field>
  void collect(const Field& field) {
    if constexpr (std::is_same_v<Field, std::string_view>) {
      cells.emplace_back(field);
    } else if constexpr (std::is_same_v<Field, Bits128>) {
      cells.push_back(std::to_string(field.hi) + " " + std::to_string(field.lo));
    } else {
      cells.push_back(std::to_string(core::number_of(field)));
    }
  }
};

template <class View>
void expect_same(View got, View want) {
  Collector one;
  Collector other;
  visit_all(got, one);
  visit_all(want, other);
  EXPECT_EQ(one.cells, other.cells);
}

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

  static core::SessionView session() { return filled<core::SessionView>(); }
  static void expect_session(const core::SessionView& got) { expect_same(got, session()); }

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
  const auto device = filled<core::DeviceView>();
  write(producer_, {}, 1, DevicesItem{.total = 9, .devices = {device, device}});
  DevicesItem got{};
  EXPECT_EQ(pass(got).kind, static_cast<std::uint16_t>(ItemKind::devices));
  EXPECT_EQ(got.total, 9U);
  ASSERT_EQ(got.devices.size(), 2U);
  expect_same(got.devices[1], device);
}

TEST_F(Messages, RequestsForPairingComeBackWhole) {
  const auto request = filled<core::PairingView>();
  write(producer_, {}, 1, PairingItem{.requests = {request}});
  PairingItem got{};
  pass(got);
  ASSERT_EQ(got.requests.size(), 1U);
  expect_same(got.requests[0], request);
}

TEST_F(Messages, APromptCarriesItsFiles) {
  const Digest256 sha256{std::byte{1}, std::byte{2}};
  write(producer_, PromptItem{.run = RunId{8},
                              .files = {{.name = "cat.jpg",
                                         .mime_type = "image/jpeg",
                                         .sha256 = sha256,
                                         .bytes = 1'234,
                                         .kind = fb::AttachmentKind::image},
                                        {.problem = fb::AttachmentProblem::too_large}},
                              .files_left_out = 3});
  PromptItem got{};
  pass(got);
  ASSERT_EQ(got.files.size(), 2U);
  EXPECT_EQ(got.files[0].name, "cat.jpg");
  EXPECT_EQ(got.files[0].mime_type, "image/jpeg");
  EXPECT_TRUE(std::ranges::equal(got.files[0].sha256, sha256));
  EXPECT_EQ(got.files[0].bytes, 1'234U);
  EXPECT_EQ(got.files[0].kind, fb::AttachmentKind::image);
  EXPECT_TRUE(got.files[1].sha256.empty());
  EXPECT_EQ(got.files[1].problem, fb::AttachmentProblem::too_large);
  EXPECT_EQ(got.files_left_out, 3U);
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
  TearDown();
  write(producer_,
        ReadUpToItem{.channel = "telegram", .account = "a", .identity = "7", .position = "8"});
  ReadUpToItem read_up_to{};
  EXPECT_EQ(pass(read_up_to).kind, static_cast<std::uint16_t>(ItemKind::read_up_to));
  EXPECT_EQ(read_up_to.channel, "telegram");
  EXPECT_EQ(read_up_to.account, "a");
  EXPECT_EQ(read_up_to.identity, "7");
  EXPECT_EQ(read_up_to.position, "8");
  TearDown();
  write(producer_, WorkItem{.run = RunId{8},
                            .attempt = 2,
                            .working = true,
                            .previewed = true,
                            .channel = "telegram",
                            .conversation_id = "7",
                            .thread = "9",
                            .reply_to = "m1",
                            .preview_id = "m2"});
  WorkItem work{};
  EXPECT_EQ(pass(work).kind, static_cast<std::uint16_t>(ItemKind::work));
  EXPECT_EQ(work.attempt, 2);
  EXPECT_TRUE(work.working && work.previewed);
  EXPECT_EQ(work.thread, "9");
  EXPECT_EQ(work.preview_id, "m2");
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
  const ListedRun waits{.run = {.id = RunId{8}, .key = "r-8", .agent_id = "main"},
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
  const auto approval = filled<core::ApprovalView>();
  write(producer_, ConnectionRef{1, 1}, 5, ApprovalsItem{.approvals = {approval, {}}});
  ApprovalsItem got{};
  EXPECT_EQ(pass(got).request, 5U);
  ASSERT_EQ(got.approvals.size(), 2U);
  expect_same(got.approvals[0], approval);
  EXPECT_EQ(got.approvals[1].code, "");
}

}  // namespace
}  // namespace spine::pipeline
