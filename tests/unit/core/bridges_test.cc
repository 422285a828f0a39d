// Bridges: accounts that a client of the gateway delivers for.
#include <gtest/gtest.h>

#include "engine/core/model/digest.h"
#include "engine/core/model/views.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

constexpr std::uint64_t kBridge = 5;

class BridgeTest : public ::testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(digest(world.state).total, digest(fold(world.journal, world.journal.size())).total);
  }
  Reply served(fb::ChannelState state) { return world.channel_state(state, "sms", "", "", true); }
  // What came of an answer to a message that the bridge hands in.
  std::string answered(const std::string& account = {}) {
    world.finish(world.message({.channel = "sms", .account = account, .bridge = kBridge}).run);
    return world.kinds();
  }
  ChannelLoad load() const {
    std::vector<ChannelLoad> loads;
    list_channel_loads(world.state, loads);
    EXPECT_EQ(loads.size(), 1U);
    return loads.empty() ? ChannelLoad{} : loads.front();
  }
  World world{};
};

TEST_F(BridgeTest, AnAnswerHasARouteWhereTheAccountIsServed) {
  EXPECT_EQ(answered(), "RunFinished") << "it has not said that it delivers";
  served(fb::ChannelState::connected);
  EXPECT_TRUE(load().served);
  EXPECT_EQ(answered(), "RunFinished DeliveryRequested DeliveryAttempted");
  EXPECT_EQ(answered("second"), "RunFinished") << "another account";
  served(fb::ChannelState::down);
  world.confirm(world.attempted().front());
  EXPECT_EQ(answered(), "RunFinished DeliveryRequested") << "it waits";
  EXPECT_EQ(served(fb::ChannelState::connected).code, ReplyCode::accepted);
  EXPECT_EQ(world.kinds(), "ChannelStateChanged DeliveryAttempted");
}

TEST_F(BridgeTest, ABridgeHasNoRouteToWhatTheGatewayRuns) {
  world.channel_state(fb::ChannelState::connected, "sms", "");
  EXPECT_EQ(answered(), "RunFinished");
  EXPECT_EQ(served(fb::ChannelState::connected).code, ReplyCode::rejected);
  world.channel_state(fb::ChannelState::stopped, "sms", "");
  world.switch_channel(fb::ChannelSwitch::off, "sms", "");
  EXPECT_EQ(served(fb::ChannelState::connected).code, ReplyCode::accepted);
  EXPECT_EQ(load().wanted, fb::ChannelSwitch::on) << "that was said of the gateway's own";
  world.channel_state(fb::ChannelState::starting, "sms", "");
  EXPECT_FALSE(load().served) << "the configuration has it now";
  EXPECT_EQ(served(fb::ChannelState::down).code, ReplyCode::rejected) << "it speaks for nobody";
}

}  // namespace
}  // namespace spine::core
