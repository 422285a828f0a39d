// channels.status and deliveries.*: what waits, dead letters, and what people do with them.
#include "tests/unit/websocket/fixture.h"

namespace spine::test {
namespace {

class Deliveries : public NetTest {
 protected:
  void SetUp() override {
    config_.channels.push_back({.name = "telegram", .dm_policy = fb::DmPolicy::open});
    config_.channels.push_back({.name = "bridge"});
    start({});
    client.hello(port());
  }
  // Asks until the answer is as wanted.
  template <class Wanted>
  json ask_until(const std::string& method, const json& params, Wanted wanted) {
    json answer;
    for (int i = 0; i < 20'000; ++i) {
      answer = client.call(method, params)["payload"];
      if (wanted(answer)) return answer;
    }
    ADD_FAILURE() << "never as wanted: " << answer;
    return answer;
  }
  json telegram() { return account(client.call("channels.status")["payload"]); }
  static json account(const json& status) { return status["channelAccounts"]["telegram"][0]; }
  void report(fb::ChannelState state, const char* problem = "") {
    engine_->report_channel(state, problem);
    ask_until("channels.status", json::object(), [&](const json& status) {
      return account(status).value("state", "") == fb::EnumNameChannelState(state);
    });
  }
  void say(const char* id, const char* text) { engine_->receive_message(id, text); }
  // The list, once it has so many dead letters.
  json dead_letters(std::size_t count) {
    return ask_until("deliveries.list", json::object(),
                     [&](const json& list) { return list["totalCount"] == count; });
  }
  std::string refused(const std::string& method, const json& params) {
    return client.call(method, params)["error"]["details"].value("code", "");
  }

  ProtocolClient client{};
};

TEST_F(Deliveries, TheStatusOfChannelsHasTheirAccounts) {
  json status = client.call("channels.status")["payload"];
  EXPECT_EQ(status["channelOrder"], json::parse(R"(["telegram","bridge"])"));
  EXPECT_EQ(account(status)["running"], false);
  report(fb::ChannelState::connected);
  const json here = telegram();
  EXPECT_EQ(here["accountId"], "default");
  EXPECT_EQ(here["connected"], true);
  EXPECT_EQ(here["identity"], "@bot");
  EXPECT_TRUE(here["lastError"].is_null());
  report(fb::ChannelState::down, "No connection.");
  status = client.call("channels.status", {{"channel", "Telegram"}})["payload"];
  EXPECT_EQ(status["channelOrder"], json::parse(R"(["telegram"])"));
  EXPECT_EQ(account(status)["connected"], false);
  EXPECT_EQ(account(status)["running"], true) << "it is tried again";
  EXPECT_EQ(account(status)["lastError"], "No connection.");
  EXPECT_EQ(status["channels"]["telegram"]["running"], true);
  EXPECT_EQ(client.call("channels.status")["payload"]["channelAccounts"]["bridge"][0]["running"],
            false);
}

TEST_F(Deliveries, WhatIsRefusedIsListedShownAndSentAgain) {
  report(fb::ChannelState::connected);
  say("m1", "refuse me");
  const json list = dead_letters(1);
  const json& letter = list["deadLetters"][0];
  EXPECT_EQ(letter["channel"], "telegram");
  EXPECT_EQ(letter["conversationId"], "alice");
  EXPECT_EQ(letter["replyTo"], "m1");
  EXPECT_EQ(letter["reason"], "permanent");
  EXPECT_EQ(letter["failure"]["kind"], "permanent");
  EXPECT_EQ(letter["attempts"], 1);
  EXPECT_EQ(letter["text"], "echo: refuse me");
  EXPECT_EQ(letter["sessionKey"], "agent:main:telegram:direct:alice");
  EXPECT_EQ(list["channels"][0]["deadLetters"], 1);
  const json shown = client.call("deliveries.show", {{"id", letter["id"]}})["payload"];
  EXPECT_EQ(shown["delivery"]["text"], "echo: refuse me");
  std::string kinds;
  for (const json& step : shown["history"])
    kinds += step["kind"].get<std::string>() + " ";
  EXPECT_EQ(kinds, "DeliveryRequested DeliveryAttempted DeliveryFailed DeliveryDeadLettered ");
  EXPECT_EQ(shown["history"][2]["failure"], "permanent") << shown["history"][2];

  EXPECT_EQ(client.call("deliveries.retry", {{"id", letter["id"]}})["payload"]["ok"], true);
  dead_letters(0);
  ask_until("deliveries.list", json::object(),
            [](const json& now) { return now["channels"][0]["waiting"] == 0; });
  EXPECT_EQ(refused("deliveries.show", {{"id", letter["id"]}}), "DELIVERY_NOT_FOUND");
  EXPECT_EQ(refused("deliveries.retry", {{"id", letter["id"]}}), "DELIVERY_NOT_FOUND");
  EXPECT_EQ(recorded(fb::EventBody::DeliveryConfirmed).size(), 1U);
}

TEST_F(Deliveries, DiscardedOnesAreGone) {
  report(fb::ChannelState::connected);
  say("m1", "refuse one");
  say("m2", "refuse two");
  const json list = dead_letters(2);
  EXPECT_EQ(list["deadLetters"][0]["text"], "echo: refuse two") << "the latest first";
  const json page =
      client.call("deliveries.list", {{"limit", 1}, {"offset", 1}, {"channel", "Telegram"}});
  ASSERT_EQ(page["payload"]["deadLetters"].size(), 1U);
  EXPECT_EQ(page["payload"]["deadLetters"][0]["text"], "echo: refuse one");
  EXPECT_EQ(client.call("deliveries.list", {{"channel", "irc"}})["payload"]["totalCount"], 0);
  const json id = list["deadLetters"][0]["id"];
  EXPECT_EQ(client.call("deliveries.discard", {{"id", id}})["ok"], true);
  EXPECT_EQ(dead_letters(1)["deadLetters"][0]["text"], "echo: refuse one");
  EXPECT_EQ(refused("deliveries.discard", {{"id", id}}), "DELIVERY_NOT_FOUND");
}

TEST_F(Deliveries, WhatWaitsIsCounted) {
  report(fb::ChannelState::down, "No connection.");
  say("m1", "hello");
  const json list = ask_until("deliveries.list", json::object(),
                              [](const json& now) { return now["channels"][0]["waiting"] == 1; });
  EXPECT_EQ(list["channels"][0]["state"], "down");
  EXPECT_GT(list["channels"][0]["oldestAt"].get<std::int64_t>(), 0);
  EXPECT_EQ(list["totalCount"], 0);
  report(fb::ChannelState::connected);
  ask_until("deliveries.list", json::object(),
            [](const json& now) { return now["channels"][0]["waiting"] == 0; });
}

TEST_F(Deliveries, OnlyAdminsChangeThem) {
  ProtocolClient reader;
  reader.hello(port(), {"operator.read"});
  EXPECT_EQ(reader.call("deliveries.list")["ok"], true);
  for (const char* method : {"deliveries.retry", "deliveries.discard"}) {
    EXPECT_EQ(reader.call(method, {{"id", 1}})["error"]["details"]["code"], "MISSING_SCOPE");
    EXPECT_EQ(client.call(method, {{"id", 0}})["ok"], false);
    EXPECT_EQ(client.call(method, json::object())["ok"], false);
  }
}

}  // namespace
}  // namespace spine::test
