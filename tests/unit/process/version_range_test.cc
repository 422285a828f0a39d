// range_holds: the forms package.json files use.
#include <gtest/gtest.h>

#include "adapters/agents/process/node_version.h"

namespace spine::agents {
namespace {

bool holds(std::string_view range, std::string_view text) {
  Version version{};
  EXPECT_TRUE(parse_version(text, version)) << text;
  return range_holds(range, version);
}

TEST(VersionRange, ComparesNumbersNotText) {
  EXPECT_TRUE(holds(">=22.19.0", "v22.19.0"));
  EXPECT_TRUE(holds(">=22.19.0", "v26.10.0"));
  EXPECT_FALSE(holds(">=22.19.0", "v22.9.3"));
  EXPECT_FALSE(holds(">= 22.19.0", "v20.20.2"));
  EXPECT_TRUE(holds(">20", "v21.0.0"));
  EXPECT_FALSE(holds(">20", "v20.5.0"));
  EXPECT_TRUE(holds("<=20", "v20.5.0"));
}

TEST(VersionRange, JoinsWithAndOr) {
  EXPECT_TRUE(holds(">=18 <23", "v22.1.0"));
  EXPECT_FALSE(holds(">=18 <23", "v23.0.0"));
  EXPECT_TRUE(holds("^20.1.0 || >=22", "v20.2.0"));
  EXPECT_FALSE(holds("^20.1.0 || >=22", "v21.9.0"));
  EXPECT_TRUE(holds("^20.1.0||>=22", "v22.0.0"));
}

TEST(VersionRange, KnowsCaretTildeAndWildcards) {
  EXPECT_FALSE(holds("^20.1.0", "v20.0.9"));
  EXPECT_FALSE(holds("^0.2.3", "v0.3.0"));
  EXPECT_TRUE(holds("~20.1", "v20.1.7"));
  EXPECT_FALSE(holds("~20.1", "v20.2.0"));
  EXPECT_TRUE(holds("20.x", "v20.9.1"));
  EXPECT_FALSE(holds("20", "v22.0.0"));
  EXPECT_TRUE(holds("*", "v1.0.0"));
  EXPECT_TRUE(holds("", "v1.0.0"));
}

TEST(VersionRange, LetsPassWhatItDoesNotUnderstand) {
  EXPECT_TRUE(holds("lts/iron", "v1.0.0"));
  EXPECT_TRUE(holds("18 - 20", "v1.0.0"));
  Version version{};
  EXPECT_FALSE(parse_version("not a version", version));
}

}  // namespace
}  // namespace spine::agents
