// Tests of `replay rehearse`: a verdict a journal, one in all, and the file for CI.
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "replay/timeline.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

// A journal in which a decision is recorded that no rules take: a message alone.
void tell_what_cannot_be(const std::filesystem::path& state_dir) {
  const TempDir dir;
  tell_story(dir.path());
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline);
  auto journal = journal::Journal::open(state_dir / "journal", Bits128{7, 9});
  ASSERT_TRUE(journal);
  journal::Batch batch;
  batch.begin(Seq{1});
  ASSERT_TRUE(timeline->for_each_event(Seq{1}, Seq{3}, [&](const EventView& event) {
    batch.append(event.header, event.body);
    return true;
  }));
  ASSERT_TRUE((*journal)->ensure_space(batch.bytes(), journal::SpaceClass::intake));
  ASSERT_TRUE((*journal)->commit(batch));
}

TEST(Rehearse, EveryJournalGetsItsVerdict) {
  const TempDir good;
  const TempDir bad;
  const TempDir none;
  tell_story(good.path());
  tell_what_cannot_be(bad.path());
  const std::string journal = (good.path() / "journal/").string();
  EXPECT_EQ(call({"replay", "rehearse", good.path().string(), journal}, none.path()).code, kExitOk);
  const Output differs =
      call({"replay", "rehearse", bad.path().string(), good.path().string()}, none.path());
  EXPECT_EQ(differs.code, kExitDiffers) << differs.err;
  EXPECT_NE(differs.out.find(": DIFFERENT: 1 of "), std::string::npos) << differs.out;
  EXPECT_NE(differs.out.find("nothing then, PrincipalAdded now"), std::string::npos) << differs.out;
  EXPECT_NE(differs.out.find("1 of 2 journals are the same"), std::string::npos) << differs.out;
  const Output failed = call({"replay", "rehearse", none.path().string(), bad.path().string(),
                              good.path().string(), "--json"},
                             none.path());
  EXPECT_EQ(failed.code, kExitFailure) << failed.err;
  const auto report = nlohmann::json::parse(failed.out);
  EXPECT_EQ(report.at("verdicts").at(0).at("verdict"), "failed");
  EXPECT_EQ(report.at("verdicts").at(1).at("verdict"), "different");
  EXPECT_EQ(report.at("verdicts").at(2).at("verdict"), "same");
  EXPECT_EQ(report.at("verdicts").at(2).at("report").at("differ"), 0);
}

TEST(Rehearse, TheVerdictsAreWrittenForContinuousIntegration) {
  const TempDir good;
  const TempDir bad;
  const TempDir dir;
  tell_story(good.path());
  tell_what_cannot_be(bad.path());
  const auto file = dir.path() / "rehearsal.xml";
  const Output output = call({"replay", "rehearse", good.path().string(), bad.path().string(),
                              "/no<where>&", "--junit", file.string()},
                             dir.path());
  EXPECT_EQ(output.code, kExitFailure) << output.err;
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  const std::string xml = text.str();
  EXPECT_TRUE(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>"));
  EXPECT_NE(xml.find("tests=\"3\" failures=\"1\" errors=\"1\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("<failure type=\"divergence\" message=\"1 decided otherwise, the first at #3: "
                     "nothing then, PrincipalAdded now\">"),
            std::string::npos)
      << xml;
  EXPECT_NE(xml.find("name=\"/no&lt;where&gt;&amp;\""), std::string::npos) << xml;
  const Output unwritten = call({"replay", "rehearse", good.path().string(), "--junit",
                                 (dir.path() / "no" / "file.xml").string()},
                                dir.path());
  EXPECT_EQ(unwritten.code, kExitFailure);
  EXPECT_NE(unwritten.err.find("cannot be"), std::string::npos) << unwritten.err;
}

}  // namespace
}  // namespace spine::replay
