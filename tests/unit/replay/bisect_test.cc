// Tests of bisect, digests and step: the planted event is found, and every route gives one state.
#include <fstream>
#include <map>
#include <random>

#include "engine/core/predicate/state_facts.h"
#include "replay/search/state_search.h"
#include "replay/timeline/checkpoints.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

class BisectOfAStory : public ::testing::Test {
 protected:
  void SetUp() override {
    tell_story(dir.path());
    auto timeline = Timeline::open(dir.path());
    ASSERT_TRUE(timeline);
    last = timeline->last().value;
  }
  Output bisect(std::vector<std::string> words) {
    words.insert(words.begin(), {"replay", "bisect"});
    return call(std::move(words), dir.path());
  }
  // spine-replay's step with these commands as its input.
  Output step(std::string commands, std::vector<std::string> words = {}) {
    words.insert(words.begin(), {"replay", "step"});
    return call(std::move(words), dir.path(), std::move(commands));
  }
  TempDir dir{};
  std::uint64_t last{};
};

TEST_F(BisectOfAStory, FindsThePlantedEventWhereverItIs) {
  for (std::uint64_t planted = 1; planted <= last; ++planted) {
    const std::string test = "applied >= " + std::to_string(planted);
    const std::string first = "#" + std::to_string(planted) + " is the first event after which";
    EXPECT_TRUE(has(bisect({"--test", test}).out, first)) << planted;
    const Output every = bisect({"--test", test, "--every"});
    EXPECT_EQ(every.code, kExitOk);
    EXPECT_TRUE(has(every.out, first)) << planted;
  }
}

TEST_F(BisectOfAStory, TheHalvingIsTheSameWhetherARangeIsFoldedOnceOrAgainAndAgain) {
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline);
  const auto predicate = core::Predicate::parse("sessions.count >= 2", core::state_vocabulary());
  ASSERT_TRUE(predicate);
  StateSearch search(*timeline, *predicate);
  core::Bisection slow(Seq{0}, Seq{last});
  while (const auto at = slow.next()) {
    const auto said = search.verdict_at(*at);
    ASSERT_TRUE(said);
    slow.mark({.seq = *at, .verdict = *said});
  }
  core::Bisection quick(Seq{0}, Seq{last});
  const auto found = search.halve(quick, [](const core::Bisection&, core::Mark) {});
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, slow.bad());
  EXPECT_TRUE(has(
      call({"journal", "dump", "--from", std::to_string(found->value), "--limit", "1"}, dir.path())
          .out,
      "SessionOpened"));
}

TEST_F(BisectOfAStory, TheEndsAreCheckedAndSaid) {
  const Output already = bisect({"--test", "applied >= 1", "--good", "3"});
  EXPECT_EQ(already.code, kExitFailure);
  EXPECT_TRUE(has(already.err, "holds already at #3, 20")) << already.err;
  const Output never = bisect({"--test", "sessions.count > 9"});
  EXPECT_EQ(never.code, kExitFailure);
  EXPECT_TRUE(has(never.err, "does not hold at #" + std::to_string(last)));
  EXPECT_TRUE(has(bisect({"--test", "sessions.count > 9", "--every"}).err, "does not turn true"));
  EXPECT_EQ(bisect({"--test", "applied > 1", "--good", "5", "--bad", "5"}).code, kExitUsage);
  EXPECT_EQ(bisect({"--test", "applied >"}).code, kExitUsage);
  EXPECT_EQ(bisect({}).code, kExitUsage);
  EXPECT_TRUE(has(bisect({"--run", "true"}).err, "spine-replay starts no programs"));
  EXPECT_EQ(bisect({"--test", "applied > 1", "--bad", "9999"}).code, kExitFailure);
}

TEST_F(BisectOfAStory, WhatTurnsTrueAndFalseIsFoundByLookingAfterEveryEvent) {
  const Output output = bisect({"--test", "applied in (4, 7)", "--every"});
  EXPECT_TRUE(has(output.out, "#4 is the first event")) << output.out << output.err;
  EXPECT_TRUE(has(bisect({"--test", "applied in (4, 7)", "--every", "--good", "4"}).out,
                  "#7 is the first event"));
}

TEST_F(BisectOfAStory, JsonAndTheLogSayTheSame) {
  const auto log = (dir.path() / "log").string();
  const Output output = bisect({"--test", "applied >= 5", "--log", log, "--json"});
  EXPECT_TRUE(has(output.out, R"("test":"applied >= 5")")) << output.out;
  EXPECT_TRUE(has(output.out, R"("seq":5,"time":"20)"));
  std::ifstream file(log);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(has(text, "# first bad: [#5]"));
  const auto marks = core::read_log(text);
  ASSERT_TRUE(marks);
  for (const core::Mark mark : *marks)
    EXPECT_EQ(mark.verdict == core::Verdict::bad, mark.seq.value >= 5);
}

TEST_F(BisectOfAStory, StreamsOfDigestsAreComparedWhereBothHaveOne) {
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(dir.path() / name) << text;
    return (dir.path() / name).string();
  };
  const std::string all = call({"replay", "digests", "--every", "1"}, dir.path()).out;
  const std::string few = call({"replay", "digests", "--every", "3"}, dir.path()).out;
  const std::string a = write("a", all);
  EXPECT_EQ(bisect({"--digests", a, write("b", few)}).code, kExitOk);
  std::string changed = all;
  const std::size_t fifth = changed.find("\"digest\":\"", changed.find("{\"seq\":5,")) + 10;
  changed[fifth] = changed[fifth] == '0' ? '1' : '0';
  const Output output = bisect({"--digests", a, write("c", changed)});
  EXPECT_EQ(output.code, kExitDiffers);
  EXPECT_TRUE(has(output.out, "#5 is the first digest that differs")) << output.out;
  EXPECT_TRUE(has(output.out, "The last equal one is at #4"));
  for (const char* text : {"", "hello", "{\"seq\":1}", "{\"seq\":900,\"digest\":\"a\"}",
                           "{\"seq\":2,\"digest\":\"a\"}\n{\"seq\":1,\"digest\":\"a\"}", "[[[["})
    EXPECT_NE(bisect({"--digests", a, write("d", text)}).code, kExitOk) << text;
  EXPECT_EQ(bisect({"--digests", a, "/nowhere"}).code, kExitFailure);
}

TEST_F(BisectOfAStory, SteppingForthAndBackGivesTheStatesOfAStraightFold) {
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline);
  std::map<std::uint64_t, Bits128> expected;
  core::State folded;
  for (std::uint64_t seq = 1; seq <= last; ++seq) {
    ASSERT_TRUE(timeline->fold_to(Seq{seq}, folded));
    expected[seq] = core::digest(folded).total;
  }
  Checkpoints checkpoints(*timeline);
  core::State state;
  std::mt19937 random(5);
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t to = 1 + random() % last;
    const bool back = Seq{to} < state.applied();
    ASSERT_TRUE(back ? checkpoints.step_back(Seq{to}, state) : checkpoints.reach(Seq{to}, state));
    if (random() % 3 == 0) checkpoints.keep(state);
    ASSERT_EQ(core::digest(state).total, expected[to]) << to;
  }
}

TEST_F(BisectOfAStory, StepObeysItsCommands) {
  const Output output = step(
      "next\nnext 2\nback\ngoto 6\nback 2\nevent\nwhy\nuntil sessions.count >= 2\ndiff\n"
      "show\nshow sessions\nrun kind StateDigested\nrun session 999\nhelp\nquit\nnext\n");
  EXPECT_EQ(output.code, kExitFailure) << "one of them finds nothing";
  EXPECT_TRUE(has(output.err, "No later event is of that kind or session")) << output.err;
  EXPECT_TRUE(has(output.out, "StateDigested"));
  EXPECT_TRUE(has(output.out, "+ sessions #")) << output.out;
  EXPECT_TRUE(has(output.out, "goto <moment>"));
}

TEST_F(BisectOfAStory, StepSaysWhatItDoesNotUnderstandAndGoesOn) {
  const Output output = step(
      "jump\nnext x\nback\nrun\nuntil (\nshow nothing\nshow session nobody\n"
      "goto 99999\n" +
      std::string(20'000, 'x') + "\nnext\n");
  EXPECT_EQ(output.code, kExitFailure);
  for (const char* part :
       {"\"jump\" is no command", "\"x\" is no number", "the first event", "run kind RunFailed",
        "The predicate is not understood", "outside the journal"})
    EXPECT_TRUE(has(output.err, part)) << part << output.err;
  EXPECT_TRUE(has(output.out, "   #2 ")) << output.out;
  EXPECT_EQ(step("next\nnext\nback\n").code, kExitOk);
  EXPECT_EQ(step("show\n", {"--at", "latest", "--json"}).code, kExitOk);
}

}  // namespace
}  // namespace spine::replay
