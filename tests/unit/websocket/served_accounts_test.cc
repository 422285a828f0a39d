// ServedAccounts: who serves what, and who is late.
#include "adapters/websocket/protocol/served_accounts.h"

#include <gtest/gtest.h>
#include <string>

#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

using Taken = ServedAccounts::Taken;
constexpr ConnectionRef kOne{.slot = 1, .generation = 1};
constexpr ConnectionRef kTwo{.slot = 2, .generation = 1};

TEST(ServedAccounts, WhatOneIsPushedItAloneAnswersAndOnce) {
  ServedAccounts served;
  EXPECT_EQ(served.serve("sms", "", kOne), Taken::now);
  EXPECT_EQ(served.serve("sms", "", kOne), Taken::before);
  EXPECT_EQ(served.serve("sms", "", kTwo), Taken::by_another);
  EXPECT_EQ(served.serve("sms", "b", kTwo), Taken::now);
  served.give("sms", "", DeliveryId{7}, {.attempt = 2, .due_ms = 100});
  EXPECT_EQ(served.open("sms", ""), 1U);
  EXPECT_FALSE(served.take(kTwo, DeliveryId{7}, 0)) << "it is not its own";
  EXPECT_FALSE(served.take(kOne, DeliveryId{7}, 1)) << "another attempt";
  EXPECT_TRUE(served.take(kOne, DeliveryId{7}, 2));
  EXPECT_FALSE(served.take(kOne, DeliveryId{7}, 0)) << "it was answered";
}

TEST(ServedAccounts, WhoIsLateIsNamed) {
  ServedAccounts served;
  served.serve("sms", "", kOne);
  served.serve("sms", "b", kTwo);
  served.give("sms", "b", DeliveryId{7}, {.due_ms = 100});
  EXPECT_TRUE(served.overdue(99).empty());
  ASSERT_EQ(served.overdue(100).size(), 1U);
  EXPECT_EQ(served.overdue(100)[0], kTwo);
}

TEST(ServedAccounts, AConnectionThatEndsLeavesTheOthers) {
  ServedAccounts served;
  served.serve("sms", "", kOne);
  served.serve("irc", "", kTwo);
  served.serve("sms", "b", kOne);
  EXPECT_EQ(served.drop(kOne).size(), 2U);
  EXPECT_EQ(served.find("sms", "b"), nullptr);
  EXPECT_NE(served.find("irc", ""), nullptr);
  EXPECT_EQ(served.serve("sms", "", kTwo), Taken::now);
  EXPECT_EQ(served.end().size(), 2U);
  EXPECT_EQ(served.serve("sms", "", kTwo), Taken::no_room) << "nobody serves any more";
}

TEST(ServedAccounts, ThereAreSoMany) {
  ServedAccounts served;
  for (std::size_t i = 0; i < limits::kChannelAccountsMax; ++i)
    EXPECT_EQ(served.serve("sms", std::to_string(i), kOne), Taken::now);
  EXPECT_EQ(served.serve("sms", "one more", kOne), Taken::no_room);
}

}  // namespace
}  // namespace spine::net
