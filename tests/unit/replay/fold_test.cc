// Tests of replay/state/fold.h: a fold from zero equals what was recorded, or says where it does
// not.
#include "replay/state/fold.h"

#include <nlohmann/json.hpp>

#include "schemas/vocab/show.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

TEST(ReplayVerify, TheFoldFromZeroEqualsTheRecordedDigest) {
  const TempDir dir;
  tell_story(dir.path());
  const Output output = call({"replay", "verify", "--json"}, dir.path());
  EXPECT_EQ(output.code, kExitOk) << output.err;
  const auto json = nlohmann::json::parse(output.out);
  EXPECT_TRUE(json.at("equal").get<bool>());
  EXPECT_EQ(json.at("recordedCompared"), 1);
  EXPECT_EQ(json.at("events"), json.at("seq"));
}

TEST(ReplayVerify, ADifferentDigestIsExitCodeThreeAndNamesSeqAndTables) {
  const TempDir dir;
  tell_story(dir.path(), false);
  const Output output = call({"replay", "verify", "--json"}, dir.path());
  EXPECT_EQ(output.code, kExitDiffers);
  const auto json = nlohmann::json::parse(output.out);
  EXPECT_FALSE(json.at("equal").get<bool>());
  const auto difference = json.at("firstDifference");
  EXPECT_EQ(difference.at("recordedIn").get<std::uint64_t>(),
            difference.at("seq").get<std::uint64_t>() + 1);
  EXPECT_EQ(difference.at("tables").size(), 1U);
  EXPECT_NE(call({"replay", "verify"}, dir.path()).out.find("First difference at #"),
            std::string::npos);
}

TEST(ReplayVerify, TheLiveDigestIsComparedAtItsSeq) {
  const TempDir dir;
  std::string digest;
  std::string seq;
  {
    Story story(dir.path());
    story.created();
    story.configured();
    story.message("alice", "m1", "hello");
    digest = show_hex(core::digest(story.state()).total);
    seq = std::to_string(story.last().value);
    story.message("alice", "m2", "later");
  }
  const auto verify = [&](const std::string& at, const std::string& hex) {
    return call({"replay", "verify", "--live-seq", at, "--live-digest", hex}, dir.path());
  };
  const Output equal = verify(seq, digest);
  EXPECT_EQ(equal.code, kExitOk) << equal.err;
  EXPECT_NE(equal.out.find("and with the live daemon"), std::string::npos) << equal.out;
  EXPECT_EQ(verify(seq, std::string(32, 'a')).code, kExitDiffers);
  EXPECT_EQ(verify("999", digest).code, kExitFailure);
  EXPECT_EQ(verify(seq, "xyz").code, kExitUsage);
}

}  // namespace
}  // namespace spine::replay
