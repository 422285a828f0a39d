// messages.inbound: how long a turn waits gets into the journal, and nothing when it is as without.
#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

class InboundTest : public ConfigTest {
 protected:
  const fb::ConfigApplied& applied(std::string_view text) {
    auto config = parse(text, dir_ / "openclaw.json", &test_getenv);
    EXPECT_TRUE(config) << (config ? "" : config.error().message);
    if (config) build_policy(*config, builder_);
    return *flatbuffers::GetRoot<fb::ConfigApplied>(builder_.GetBufferPointer());
  }
  flatbuffers::FlatBufferBuilder builder_{};
};

TEST_F(InboundTest, TheWaitsAreRecorded) {
  const auto* inbound = applied(
                            R"({messages: {inbound: {debounceMs: 2000, albumMs: 700,
                                byChannel: {WhatsApp: 5000, telegram: 0}}}})")
                            .inbound();
  ASSERT_NE(inbound, nullptr);
  EXPECT_EQ(inbound->debounce_ms(), 2'000U);
  EXPECT_EQ(inbound->album_ms(), 700U);
  ASSERT_EQ(inbound->by_channel()->size(), 2U);
  EXPECT_EQ(inbound->by_channel()->Get(0)->channel()->str(), "whatsapp");
  EXPECT_EQ(inbound->by_channel()->Get(0)->debounce_ms(), 5'000U);
  EXPECT_EQ(inbound->by_channel()->Get(1)->debounce_ms(), 0U);
}

TEST_F(InboundTest, TheDefaultsAreNot) {
  EXPECT_EQ(applied("{}").inbound(), nullptr);
}

TEST_F(InboundTest, AWaitHasABound) {
  const auto config =
      parse("{messages: {inbound: {debounceMs: 60001}}}", dir_ / "o.json", &test_getenv);
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("messages.inbound.debounceMs"), std::string::npos);
}

}  // namespace
}  // namespace spine::config
