// Golden decisions: what golden journals recorded is decided the same today, or a release changed
// it on purpose (engine/core/model/rules.h).
#include "replay/fork/redecision.h"
#include "tests/golden/golden.h"

namespace spine::replay {
namespace {

using core::Record;
using core::State;

ForkReport decided_again(const std::vector<Record>& journal, bool decide) {
  State state;
  std::optional<State> own;
  if (decide) own.emplace();
  Redecision fork(state, 0, std::move(own), {.decide = decide});
  for (std::size_t i = 0; i < journal.size(); ++i) {
    const EventView event = journal[i].view(Seq{i + 1});
    fork.before(event);
    core::evolve(state, event);
  }
  return fork.finish();
}

void expect_the_same(const std::vector<Record>& journal) {
  for (const bool decide : {false, true}) {
    const ForkReport report = decided_again(journal, decide);
    EXPECT_GT(report.inputs, 0U);
    EXPECT_EQ(report.events, journal.size());
    EXPECT_EQ(report.facts, 0U);
    // Where a release changed something, other decisions lead on to more that differs.
    if (decide && report.on_purpose != 0) continue;
    EXPECT_EQ(report.differ, 0U) << "decide " << decide << ", the first at #"
                                 << report.kept.front().seq.value << ": "
                                 << report.kept.front().reason;
  }
}

TEST(GoldenDecisions, EveryJournalIsDecidedAsItWasRecorded) {
  for (const core::fs::path& path : core::golden_files(".journal")) {
    SCOPED_TRACE(path.filename().string());
    expect_the_same(core::read_journal(path));
  }
  for (const core::fs::path& path : core::golden_files(".blocks")) {
    SCOPED_TRACE(path.filename().string());
    expect_the_same(core::read_blocks(path).records);
  }
}

// The journals that this program would write today need no excuse.
TEST(GoldenDecisions, WhatAReleaseChangedIsSeenAndToldApart) {
  const auto journal =
      core::read_journal(core::fs::path(SPINE_GOLDEN_DIR) / "0001-first-life.journal");
  const ForkReport old = decided_again(journal, false);
  EXPECT_GT(old.on_purpose, 0U);
  EXPECT_STREQ(old.kept.front().on_purpose,
               "messages of groups are untrusted unless an admin wrote them");
  const auto young =
      core::read_journal(core::fs::path(SPINE_GOLDEN_DIR) / "0006-life-with-exact-ids.journal");
  EXPECT_EQ(decided_again(young, false).on_purpose, 0U);
}

}  // namespace
}  // namespace spine::replay
