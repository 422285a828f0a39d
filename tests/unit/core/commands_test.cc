// Commands: what the gateway answers itself, however busy the session is.
#include "engine/core/messages/commands.h"

#include <gtest/gtest.h>

#include "engine/core/model/effects.h"
#include "engine/core/model/kinds.h"
#include "tests/unit/core/bodies.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

constexpr const char* kKey = "agent:main:telegram:direct:alice";

// What the last event, a CommandAnswered, says.
std::string answered(const World& world) {
  const EventView event = world.last();
  if (event.header.kind != static_cast<std::uint16_t>(fb::EventBody::CommandAnswered)) return "?";
  return flatbuffers::GetRoot<fb::CommandAnswered>(event.body.data())->text()->str();
}

std::string key_of(const World& world, RunId run) {
  RunView view{};
  return view_run(world.state, run, view) ? std::string{view.key} : std::string{};
}

MessageSpec in_group(const std::string& text, const std::string& sender = "bob") {
  return {.sender = sender,
          .conversation = fb::ConversationKind::group,
          .conversation_id = "g1",
          .text = text};
}

TEST(Commands, AreWholeTextsInAnyCase) {
  for (const std::string_view text : {"/stop", "/STOP", " \t/Stop\r\n"}) {
    ASSERT_NE(find_command(text), nullptr) << text;
    EXPECT_EQ(find_command(text)->name, "stop");
  }
  for (const std::string_view text : {"", " ", "/", "//stop", "stop", "/stop now", "/sto", "/stopp",
                                      "please /stop", "/ stop", "/stop\nor go on"}) {
    EXPECT_EQ(find_command(text), nullptr) << text;
  }
}

TEST(Commands, AreInOrderOfTheirNames) {
  EXPECT_TRUE(std::ranges::is_sorted(commands(), {}, &Command::name));
}

TEST(Commands, StopEndsWhatRunsAndWhatWaits) {
  World world;
  const RunId one = world.message({.text = "one"}).run;
  const std::string key = key_of(world, one);
  world.message({.text = "two"});
  world.message({.text = "three"});
  const Reply reply = world.message({.text = "/stop"});
  EXPECT_EQ(reply.code, ReplyCode::accepted);
  EXPECT_EQ(reply.run, RunId{});
  EXPECT_EQ(show_drafts(world), "MessageReceived RunAborted(one,two,three) CommandAnswered");
  EXPECT_EQ(answered(world), "Stopped run " + key + ", and 2 messages that waited.");
  const auto& aborted = *flatbuffers::GetRoot<fb::RunAborted>(world.last(1).body.data());
  EXPECT_EQ(aborted.reason(), fb::AbortReason::command);
  for (const std::size_t back : {0U, 1U}) {
    EXPECT_EQ(world.last(back).header.cause, reply.seq.value);
    EXPECT_EQ(world.last(back).header.correlation, reply.seq.value);
    EXPECT_EQ(world.last(back).header.session, reply.session.value);
  }
  EXPECT_EQ(world.active(kKey), RunId{});
  EXPECT_EQ(world.view(world.session(kKey)).runs_waiting, 0U);
  world.message({.text = "/stop"});
  EXPECT_EQ(show_drafts(world), "MessageReceived CommandAnswered");
  EXPECT_EQ(answered(world), "There was nothing to stop.");
  world.message({.text = "four"});
  EXPECT_NE(world.active(kKey), RunId{});
}

TEST(Commands, StatusTellsOfTheRunAndStartsNone) {
  World world;
  const RunId one = world.message({.text = "one"}).run;
  world.message({.text = "two"});
  world.advance_ms(725'900);
  EXPECT_EQ(world.message({.text = "/status"}).run, RunId{});
  EXPECT_EQ(show_drafts(world), "MessageReceived CommandAnswered");
  EXPECT_EQ(answered(world), std::string{"Session "} + kKey +
                                 ", agent main.\nWorking for 12 min 5 s on run " +
                                 key_of(world, one) + ".\n1 message waits.");
  EXPECT_EQ(world.active(kKey), one);
  world.interrupt(one, fb::InterruptReason::agent_crash);
  world.ask(one, "bash");
  world.now.wall_ms -= 86'400'000;  // the clock was set back
  world.message({.text = "/status"});
  EXPECT_EQ(answered(world), std::string{"Session "} + kKey +
                                 ", agent main.\nWorking for 0 s on run " + key_of(world, one) +
                                 " (attempt 2). It waits for 1 answer (spine approvals list).\n"
                                 "1 message waits.");
}

TEST(Commands, AreAnsweredInSessionsThatTheyOpen) {
  World world;
  world.message({.text = "/status"});
  EXPECT_EQ(show_drafts(world), std::string{"MessageReceived PrincipalAdded SessionOpened("} +
                                    kKey + ") CommandAnswered");
  EXPECT_EQ(answered(world),
            std::string{"Session "} + kKey + ", agent main.\nNothing is being worked on.");
  EXPECT_EQ(world.view(world.session(kKey)).message_count, 2U);
  world.message({.sender = "carol", .text = "/stop"});
  EXPECT_EQ(answered(world), "There was nothing to stop.");
}

TEST(Commands, StandInTheHistoryAndAreTold) {
  World world;
  world.message({.text = "one"});
  const SessionId session = world.session(kKey);
  const std::uint64_t before = world.view(session).message_count;
  const Reply reply = world.message({.text = "/status"});
  EXPECT_EQ(world.view(session).message_count, before + 2);
  EXPECT_EQ(world.view(session).history_last, next(reply.seq));
  EXPECT_EQ(world.last().header.session, session.value);
  EXPECT_EQ(kind_of(world.last().header.kind).told, Told::run_watchers);
}

// As with resets: what anybody may say ends no work on words that are trusted.
TEST(Commands, WordsOfAGroupEndNoTrustedWork) {
  World world({.group_scope_main = true, .admins = {"telegram:anna"}});
  world.message(in_group("one", "anna"));
  const RunId run = world.active("agent:main:main");
  ASSERT_NE(run, RunId{});
  world.message(in_group("/stop"));
  EXPECT_EQ(world.kinds(), "MessageReceived PrincipalAdded CommandAnswered");
  EXPECT_NE(answered(world).find("Not stopped"), std::string::npos);
  EXPECT_EQ(world.active("agent:main:main"), run);
  world.message(in_group("/status"));
  EXPECT_NE(answered(world).find("Working for"), std::string::npos);
  world.message(in_group("/stop", "anna"));
  EXPECT_EQ(world.active("agent:main:main"), RunId{});
  // Its own work a group ends.
  world.message(in_group("two"));
  ASSERT_NE(world.active("agent:main:main"), RunId{});
  world.message(in_group("/stop", "carol"));
  EXPECT_EQ(world.active("agent:main:main"), RunId{});
}

TEST(Commands, AreForPeople) {
  World world;
  world.message({.text = "one"});
  world.message({.text = "/stop", .untrusted = true});
  EXPECT_EQ(show_drafts(world), "MessageReceived RunQueued(/stop)");
  world.message({.via = fb::MessageVia::system, .text = "/stop", .session_key = kKey});
  EXPECT_EQ(show_drafts(world), "MessageReceived RunQueued(/stop)");
  // What starts no run asks for nothing either.
  world.message({.text = "/stop", .no_run = true});
  EXPECT_EQ(show_drafts(world), "MessageReceived");
}

TEST(Commands, DoNotWaitForTheRate) {
  World world({.per_minute = 1, .burst = 1});
  world.message({.text = "one"});
  world.message({.text = "two"});
  EXPECT_EQ(world.message({.text = "/stop"}).code, ReplyCode::accepted);
  EXPECT_EQ(world.active(kKey), RunId{});
}

TEST(Commands, SaidAgainUnderTheSameKeyAreNotDoneAgain) {
  World world;
  world.connect("token");
  world.chat("main", "one");
  const Reply first = world.chat("main", "/stop", "k1");
  EXPECT_EQ(world.kinds(), "MessageReceived RunAborted CommandAnswered");
  world.chat("main", "two");
  const Reply again = world.chat("main", "/stop", "k1");
  EXPECT_EQ(again.code, ReplyCode::done);
  EXPECT_EQ(again.seq, first.seq);
  EXPECT_NE(world.active("agent:main:main"), RunId{});
}

// A word that the configuration makes a fresh start is one.
TEST(Commands, YieldToResetTriggers) {
  World world({.triggers = {"/stop"}});
  world.message({.text = "one"});
  world.message({.text = "/stop"});
  EXPECT_EQ(show_drafts(world), "MessageReceived SessionReset(manual) RunAborted(one)");
}

TEST(Commands, AreAnsweredInTheWordsOfTheConfiguration) {
  ConfigSpec config;
  config.phrases = {{"stopRunAndOne", "{run} weg, und eine Nachricht"},
                    {"stopNothing", "Nichts {da}"},
                    {"statusSession", "{agent}: {session}"},
                    {"ofANewerVersion", "?"}};
  World world(config);
  const RunId one = world.message({.text = "one"}).run;
  const std::string key = key_of(world, one);
  world.message({.text = "two"});
  world.message({.text = "/stop"});
  EXPECT_EQ(answered(world), key + " weg, und eine Nachricht");
  world.message({.text = "/stop"});
  EXPECT_EQ(answered(world), "Nichts {da}");
  world.message({.text = "/status"});
  EXPECT_EQ(answered(world), "main: " + std::string(kKey) + "\nNothing is being worked on.");
  // What was said stays as it was said; what holds from now on is the newest configuration.
  world.configure({});
  world.message({.text = "/stop"});
  EXPECT_EQ(answered(world), "There was nothing to stop.");
}

}  // namespace
}  // namespace spine::core
