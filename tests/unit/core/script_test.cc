// The state machine as scripts: one input a line, behind the bar what the decision comes to.
#include <gtest/gtest.h>
#include <map>
#include <sstream>

#include "engine/core/model/digest.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

// "name=value" words of a line; the first word without "=" and those after it are the text.
struct Line {
  std::string verb{};
  std::map<std::string, std::string> options{};
  std::string text{};
  std::string expected{};
};

std::string trim(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Line parse(const std::string& source) {
  Line line;
  const std::size_t bar = source.find('|');
  line.expected = trim(source.substr(bar + 1));
  std::istringstream words(source.substr(0, bar));
  words >> line.verb;
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos && line.text.empty()) {
      line.options[word.substr(0, equals)] = word.substr(equals + 1);
    } else {
      line.text += (line.text.empty() ? "" : " ") + word;
    }
  }
  return line;
}

class Script {
 public:
  explicit Script(const ConfigSpec& config = {}) : world(config) { world.connect("token"); }

  void run(const std::string& source) {
    std::istringstream lines(source);
    for (std::string text; std::getline(lines, text);) {
      if (trim(text).empty()) continue;
      const Line line = parse(text);
      const Reply reply = act(line);
      std::string got = show_reply(reply);
      if (reply.retry_after_ms != 0) got += " in " + std::to_string(reply.retry_after_ms);
      if (const std::string drafts = show_drafts(world); !drafts.empty()) got += ": " + drafts;
      EXPECT_EQ(got, line.expected) << text;
    }
    EXPECT_EQ(digest(world.state).total, digest(fold(world.journal, world.journal.size())).total);
  }

  World world;

 private:
  std::string option(const Line& line, const std::string& name, const std::string& otherwise = {}) {
    const auto found = line.options.find(name);
    return found == line.options.end() ? otherwise : found->second;
  }

  MessageSpec channel_message(const Line& line) {
    MessageSpec spec;
    spec.sender = option(line, "from", "alice");
    spec.channel = option(line, "channel", "telegram");
    spec.account = option(line, "account", "bot");
    spec.external_id = option(line, "id");
    spec.thread = option(line, "thread");
    spec.idempotency_key = option(line, "idem");
    spec.text = line.text;
    if (line.options.count("group") != 0) {
      spec.conversation = fb::ConversationKind::group;
      spec.conversation_id = line.options.at("group");
    }
    if (line.options.count("room") != 0) {
      spec.conversation = fb::ConversationKind::channel;
      spec.conversation_id = line.options.at("room");
    }
    return spec;
  }

  Reply act(const Line& line) {
    world.advance_ms(std::stoull(option(line, "after", "0")));
    const SessionId session = world.session(option(line, "session", kAlice));
    if (line.verb == "channel") return world.message(channel_message(line));
    if (line.verb == "chat") {
      return world.chat(option(line, "session", "main"), line.text, option(line, "idem"));
    }
    if (line.verb == "agent") {
      MessageSpec spec{.via = fb::MessageVia::agent, .sender = {}, .text = line.text};
      spec.agent_id = option(line, "agent");
      return world.message(spec);
    }
    if (line.verb == "finish") return world.finish(world.view(session).active_run);
    if (line.verb == "fail") return world.fail(world.view(session).active_run);
    if (line.verb == "abort") return world.abort(session);
    if (line.verb == "reset") return world.reset(session);
    if (line.verb == "close") return world.close(session);
    if (line.verb == "deadline") return world.deadline();
    ADD_FAILURE() << "unknown verb " << line.verb;
    return Reply{};
  }

  static constexpr const char* kAlice = "agent:main:telegram:direct:alice";
};

TEST(StateMachine, OneRunAtATimeAndTheRestInOrder) {
  Script().run(R"(
    channel one   | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice) RunQueued(one) RunStarted(one)
    channel two   | accepted: MessageReceived RunQueued(two)
    channel three | accepted: MessageReceived RunQueued(three)
    finish        | accepted: RunFinished(one) RunStarted(two)
    fail          | accepted: RunFailed RunStarted(three)
    finish        | accepted: RunFinished(three)
    finish        | not_found
    channel four  | accepted: MessageReceived RunQueued(four) RunStarted(four)
  )");
}

TEST(StateMachine, AbortStopsWhatIsOpenAndNothingElse) {
  Script().run(R"(
    abort         | nothing_to_do
    channel one   | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice) RunQueued(one) RunStarted(one)
    channel two   | accepted: MessageReceived RunQueued(two)
    abort         | accepted: RunAborted(one,two)
    abort         | nothing_to_do
    finish        | not_found
    channel three | accepted: MessageReceived RunQueued(three) RunStarted(three)
  )");
}

TEST(StateMachine, AbortingTheRunningOneStartsTheNext) {
  Script script;
  script.run(R"(
    channel one   | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice) RunQueued(one) RunStarted(one)
    channel two   | accepted: MessageReceived RunQueued(two)
  )");
  World& world = script.world;
  const RunId running = world.active("agent:main:telegram:direct:alice");
  const Reply reply = world.abort(SessionId{}, {running.value, 999, running.value});
  EXPECT_EQ(show_reply(reply) + " " + show_drafts(world),
            "accepted RunAborted(one) RunStarted(two)");
}

TEST(StateMachine, ResetAndCloseEndOpenRunsAndTheMainSessionStays) {
  Script().run(R"(
    channel one   | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice) RunQueued(one) RunStarted(one)
    channel two   | accepted: MessageReceived RunQueued(two)
    reset         | accepted: SessionReset(manual) RunAborted(one,two)
    channel three | accepted: MessageReceived RunQueued(three) RunStarted(three)
    close         | accepted: SessionClosed(deleted) RunAborted(three)
    close         | not_found
    reset         | not_found
    chat hello    | accepted: MessageReceived SessionOpened(agent:main:main) RunQueued(hello) RunStarted(hello)
    close session=agent:main:main | refused_main
  )");
}

TEST(StateMachine, ATriggerStartsAfreshWithoutARun) {
  Script().run(R"(
    channel /new  | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice)
    channel one   | accepted: MessageReceived RunQueued(one) RunStarted(one)
    channel /ReSeT | accepted: MessageReceived SessionReset(manual) RunAborted(one)
    channel /new session | accepted: MessageReceived SessionReset(message) RunQueued(/new session) RunStarted(/new session)
  )");
}

TEST(StateMachine, KeysFollowConversationAndThread) {
  Script().run(R"(
    channel group=G1 a | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:group:g1) RunQueued(a) RunStarted(a)
    channel group=G1 thread=7 b | accepted: MessageReceived SessionOpened(agent:main:telegram:group:g1:topic:7) RunQueued(b) RunStarted(b)
    channel channel=Discord room=R c | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:discord:channel:r) RunQueued(c) RunStarted(c)
    channel channel=Discord room=R thread=T d | accepted: MessageReceived SessionOpened(agent:main:discord:channel:r:thread:t) RunQueued(d) RunStarted(d)
    chat session=main e | accepted: MessageReceived SessionOpened(agent:main:main) RunQueued(e) RunStarted(e)
    chat session=Notes f | accepted: MessageReceived SessionOpened(agent:main:notes) RunQueued(f) RunStarted(f)
    chat session=agent:work:x g | accepted: MessageReceived SessionOpened(agent:work:x) RunQueued(g) RunStarted(g)
    chat session=agent:nobody:x h | rejected: MessageRejected(unknown_agent)
    agent agent=WORK i | accepted: MessageReceived SessionOpened(agent:work:main) RunQueued(i) RunStarted(i)
    agent agent=nobody j | rejected: MessageRejected(unknown_agent)
  )");
}

TEST(StateMachine, RepeatsAreFoundByIdAndByKey) {
  Script().run(R"(
    channel id=1 one    | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice) RunQueued(one) RunStarted(one)
    channel id=1 one    | duplicate: MessageRejected(duplicate)
    channel id=1 from=bob one | duplicate: MessageRejected(duplicate)
    channel id=1 account=other one | accepted: MessageReceived PrincipalAdded RunQueued(one)
    chat idem=k hello   | accepted: MessageReceived SessionOpened(agent:main:main) RunQueued(hello) RunStarted(hello)
    chat idem=k hello   | in_flight
    finish session=agent:main:main | accepted: RunFinished(hello)
    chat idem=k hello   | done
    chat after=86399999 idem=k hello | done
    chat after=1 idem=k hello | accepted: MessageReceived RunQueued(hello) RunStarted(hello)
  )");
}

TEST(StateMachine, PoliciesSayWhoMaySpeak) {
  ConfigSpec config;
  config.default_dm_policy = fb::DmPolicy::disabled;
  config.channels = {
      {.name = "telegram",
       .dm = fb::DmPolicy::allowlist,
       .allow_from = {"Alice"},
       .group = fb::DmPolicy::disabled},
      {.name = "discord", .dm = fb::DmPolicy::pairing, .allow_from = {}},
      {.name = "irc", .dm = fb::DmPolicy::allowlist, .allow_from = {"*"}},
      {.name = "open", .dm = fb::DmPolicy::open, .allow_from = {}},
  };
  config.bindings = {{.agent = "none", .channel = "open"}};
  Script(config).run(R"(
    channel from=ALICE a | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice) RunQueued(a) RunStarted(a)
    channel from=bob b | rejected: MessageRejected(not_allowed)
    channel from=alice group=g c | rejected: MessageRejected(disabled)
    channel channel=discord d | rejected: MessageRejected(unpaired) ChannelPairingRequested(alice)
    channel channel=discord d | rejected: MessageRejected(unpaired)
    channel channel=irc from=carol e | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:irc:direct:carol) RunQueued(e) RunStarted(e)
    channel channel=matrix f | rejected: MessageRejected(disabled)
    channel channel=open g | accepted: MessageReceived PrincipalAdded SessionOpened(agent:none:open:direct:alice)
    channel channel=open h | accepted: MessageReceived
  )");
}

TEST(StateMachine, RatesRefuseClientsAndDelayChannels) {
  ConfigSpec config;
  config.per_minute = 60;
  config.burst = 2;
  Script(config).run(R"(
    chat one        | accepted: MessageReceived SessionOpened(agent:main:main) RunQueued(one) RunStarted(one)
    chat two        | accepted: MessageReceived RunQueued(two)
    chat three      | rate_limited in 1000
    chat after=999 three | rate_limited in 1
    chat after=1 three | accepted: MessageReceived RunQueued(three)
    channel a       | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice) RunQueued(a) RunStarted(a)
    finish          | accepted: RunFinished(a)
    channel b       | accepted: MessageReceived RunQueued(b) RunStarted(b)
    finish          | accepted: RunFinished(b)
    channel c       | accepted: MessageReceived RunQueued(c)
    channel d       | accepted: MessageReceived RunQueued(d)
    deadline        | nothing_to_do
    deadline after=1000 | accepted: DeadlineReached RunStarted(c)
    deadline after=1000 | nothing_to_do
    finish          | accepted: RunFinished(c) RunStarted(d)
  )");
}

TEST(StateMachine, ADelayedSenderIsOvertakenByOthersInTheGroup) {
  ConfigSpec config;
  config.per_minute = 60;
  config.burst = 1;
  Script(config).run(R"(
    channel group=g a | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:group:g) RunQueued(a) RunStarted(a)
    finish session=agent:main:telegram:group:g | accepted: RunFinished(a)
    channel group=g b | accepted: MessageReceived RunQueued(b)
    channel group=g from=bob c | accepted: MessageReceived PrincipalAdded RunQueued(c) RunStarted(c)
    finish after=1000 session=agent:main:telegram:group:g | accepted: RunFinished(c) RunStarted(b)
  )");
}

TEST(StateMachine, IdleSessionsStartAfreshWithTheNextMessage) {
  ConfigSpec config;
  config.idle_minutes = 10;
  Script(config).run(R"(
    channel one | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice) RunQueued(one) RunStarted(one)
    channel after=600000 two | accepted: MessageReceived RunQueued(two)
    finish | accepted: RunFinished(one) RunStarted(two)
    finish | accepted: RunFinished(two)
    channel after=599999 three | accepted: MessageReceived RunQueued(three) RunStarted(three)
    finish | accepted: RunFinished(three)
    channel after=600000 four | accepted: MessageReceived SessionReset(idle) RunQueued(four) RunStarted(four)
  )");
}

TEST(StateMachine, WhatIsIdleTooLongIsClosedAndForgotten) {
  ConfigSpec config;
  config.idle_days = 1;
  Script(config).run(R"(
    channel one | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice) RunQueued(one) RunStarted(one)
    deadline after=86400000 | nothing_to_do
    finish | accepted: RunFinished(one)
    deadline after=86399999 | nothing_to_do
    deadline after=1 | accepted: DeadlineReached SessionClosed(expired)
    deadline after=86399999 | nothing_to_do
    deadline after=1 | accepted: DeadlineReached PrincipalExpired
    deadline after=864000000 | nothing_to_do
    channel two | accepted: MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice) RunQueued(two) RunStarted(two)
  )");
}

}  // namespace
}  // namespace spine::core
