// Tests of predicates: what they say of a state, and what is refused and how.
#include "engine/core/predicate/predicate.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

#include "engine/core/base/bisection.h"
#include "engine/core/model/cells.h"
#include "engine/core/predicate/state_facts.h"
#include "tests/unit/core/life.h"

namespace spine::core {
namespace {

std::string refusal(std::string_view text) {
  const auto predicate = Predicate::parse(text, state_vocabulary());
  if (predicate) return {};
  EXPECT_EQ(predicate.error().code, Errc::invalid_argument);
  return predicate.error().message;
}

class PredicateOfAState : public ::testing::Test {
 protected:
  void SetUp() override {
    world.connect("token");
    world.message({.text = "hello"});
    visit_rows(world.state, "sessions", [&](std::string_view, std::span<const Cell> cells) {
      for (const Cell& cell : cells) {
        if (cell.column == "key") key = std::get<std::string_view>(cell.value);
        if (cell.column == "id") id = std::to_string(std::get<std::uint64_t>(cell.value));
      }
    });
  }
  bool holds(const std::string& text) {
    const auto predicate = Predicate::parse(text, state_vocabulary());
    EXPECT_TRUE(predicate) << text << ": " << (predicate ? "" : predicate.error().message);
    return predicate && predicate->holds(StateFacts(world.state));
  }
  World world{};
  std::string key{};
  std::string id{};
};

TEST_F(PredicateOfAState, CountsAndComparisons) {
  EXPECT_TRUE(holds("sessions.count == 1"));
  EXPECT_TRUE(holds("sessions.count = 1 and count(sessions) >= 1 && not sessions.count > 1"));
  EXPECT_FALSE(holds("sessions.count < 1 or sessions.count != 1 || !(sessions.count <= 1)"));
  EXPECT_TRUE(holds("applied > 1 and meta.applied == applied"));
  EXPECT_TRUE(holds("meta.applied"));
  EXPECT_FALSE(holds("stopped"));
  EXPECT_TRUE(holds("true and not false and applied > -5"));
}

TEST_F(PredicateOfAState, RowsByKeyAndByNumber) {
  EXPECT_TRUE(holds("session[\"" + key + "\"].message_count == 1"));
  EXPECT_TRUE(holds("sessions[" + id + "].key == '" + key + "'"));
  EXPECT_TRUE(holds("exists(session[\"" + key + "\"]) and not exists(session['other'])"));
  EXPECT_FALSE(holds("session['other'].label == ''")) << "there is no such row";
  EXPECT_FALSE(holds("session['other'].label != ''"));
  EXPECT_TRUE(holds("any(runs, sessions[session].key == \"" + key + "\")")) << "a key of a field";
  EXPECT_TRUE(holds("session[" + id +
                    "].key starts_with 'agent:' and "
                    "contains(session[" +
                    id +
                    "].key, 'main') and "
                    "not session[" +
                    id + "].key ends_with 'zzz'"));
}

TEST_F(PredicateOfAState, RowsThatAreLookedThrough) {
  EXPECT_TRUE(holds("any(sessions, conversation == direct)"));
  EXPECT_TRUE(holds("all(sessions, conversation in (direct, group))"));
  EXPECT_FALSE(holds("any(sessions, conversation == group)"));
  EXPECT_TRUE(holds("all(approvals, run == 99)")) << "there is none of which it is not so";
  EXPECT_TRUE(holds("count(runs, status in (queued, running, finished, failed)) == runs.count"));
  EXPECT_TRUE(holds("exists(sessions, sessions.key == \"" + key + "\" and meta.applied > 0)"));
  EXPECT_FALSE(holds("any(sessions, uuid == '00000000-0000-0000-0000-000000000000')"));
}

TEST(Predicate, WhatIsWrongIsNamedWithWhatThereIs) {
  EXPECT_NE(refusal("session.count > 1 )").find("character 19"), std::string::npos);
  EXPECT_NE(refusal("sesions.count > 1").find("There are: meta, sessions, principals"),
            std::string::npos);
  EXPECT_NE(refusal("any(runs, stats == failed)").find("id, key, agent_id"), std::string::npos);
  EXPECT_NE(refusal("session['x'].lable == 'x'").find("It has: id, key"), std::string::npos);
  EXPECT_NE(refusal("any(runs, status == broken)").find("queued, running"), std::string::npos);
  EXPECT_NE(
      refusal("session['x'].label == 3").find("label (a text) cannot be compared with a number"),
      std::string::npos);
  EXPECT_NE(refusal("session['x'].label").find("compare it"), std::string::npos);
  EXPECT_NE(refusal("any(runs, any(runs, status == failed))").find("inside of one another"),
            std::string::npos);
  EXPECT_NE(refusal("epoch > '00000000-0000-0000-0000-000000000000'").find("no order"),
            std::string::npos);
  EXPECT_NE(refusal("epoch == 'zz'").find("no UUID"), std::string::npos);
  EXPECT_NE(refusal("applied contains 'x'").find("cannot be compared"), std::string::npos);
  for (const char* text : {"",
                           "(",
                           "applied >",
                           "applied > > 1",
                           "any(",
                           "any(runs",
                           "any(runs,",
                           "session[",
                           "a.b",
                           "session['x']",
                           "'open",
                           "applied == 99999999999999999999",
                           "12x",
                           "not",
                           "and",
                           "in (1)",
                           "applied in ()",
                           "applied in (1",
                           "exists(runs)",
                           "sum(runs)",
                           "meta[1].applied",
                           "principals['x'].name == 'y'",
                           "(applied > 1) == (applied > 2)",
                           "\x1b[31m",
                           "@#$%"}) {
    const std::string why = refusal(text);
    EXPECT_NE(why, "") << text;
    EXPECT_EQ(why.find('\x1b'), std::string::npos);
  }
}

TEST(Predicate, SizeAndDepthAreBounded) {
  const auto repeated = [](const std::string& text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i)
      out += text;
    return out;
  };
  EXPECT_NE(refusal(std::string(100'000, '(')).find("longer than"), std::string::npos);
  EXPECT_NE(refusal(repeated("(", 4000)).find("too deep"), std::string::npos);
  EXPECT_NE(refusal(repeated("!", 4000)).find("too deep"), std::string::npos);
  EXPECT_NE(refusal(repeated("contains(", 400)).find("too deep"), std::string::npos);
  EXPECT_NE(refusal(repeated("session[", 400)).find("too deep"), std::string::npos);
  EXPECT_NE(refusal(repeated("exists(session[", 200)).find("too deep"), std::string::npos);
  EXPECT_NE(refusal(repeated("applied or ", 300) + "applied").find("parts"), std::string::npos);
  EXPECT_EQ(refusal(repeated("(", 30) + "applied" + repeated(")", 30)), "");
}

TEST(Predicate, NoTextMakesItCrash) {
  Life life(3);
  for (int i = 0; i < 200; ++i)
    life.step();
  const std::vector<std::string> words{
      "any(", "all(",  "count(", "exists(", "runs",    "sessions", "session[", "'main'", "]",
      ".",    "count", "status", "failed",  "==",      "<",        "in",       "(",      ")",
      ",",    "and",   "or",     "not",     "applied", "5",        "-1",       "key",    "epoch",
      "uuid", "meta.", "'",      "\\",      "\xff",    "contains", "label",    "true",   "!="};
  std::mt19937 random(7);
  std::size_t understood = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::size_t n = random() % 12; n > 0; --n)
      text += words[random() % words.size()] + (random() % 4 == 0 ? "" : " ");
    const auto predicate = Predicate::parse(text, state_vocabulary());
    if (!predicate) continue;
    ++understood;
    const bool first = predicate->holds(StateFacts(life.world.state));
    EXPECT_EQ(predicate->holds(StateFacts(life.world.state)), first) << text;
  }
  EXPECT_GT(understood, 100U);
}

TEST(Bisection, FindsTheFirstBadOneWhereverItIs) {
  for (std::uint64_t first = 1; first <= 40; ++first) {
    Bisection bisection(Seq{0}, Seq{40});
    std::size_t tests = 0;
    while (const auto at = bisection.next()) {
      ++tests;
      bisection.mark({.seq = *at, .verdict = at->value >= first ? Verdict::bad : Verdict::good});
    }
    EXPECT_TRUE(bisection.found());
    EXPECT_EQ(bisection.bad(), Seq{first});
    EXPECT_LE(tests, 6U);
  }
}

TEST(Bisection, SkippedOnesAreGoneAroundAndMayLeaveItOpen) {
  Bisection bisection(Seq{0}, Seq{40});
  while (const auto at = bisection.next()) {
    const bool skip = at->value >= 18 && at->value <= 22;
    bisection.mark({.seq = *at,
                    .verdict = skip              ? Verdict::skip
                               : at->value >= 20 ? Verdict::bad
                                                 : Verdict::good});
  }
  EXPECT_FALSE(bisection.found());
  EXPECT_EQ(bisection.good(), Seq{17});
  EXPECT_EQ(bisection.bad(), Seq{23});
}

TEST(Bisection, ItsLogIsReadAgain) {
  const std::string log = "# spine\n" + log_lines({Seq{3}, Verdict::good}, "what") +
                          log_lines({Seq{9}, Verdict::bad}, "") +
                          log_lines({Seq{5}, Verdict::skip}, "x");
  const auto marks = read_log(log);
  ASSERT_TRUE(marks);
  ASSERT_EQ(marks->size(), 3U);
  EXPECT_EQ((*marks)[1].seq, Seq{9});
  EXPECT_EQ((*marks)[2].verdict, Verdict::skip);
  for (const char* text : {"good", "good x", "worse 5", "good 5 6", "good -1"})
    EXPECT_FALSE(read_log(text)) << text;
}

}  // namespace
}  // namespace spine::core
