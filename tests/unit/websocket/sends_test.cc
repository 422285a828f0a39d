// message.action, send, channels.start and its like, and answers that are delivered besides.
#include "tests/unit/websocket/fixture.h"

namespace spine::test {
namespace {

class Sends : public NetTest {
 protected:
  void SetUp() override {
    config_.channels.push_back({.name = "telegram", .dm_policy = fb::DmPolicy::open});
    start({});
    client.hello(port());
  }
  void report(fb::ChannelState state) {
    engine_->report_channel(state, "");
    for (int i = 0; i < 20'000; ++i) {
      const json status = client.call("channels.status")["payload"];
      if (status["channelAccounts"]["telegram"][0].value("state", "") ==
          fb::EnumNameChannelState(state)) {
        return;
      }
    }
    ADD_FAILURE() << "never " << fb::EnumNameChannelState(state);
  }
  json send(const std::string& key, const std::string& text, const std::string& to = "alice") {
    return client.call("message.action", {{"action", "send"},
                                          {"channel", "telegram"},
                                          {"idempotencyKey", key},
                                          {"params", {{"to", to}, {"message", text}}}});
  }
  static std::string why(const json& answer) {
    const json error = answer.value("error", json::object());
    return error.value("details", json::object()).value("code", error.value("message", ""));
  }

  ProtocolClient client{};
};

TEST_F(Sends, ATextIsAnsweredWithItsOutcomeAndOnceMoreByItsKey) {
  report(fb::ChannelState::connected);
  const json first = send("k", "hello");
  EXPECT_EQ(first["payload"]["status"], "sent") << first;
  EXPECT_EQ(first["payload"]["messageId"], "p1");
  EXPECT_EQ(send("k", "hello")["payload"], first["payload"]);
  const json refused = send("k2", "refuse me");
  EXPECT_EQ(why(refused), "DELIVERY_FAILED") << refused;
  EXPECT_EQ(refused["error"]["details"]["reason"], "permanent");
  EXPECT_EQ(send("k2", "refuse me")["error"]["details"], refused["error"]["details"]);
  client.call("deliveries.retry", {{"id", refused["error"]["details"]["deliveryId"]}});
  EXPECT_EQ(send("k2", "refuse me")["payload"]["status"], "sent");
  EXPECT_EQ(recorded(fb::EventBody::SendRequested).size(), 2U);
}

TEST_F(Sends, WhatCannotBeSentNowWaits) {
  report(fb::ChannelState::down);
  const json answer = send("k", "hello")["payload"];
  EXPECT_EQ(answer["status"], "queued");
  EXPECT_EQ(answer["queued"], true);
  EXPECT_GT(answer["deliveryId"].get<std::uint64_t>(), 0U);
  report(fb::ChannelState::connected);
  EXPECT_EQ(send("k", "hello")["payload"]["deliveryId"], answer["deliveryId"]);
}

TEST_F(Sends, WhatNamesNothingIsRefused) {
  EXPECT_EQ(why(send("k", "hello")), "CHANNEL_NOT_FOUND") << "none was ever connected";
  report(fb::ChannelState::connected);
  const auto action = [&](const json& more) {
    json params{{"action", "send"}, {"idempotencyKey", "k"}};
    params.update(more);
    return why(client.call("message.action", params));
  };
  EXPECT_EQ(action({{"action", "poll"}}), "ACTION_NOT_SERVED");
  EXPECT_NE(action(json::object()).find("must have required property 'params'"), std::string::npos);
  EXPECT_NE(action({{"params", {{"message", "hi"}}}}).find("/params/to"), std::string::npos);
  EXPECT_NE(
      action({{"params", {{"to", "a"}, {"message", "hi"}, {"media", "x"}}}}).find("only text"),
      std::string::npos);
  EXPECT_EQ(action({{"params",
                     {{"to", "irc:a"}, {"message", "hi"}, {"gifPlayback", false}, {"media", ""}}}}),
            "CHANNEL_NOT_FOUND")
      << "what is not wanted is no harm";
  EXPECT_EQ(action({{"params", {{"to", "irc:a"}, {"message", "hi"}}}}), "CHANNEL_NOT_FOUND");
  EXPECT_EQ(action({{"accountId", "x"}, {"params", {{"to", "a"}, {"message", "hi"}}}}),
            "ACCOUNT_NOT_FOUND");
}

TEST_F(Sends, AnAnswerIsDeliveredBesides) {
  report(fb::ChannelState::connected);
  json params{{"message", "hi"}, {"idempotencyKey", "a"}, {"deliver", true}};
  EXPECT_EQ(why(client.call("agent", params)), "NO_ROUTE") << "nobody wrote to it from a channel";
  params["to"] = "telegram:alice";
  EXPECT_EQ(client.call("agent", params)["payload"]["sessionKey"],
            "agent:main:telegram:direct:alice");
  const json sent = send("k", "behind it");
  EXPECT_EQ(sent["payload"]["status"], "sent") << sent;
  const auto requests = recorded(fb::EventBody::DeliveryRequested);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].as<fb::DeliveryRequested>().lane(),
            requests[1].as<fb::DeliveryRequested>().lane())
      << "one conversation";
}

TEST_F(Sends, AccountsAreSwitchedByAdmins) {
  report(fb::ChannelState::connected);
  const json stop = client.call("channels.stop", {{"channel", "telegram"}})["payload"];
  EXPECT_EQ(stop["stopped"], true);
  EXPECT_EQ(stop["changed"], true);
  EXPECT_EQ(stop["accountId"], "default");
  EXPECT_EQ(client.call("channels.status")["payload"]["channelAccounts"]["telegram"][0]["switched"],
            "off");
  EXPECT_EQ(client.call("channels.stop", {{"channel", "telegram"}})["payload"]["changed"], false);
  EXPECT_EQ(client.call("channels.logout", {{"channel", "telegram"}})["payload"]["cleared"], false);
  EXPECT_EQ(client.call("channels.start", {{"channel", "telegram"}})["payload"]["started"], true);
  ProtocolClient writer;
  writer.hello(port(), {"operator.read", "operator.write"});
  EXPECT_EQ(writer.call("channels.stop", {{"channel", "telegram"}})["ok"], false);
  EXPECT_EQ(recorded(fb::EventBody::ChannelSwitched).size(), 3U);
}

}  // namespace
}  // namespace spine::test
