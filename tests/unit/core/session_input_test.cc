// What clients do to sessions: open one, give it a label, mark it; and what the system tells one.
#include <gtest/gtest.h>

#include "engine/core/model/effects.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

class SessionInputs : public ::testing::Test {
 protected:
  SessionInputs() { world.connect("token"); }
  World world{};
};

TEST_F(SessionInputs, AnOpenedSessionIsThereAndOpenedOnceOnly) {
  const Reply reply = world.open_session({.key = "agent:work:Board", .agent = "work"});
  EXPECT_EQ(reply.code, ReplyCode::accepted);
  EXPECT_EQ(reply.session.value, reply.seq.value);
  EXPECT_EQ(world.kinds(), "SessionOpened");
  EXPECT_EQ(world.last().header.session, reply.session.value);
  const SessionView view = world.view(reply.session);
  EXPECT_EQ(view.key, "agent:work:board") << "keys are lower case";
  EXPECT_EQ(view.agent_id, "work");
  EXPECT_EQ(view.uuid, (Bits128{.hi = 5, .lo = 6}));
  EXPECT_EQ(view.message_count, 0U) << "no message opened it";
  EXPECT_EQ(view.started_wall_ms, world.now.wall_ms);

  const Reply again = world.open_session({.key = "AGENT:work:board"});
  EXPECT_EQ(again.code, ReplyCode::done);
  EXPECT_EQ(again.session, reply.session);
  EXPECT_TRUE(world.kinds().empty());
}

TEST_F(SessionInputs, AShortKeyBelongsToTheAgentNamedOrTheDefault) {
  world.open_session({.key = "notes", .agent = "work"});
  EXPECT_TRUE(world.session("agent:work:notes"));
  world.open_session({.key = "notes"});
  EXPECT_TRUE(world.session("agent:main:notes"));
}

TEST_F(SessionInputs, WhatCannotBeOpenedIsRefused) {
  const Reply unknown = world.open_session({.key = "agent:nobody:x"});
  EXPECT_EQ(unknown.code, ReplyCode::rejected);
  EXPECT_EQ(unknown.reason, fb::RejectReason::unknown_agent);
  EXPECT_EQ(world.open_session({.key = "x", .uuid = {}}).code, ReplyCode::rejected);
  world.open_session({.key = "a", .label = "mine"});
  EXPECT_EQ(world.open_session({.key = "b", .label = "mine"}).code, ReplyCode::label_taken);
  EXPECT_FALSE(world.session("agent:main:b"));
}

TEST_F(SessionInputs, TheInputOfAnOpenedSessionDecidesTheSameAgain) {
  World before;
  before.connect("token");
  world.open_session({.key = "Notes", .label = "mine"});
  Input input{};
  flatbuffers::FlatBufferBuilder scratch;
  ASSERT_TRUE(input_of(world.last(), input, scratch));
  EXPECT_EQ(input.session, SessionId{});
  Decision again;
  decide(before.state, input, again);
  ASSERT_EQ(again.count(), 1U);
  EXPECT_EQ(again.drafts()[0].header.session, world.last().header.session);
  EXPECT_EQ(as_text(again.drafts()[0].body),
            as_text(world.last().body).substr(0, again.drafts()[0].body.size()));
}

TEST_F(SessionInputs, APatchChangesWhatItNamesAndNothingElse) {
  const SessionId session = world.open_session({.key = "a", .label = "first"}).session;
  EXPECT_EQ(
      world
          .patch_session(
              session,
              {.thinking_level = "high", .model = "echo/one", .archived = true, .unread = true})
          .code,
      ReplyCode::accepted);
  SessionView view = world.view(session);
  EXPECT_EQ(view.label, "first");
  EXPECT_EQ(view.thinking_level, "high");
  EXPECT_EQ(view.model, "echo/one");
  EXPECT_EQ(view.marks, static_cast<std::uint32_t>(fb::SessionMark::archived) |
                            static_cast<std::uint32_t>(fb::SessionMark::unread));
  world.patch_session(session, {.label = "", .archived = false, .pinned = true});
  view = world.view(session);
  EXPECT_EQ(view.label, "");
  EXPECT_EQ(view.model, "echo/one");
  EXPECT_EQ(view.marks, static_cast<std::uint32_t>(fb::SessionMark::pinned) |
                            static_cast<std::uint32_t>(fb::SessionMark::unread));
  EXPECT_EQ(world.last().header.session, session.value);
  EXPECT_EQ(world.patch_session(session, {}).code, ReplyCode::nothing_to_do);
  EXPECT_EQ(world.patch_session(SessionId{9'999}, {.label = "x"}).code, ReplyCode::not_found);
}

TEST_F(SessionInputs, LabelsAreUniqueAmongOpenSessions) {
  const SessionId a = world.open_session({.key = "a", .label = "one"}).session;
  const SessionId b = world.open_session({.key = "b"}).session;
  EXPECT_EQ(find_session_label(world.state, "one"), a);
  EXPECT_EQ(find_session_label(world.state, "One"), SessionId{}) << "exact";
  EXPECT_EQ(find_session_label(world.state, ""), SessionId{});
  EXPECT_EQ(world.patch_session(b, {.label = "one"}).code, ReplyCode::label_taken);
  EXPECT_EQ(world.patch_session(a, {.label = "one"}).code, ReplyCode::accepted) << "its own";
  EXPECT_EQ(world.patch_session(b, {.label = ""}).code, ReplyCode::accepted);
  world.close(a);
  EXPECT_EQ(find_session_label(world.state, "one"), SessionId{});
  EXPECT_EQ(world.patch_session(b, {.label = "one"}).code, ReplyCode::accepted);
  EXPECT_EQ(find_session_label(world.state, "one"), b);
  world.patch_session(b, {.label = "two"});
  EXPECT_EQ(find_session_label(world.state, "one"), SessionId{});
}

TEST_F(SessionInputs, ALongLabelIsCutBetweenCharacters) {
  std::string label(255, 'x');
  label += "\xC3\xA9 and more";  // its first byte would be the last that fits
  const SessionId a = world.open_session({.key = "a", .label = label}).session;
  EXPECT_EQ(world.view(a).label, std::string(255, 'x'));
  EXPECT_EQ(world.open_session({.key = "b", .label = label}).code, ReplyCode::label_taken);
}

TEST_F(SessionInputs, SessionsAreFoundByTheStartOfTheirUuid) {
  const SessionId a =
      world.open_session({.key = "a", .uuid = {.hi = 0x0123456789abcdefULL, .lo = 1}}).session;
  const SessionId b =
      world.open_session({.key = "b", .uuid = {.hi = 0x0123456799abcdefULL, .lo = 2}}).session;
  const auto found = [&](std::string_view text) {
    std::vector<SessionId> ids;
    find_session_uuid(world.state, text, 2, ids);
    return ids;
  };
  EXPECT_EQ(found("01234567-89ab-cdef-0000-000000000001"), std::vector{a});
  EXPECT_EQ(found("01234567-89ab-cdef-0000-000000000002"), std::vector<SessionId>{});
  EXPECT_EQ(found("01234567-89A"), std::vector{a});
  EXPECT_EQ(found("012345679"), std::vector{b});
  EXPECT_EQ(found("01234567"), (std::vector{a, b})) << "ambiguous";
  EXPECT_EQ(found("0123456"), std::vector<SessionId>{}) << "too short";
  EXPECT_EQ(found("0123456g"), std::vector<SessionId>{});
  EXPECT_EQ(found("01234567-89ab-cdef-0000-0000000000011"), std::vector<SessionId>{});
}

MessageSpec system_event(const std::string& text, bool no_run) {
  return {.via = fb::MessageVia::system,
          .channel = "system",
          .account = {},
          .sender = {},
          .text = text,
          .no_run = no_run};
}

TEST_F(SessionInputs, ASystemMessageGoesToTheMainSessionAndMayStartNoRun) {
  const Reply quiet = world.message(system_event("it rains", true));
  EXPECT_EQ(quiet.code, ReplyCode::accepted);
  EXPECT_FALSE(quiet.run);
  EXPECT_EQ(world.kinds(), "MessageReceived SessionOpened");
  EXPECT_EQ(world.view(quiet.session).key, "agent:main:main");
  const Reply loud = world.message(system_event("it pours", false));
  EXPECT_TRUE(loud.run);
  EXPECT_EQ(loud.session, quiet.session);
  EXPECT_EQ(world.view(quiet.session).message_count, 2U);
  world.message(system_event("/new", false));
  EXPECT_EQ(world.kinds(), "MessageReceived RunQueued") << "what no person says is no command";
  MessageSpec named = system_event("wake up", false);
  named.agent_id = "work";
  EXPECT_EQ(world.view(world.message(named).session).key, "agent:work:main");
}

}  // namespace
}  // namespace spine::core
