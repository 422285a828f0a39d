// Typed keys: one rule for whoever opens a session and whoever looks for it.
#include <gtest/gtest.h>

#include "engine/core/sessions/session_key.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/bodies.h"
#include "tests/unit/core/prng.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

ConfigSpec todays_config() {
  ConfigSpec config;
  config.exact_ids = true;
  return config;
}

class TypedKeys : public ::testing::Test {
 protected:
  TypedKeys() { world.connect("token"); }

  Reply send(const std::string& key, const std::string& text = "hello", bool vouched = true) {
    return world.message({.via = fb::MessageVia::chat,
                          .channel = "webchat",
                          .account = {},
                          .sender = {},
                          .text = text,
                          .session_key = key,
                          .vouched = vouched,
                          .exact_ids = true});
  }
  SessionId found(std::string_view typed) const {
    KeyBuffer key;
    return find_typed_key(world.state, typed, key) ? find_session(world.state, key.view())
                                                   : SessionId{};
  }
  std::string key_of(std::string_view typed) const {
    KeyBuffer key;
    return find_typed_key(world.state, typed, key) ? std::string(key.view()) : "(malformed)";
  }

  World world{todays_config()};
};

std::string random_key(Prng& prng) {
  static const char* const kParts[] = {"agent", "Agent",    "main", "MAIN", "work",   "direct",
                                       "Anna",  "@a:b",     " ",    "\t",   "thread", "telegram",
                                       "%3a",   "\xc3\xa9", ":",    "::",   "x\ny",   "none"};
  std::string key;
  if (prng.chance(40)) key = prng.chance(50) ? "agent:main:" : "AGENT:Work:";
  if (prng.chance(10)) key = "agent:";
  if (prng.chance(15)) key.insert(0, prng.chance(50) ? " " : "\r\n");
  for (std::uint64_t parts = prng.below(5); parts != 0; --parts) {
    key += kParts[prng.below(std::size(kParts))];
    if (prng.chance(60)) key += ':';
  }
  if (prng.chance(15)) key.append(limits::kKeyBytesMax - 20 + prng.below(24), 'K');
  if (prng.chance(15)) key += prng.chance(50) ? " " : "\t\n";
  return key.substr(0, limits::kKeyBytesMax);
}

TEST_F(TypedKeys, WhatAMessageOpensIsFoundByTheSameKeyAndByItsOwn) {
  Prng prng{7};
  std::size_t opened = 0;
  std::size_t long_ones = 0;
  for (int i = 0; i < 4'000; ++i) {
    const std::string key = random_key(prng);
    const Reply reply = send(key);
    if (reply.code == ReplyCode::malformed_key) {
      EXPECT_EQ(key_of(key), "(malformed)") << key;
      continue;
    }
    if (reply.code == ReplyCode::rejected) continue;  // an agent that is not there
    ASSERT_EQ(reply.code, ReplyCode::accepted) << key;
    ++opened;
    EXPECT_EQ(found(key), reply.session) << key;
    const std::string own{world.view(reply.session).key};
    EXPECT_EQ(found(own), reply.session) << own;
    EXPECT_LE(own.size(), limits::kKeyBytesMax);
    if (own.find('~') != std::string::npos) ++long_ones;
    if (reply.run) world.finish(reply.run);
  }
  EXPECT_GT(opened, 2'000U);
  EXPECT_GT(long_ones, 10U) << "keys that had to be cut";
}

TEST_F(TypedKeys, AsItIsFirstAndOnlyThenWithoutTheBlanksAtItsEnds) {
  EXPECT_EQ(key_of(" Notes \n"), "agent:main:notes");
  EXPECT_EQ(key_of(" MAIN\t"), "agent:main:main");
  EXPECT_EQ(key_of(" agent:work:telegram:direct:Anna "), "agent:work:telegram:direct:Anna");
  EXPECT_EQ(key_of("agent:main:telegram:direct: Anna"), "agent:main:telegram:direct: Anna")
      << "blanks inside are the id's";
  // A session of the past that has the blanks is still found by them.
  MessageSpec old{.via = fb::MessageVia::chat,
                  .channel = "webchat",
                  .account = {},
                  .sender = {},
                  .session_key = " notes "};
  const Reply with = world.message(old);
  EXPECT_EQ(world.view(with.session).key, "agent:main: notes ");
  EXPECT_EQ(found(" notes "), with.session);
  const Reply without = send("notes");
  EXPECT_NE(without.session, with.session);
  EXPECT_EQ(found("notes"), without.session);
  EXPECT_EQ(found("notes "), without.session);
  EXPECT_EQ(found(" notes "), with.session);
}

TEST_F(TypedKeys, WhatNoSessionCanHaveIsRefused) {
  for (const char* key : {"agent:", "agent:x", "AGENT:x:", "agent::y", "agent::", " agent:x ",
                          "agent:x: ", " ", "\t\r\n"}) {
    const std::size_t before = world.journal.size();
    EXPECT_EQ(send(key).code, ReplyCode::malformed_key) << key;
    EXPECT_EQ(world.journal.size(), before);
    EXPECT_EQ(key_of(key), "(malformed)") << key;
    EXPECT_EQ(world.open_session({.key = key}).code, ReplyCode::malformed_key) << key;
  }
  EXPECT_EQ(send("agent:x:y").reason, fb::RejectReason::unknown_agent);
  KeyBuffer agent;
  EXPECT_FALSE(agent_of_typed_key(" agent:x", agent));
  EXPECT_TRUE(agent_of_typed_key(" Agent:Work:y", agent));
  EXPECT_EQ(agent.view(), "work");
  EXPECT_TRUE(agent_of_typed_key("notes", agent));
  EXPECT_EQ(agent.view(), "");
}

TEST_F(TypedKeys, AnInputOfThePastNamesWhatItNamedThen) {
  const auto said = [this](const std::string& key) {
    return std::string(world.view(world.chat(key, "hello").session).key);
  };
  EXPECT_EQ(said("agent:x:"), "agent:main:agent:x:");
  EXPECT_EQ(said("agent:work:telegram:direct:Anna"), "agent:work:telegram:direct:anna");
  EXPECT_EQ(said(" Notes"), "agent:main: notes");
}

TEST_F(TypedKeys, TheMainSessionSaysThatItIsOne) {
  EXPECT_TRUE(world.view(send("agent:Work:MAIN").session).is_main);
  EXPECT_FALSE(world.view(send("agent:work:main:thread:1").session).is_main);
}

// A word in a message does not do what sessions.reset refuses.
TEST_F(TypedKeys, AResetTriggerIsForWhoeverMayReset) {
  const Reply first = send("notes");
  world.finish(first.run);
  const Bits128 life = world.view(first.session).uuid;
  const std::size_t before = world.journal.size();
  for (const char* word : {"/new", "/reset", " /RESET\n"}) {
    EXPECT_EQ(send("notes", word, false).code, ReplyCode::missing_scope) << word;
    EXPECT_EQ(send("not there", word, false).code, ReplyCode::missing_scope) << word;
  }
  EXPECT_EQ(world.journal.size(), before);
  EXPECT_EQ(world.view(first.session).uuid, life);
  EXPECT_TRUE(send("notes", "/news", false).run) << "no trigger";
  EXPECT_EQ(send("notes", "/reset").code, ReplyCode::accepted);
  EXPECT_NE(world.view(first.session).uuid, life);
}

TEST_F(TypedKeys, SendersOnChannelsResetTheirOwnConversation) {
  MessageSpec message{.sender = "Anna", .vouched = false, .exact_ids = true};
  const Reply first = world.message(message);
  const Bits128 life = world.view(first.session).uuid;
  message.text = "/new";
  EXPECT_EQ(world.message(message).code, ReplyCode::accepted);
  EXPECT_NE(world.view(first.session).uuid, life);
}

TEST_F(TypedKeys, OneRunOfASessionIsAborted) {
  const Reply running = send("notes");
  const Reply waiting = send("notes", "more");
  Builder builder;
  const Body body = take(builder, fb::CreateRunAborted(builder).o);
  const Reply reply =
      world.give(Input{.kind = static_cast<std::uint16_t>(fb::EventBody::RunAborted),
                       .principal = world.client,
                       .session = running.session,
                       .run = waiting.run},
                 body, body.size() * sizeof(std::uint64_t));
  EXPECT_EQ(reply.run, waiting.run);
  EXPECT_EQ(world.view(running.session).active_run, running.run);
  EXPECT_EQ(world.view(running.session).runs_waiting, 0U);
  const auto& aborted = *flatbuffers::GetRoot<fb::RunAborted>(world.last().body.data());
  ASSERT_EQ(aborted.runs()->size(), 1U);
  EXPECT_EQ(aborted.runs()->Get(0), waiting.run.value);
}

}  // namespace
}  // namespace spine::core
