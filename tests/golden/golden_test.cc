// Golden journals: folds each one and compares the digest every 100 events.
//
// <name>.journal holds records as in a block: RecordHeader, body, zeros up to a multiple of 8.
// <name>.digest holds lines "<seq> <digest version> <digest>". Both are written once, by running
// this test with SPINE_GOLDEN_UPDATE=1, which makes what is missing and touches nothing else. A
// journal that does not fold to its digests means that old journals have changed their meaning.
#include "tests/golden/golden.h"

#include <algorithm>
#include <cstdlib>

namespace spine::core {
namespace {

// Journals that this program can make, and the number of inputs of each.
struct Recipe {
  const char* name;
  std::uint64_t seed;
  int inputs;
};
constexpr Recipe kRecipes[] = {
    {"0001-first-life", 1, 600},         {"0002-second-life", 26, 600},
    {"0003-third-life", 1'003, 600},     {"0004-life-with-doors", 4, 900},
    {"0005-life-with-agents", 5, 1'500}, {"0006-life-with-exact-ids", 6, 1'500},
};

void write_journal(const fs::path& path, const std::vector<Record>& journal) {
  std::ofstream file(path, std::ios::binary);
  for (const Record& record : journal) {
    file.write(reinterpret_cast<const char*>(&record.header), sizeof(record.header));
    file.write(reinterpret_cast<const char*>(record.words.data()),
               static_cast<std::streamsize>(align8(record.header.body_bytes)));
  }
}

void write_missing() {
  for (const Recipe& recipe : kRecipes) {
    const fs::path base = fs::path(SPINE_GOLDEN_DIR) / recipe.name;
    const fs::path journal = base.string() + ".journal";
    if (fs::exists(journal)) continue;
    Life life(recipe.seed);
    for (int i = 0; i < recipe.inputs; ++i)
      life.step();
    write_journal(journal, life.world.journal);
    std::ofstream(base.string() + ".digest") << digest_lines(life.world.journal);
  }
}

TEST(Golden, EveryJournalFoldsToItsDigests) {
  if (std::getenv("SPINE_GOLDEN_UPDATE") != nullptr) write_missing();
  const std::vector<fs::path> journals = golden_files(".journal");
  ASSERT_GE(journals.size(), std::size(kRecipes)) << "a golden journal is missing";
  for (const fs::path& path : journals) {
    SCOPED_TRACE(path.filename().string());
    const std::vector<Record> journal = read_journal(path);
    EXPECT_FALSE(journal.empty());
    EXPECT_EQ(digest_lines(journal), slurp(fs::path(path).replace_extension(".digest")));
  }
}

// All kinds that a release emits are in some golden journal, or nothing would hold their meaning.
TEST(Golden, TheJournalsHoldEveryKindThatChangesState) {
  std::vector<std::uint16_t> kinds;
  for (const fs::path& path : golden_files(".journal")) {
    for (const Record& record : read_journal(path))
      kinds.push_back(record.header.kind);
  }
  for (const char* name : {"JournalCreated",
                           "EngineStarted",
                           "TimeZoneChanged",
                           "ZoneRules",
                           "DeadlineReached",
                           "PrincipalAdded",
                           "PrincipalExpired",
                           "ClientConnected",
                           "MessageReceived",
                           "MessageRejected",
                           "SessionOpened",
                           "SessionReset",
                           "SessionClosed",
                           "RunQueued",
                           "RunStarted",
                           "RunFinished",
                           "RunFailed",
                           "RunAborted",
                           "ConfigApplied",
                           "SessionPatched",
                           "CommandAnswered",
                           "DevicePaired",
                           "DeviceRenamed",
                           "DeviceTokenChanged",
                           "DeviceRemoved",
                           "ChannelPairingRequested",
                           "ChannelPairingResolved",
                           "PairingCodeAnswered",
                           "ConnectsRefused",
                           "ConfigChanged",
                           "RunInterrupted",
                           "RunSteered",
                           "RunsMerged",
                           "ToolCalled",
                           "ToolReturned",
                           "BodyRecorded",
                           "PartialAnswerRecorded",
                           "ApprovalRequested",
                           "ApprovalOpened",
                           "ApprovalResolved",
                           "AgentSessionBound",
                           "AgentStarted",
                           "AgentExited",
                           "AgentQuarantined",
                           "AgentReset",
                           "AgentRestartRequested",
                           "SkillsChanged"}) {
    EXPECT_NE(std::find(kinds.begin(), kinds.end(), event_kind_of(name)), kinds.end()) << name;
  }
}

}  // namespace
}  // namespace spine::core
