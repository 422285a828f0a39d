// channels.serve and channels.outcome: deliveries that a client makes.
#include "tests/unit/websocket/fixture.h"

namespace spine::test {
namespace {

class Bridges : public NetTest {
 protected:
  void SetUp() override {
    config_.channels.push_back({.name = "sms", .dm_policy = fb::DmPolicy::open});
    start({});
    bridge.hello(port(), {"operator.write"});
  }
  json serve(const json& more = json::object()) {
    json params{{"channel", "SMS"}};
    params.update(more);
    return bridge.call("channels.serve", params);
  }
  json say(const std::string& id, const std::string& text = "hello") {
    json params = channel_message(id, text);
    params["channel"] = "sms";
    return bridge.call("channel.message", params);
  }
  // The next that is pushed.
  json pushed() { return bridge.event("channel.delivery")["payload"]; }
  json outcome(const json& delivery, json more) {
    more["delivery"] = delivery["delivery"];
    return bridge.call("channels.outcome", more);
  }
  static std::string why(const json& answer) {
    const json error = answer.value("error", json::object());
    return error.contains("details") ? error["details"].value("code", "")
                                     : error.value("message", "");
  }

  ProtocolClient bridge{};
};

TEST_F(Bridges, AnAnswerIsPushedToTheConnectionThatServes) {
  EXPECT_EQ(serve()["payload"]["channel"], "sms");
  EXPECT_EQ(say("e1")["ok"], true);
  const json delivery = pushed();
  EXPECT_EQ(delivery["attempt"], 1);
  EXPECT_EQ(delivery["conversation"], (json{{"kind", "direct"}, {"id", "alice"}})) << delivery;
  EXPECT_EQ(delivery["purpose"], "answer");
  EXPECT_EQ(outcome(delivery, {{"ok", true}, {"ids", {"p1"}}})["ok"], true);
  EXPECT_EQ(why(outcome(delivery, {{"ok", true}})), "DELIVERY_NOT_FOUND") << "it was answered";
  const auto confirmed = recorded(fb::EventBody::DeliveryConfirmed);
  ASSERT_EQ(confirmed.size(), 1U);
  EXPECT_EQ(confirmed[0].as<fb::DeliveryConfirmed>().platform_ids()->Get(0)->str(), "p1");
}

TEST_F(Bridges, AnOutcomeMustSayWhatBecameOfIt) {
  serve();
  say("e1");
  const json delivery = pushed();
  EXPECT_NE(why(outcome(delivery, json::object())).find("/ok"), std::string::npos);
  EXPECT_NE(why(outcome(delivery, {{"ok", false}})).find("/kind"), std::string::npos);
  EXPECT_NE(why(outcome(delivery, {{"ok", false}, {"kind", "not_ready"}})).find("/kind"),
            std::string::npos);
  EXPECT_NE(why(outcome(delivery, {{"ok", true}, {"ids", {1}}})).find("/ids"), std::string::npos);
  EXPECT_EQ(why(outcome(delivery, {{"ok", true}, {"attempt", 2}})), "DELIVERY_NOT_FOUND");
  EXPECT_EQ(outcome(delivery, {{"ok", false}, {"kind", "permanent"}, {"attempt", 1}})["ok"], true);
  EXPECT_EQ(recorded_count(fb::EventBody::DeliveryDeadLettered), 1U);
}

TEST_F(Bridges, OneConnectionServesAnAccountAndOnlyItAnswers) {
  EXPECT_EQ(serve()["ok"], true);
  EXPECT_EQ(serve()["ok"], true) << "again";
  ProtocolClient other;
  other.hello(port(), {"operator.write"});
  EXPECT_EQ(why(other.call("channels.serve", {{"channel", "sms"}})), "ACCOUNT_SERVED");
  EXPECT_EQ(other.call("channels.serve", {{"channel", "sms"}, {"accountId", "b"}})["ok"], true);
  say("e1");
  const json delivery = pushed();
  EXPECT_EQ(why(other.call("channels.outcome", {{"delivery", delivery["delivery"]}, {"ok", true}})),
            "DELIVERY_NOT_FOUND");
  ProtocolClient reader;
  reader.hello(port(), {"operator.read"});
  EXPECT_EQ(reader.call("channels.serve", {{"channel", "x"}})["ok"], false);
}

TEST_F(Bridges, WhatIsNotAnsweredAtTheEndIsUnknown) {
  serve();
  say("e1");
  pushed();
  const auto failed = recorded(fb::EventBody::DeliveryFailed);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].as<fb::DeliveryFailed>().kind(), fb::DeliveryFailure::unknown);
}

}  // namespace
}  // namespace spine::test
