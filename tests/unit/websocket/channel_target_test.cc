// Tests of adapters/websocket/methods/channel_target.h: conversations as people write them.
#include "adapters/websocket/methods/channel_target.h"

#include <gtest/gtest.h>
#include <string>

namespace spine::net {
namespace {

// "channel|kind|id|thread", or "none".
std::string parsed(std::string_view channel, std::string_view text) {
  const auto place = parse_target(channel, text);
  if (!place) return "none";
  return place->channel + "|" + fb::EnumNameConversationKind(place->conversation) + "|" +
         place->id + "|" + place->thread;
}

TEST(Targets, ArePlainIdsOrHaveTheChannelBeforeThem) {
  EXPECT_EQ(parsed("telegram", "123"), "telegram|direct|123|");
  EXPECT_EQ(parsed("", "telegram:123"), "telegram|direct|123|");
  EXPECT_EQ(parsed("Telegram", "TELEGRAM:123"), "telegram|direct|123|");
  EXPECT_EQ(parsed("", "123"), "|direct|123|") << "it is not said where";
  EXPECT_EQ(parsed("folder", " Ada "), "folder|direct|Ada|") << "ids keep their case";
}

TEST(Targets, SayTheirKindOrTelegramsIdsDo) {
  EXPECT_EQ(parsed("telegram", "group:-5"), "telegram|group|-5|");
  EXPECT_EQ(parsed("telegram", "-100123"), "telegram|group|-100123|");
  EXPECT_EQ(parsed("telegram", "@news"), "telegram|channel|@news|");
  EXPECT_EQ(parsed("folder", "-5"), "folder|direct|-5|");
  EXPECT_EQ(parsed("", "group:g1"), "|group|g1|");
  EXPECT_EQ(parsed("", "discord:channel:9"), "discord|channel|9|");
}

TEST(Targets, MayEndInATopic) {
  EXPECT_EQ(parsed("", "telegram:group:-100123:topic:5"), "telegram|group|-100123|5");
  EXPECT_EQ(parsed("telegram", "-100123:topic:5"), "telegram|group|-100123|5");
  EXPECT_EQ(parsed("matrix", "!room:example.org:thread:$e"), "matrix|direct|!room:example.org|$e");
}

TEST(Targets, NameSomething) {
  EXPECT_EQ(parsed("telegram", ""), "none");
  EXPECT_EQ(parsed("telegram", "telegram:"), "none");
  EXPECT_EQ(parsed("telegram", "group:"), "none");
  EXPECT_EQ(parsed("telegram", ":topic:5"), "none");
}

}  // namespace
}  // namespace spine::net
