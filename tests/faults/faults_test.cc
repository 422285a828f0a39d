// What the journal promises when power is lost at a random moment, or the disk is full.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "journal/ahead.h"
#include "journal/journal.h"
#include "journal/snapshots.h"
#include "schemas/event_verify.h"
#include "tests/faults/content.h"
#include "tests/faults/disk_model.h"
#include "tests/faults/writer_run.h"

namespace spine::faults {
namespace {

using journal::BlockView;
using journal::Journal;
using journal::Reader;

// Every event from 1 to last, its text, its body, and the chain.
void expect_intact(Reader& reader, Seq last) {
  ASSERT_TRUE(reader.renew());
  ASSERT_EQ(reader.last(), last);
  if (!last) return;
  journal::Digest256 previous{};
  Seq expected{1};
  Result<BlockView> block = reader.block_of(expected);
  while (block) {
    ASSERT_EQ(block->header().previous, previous);
    for (std::uint32_t i = 0; i < block->count(); ++i, expected = next(expected)) {
      const EventView event = block->event(i);
      ASSERT_EQ(event.seq, expected);
      ASSERT_TRUE(verify_event_body(event.header.kind, event.body));
      const auto* message = flatbuffers::GetRoot<fb::MessageReceived>(event.body.data());
      ASSERT_EQ(message->text()->string_view(), text_content(expected));
    }
    previous = block->sha256();
    block = reader.block_after(*block);
  }
  ASSERT_EQ(block.error().code, Errc::not_found) << block.error().message;
  ASSERT_EQ(expected, next(last));
}

// The promise: everything acknowledged is there, nothing that was not written, and it goes on.
void expect_promise_kept(const fs::path& state, const WriterRun& run, Seq before) {
  auto opened = Journal::open(state / "journal", kContentEpoch);
  ASSERT_TRUE(opened) << opened.error().message;
  Journal& journal = **opened;
  ASSERT_GE(journal.last(), std::max(run.acknowledged, before));
  ASSERT_LE(journal.last(), std::max(run.attempted, before));
  Reader reader = journal.reader();
  ASSERT_NO_FATAL_FAILURE(expect_intact(reader, journal.last()));
  // A snapshot is of what is durable: power that is lost never makes one look like a lost commit.
  const auto ahead = journal::find_ahead(state, Bits128{}, reader);
  ASSERT_TRUE(ahead);
  ASSERT_TRUE(ahead->empty()) << journal::ahead_text(*ahead, journal.last());
  auto snapshots = journal::SnapshotStore::open(state / "snapshots");
  ASSERT_TRUE(snapshots);
  const std::size_t kept = std::min(run.snapshots.size(), limits::kSnapshotsNewestKept);
  for (std::size_t i = run.snapshots.size() - kept; i < run.snapshots.size(); ++i) {
    // The oldest one may just have been removed in favour of one that was not yet reported.
    if (i + limits::kSnapshotsNewestKept == run.snapshots.size()) continue;
    const auto loaded = snapshots->load(run.snapshots[i], kContentEpoch);
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_EQ(as_text(loaded->payload()), snapshot_content(run.snapshots[i]));
  }
}

std::uint64_t seeds_wanted() {
  const char* text = std::getenv("SPINE_FAULT_SEEDS");
  return text == nullptr ? 48 : std::strtoull(text, nullptr, 10);
}

std::uint64_t first_seed() {
  const char* text = std::getenv("SPINE_FAULT_FIRST_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

// Loses power twice: in a new journal, and in the one that came out of the first time.
void lose_power_twice(std::uint64_t seed) {
  TempDir temp;
  Random random(seed);
  Seq before{};
  fs::path state = temp.path() / "life0";
  for (int life = 0; life < 2; ++life) {
    const fs::path image = temp.path() / ("life" + std::to_string(life + 1));
    // Often early: creation and recovery are where few operations decide much.
    const std::uint64_t at = 1 + random.below(random.chance(4) ? 25 : 400);
    const std::uint64_t choices = random.next();
    const WriterRun run = run_writer(
        SPINE_FAULT_WRITER, {"power", state.string(), std::to_string(choices)},
        {"SPINE_FAULT_DIR=" + state.string(), "SPINE_FAULT_IMAGE=" + image.string(),
         "SPINE_FAULT_SEED=" + std::to_string(choices), "SPINE_FAULT_AT=" + std::to_string(at)});
    ASSERT_EQ(run.status, kPowerLost);
    ASSERT_NO_FATAL_FAILURE(expect_promise_kept(image, run, before));
    auto opened = Journal::open(image / "journal", kContentEpoch);
    ASSERT_TRUE(opened);
    before = (*opened)->last();
    state = image;
  }
}

TEST(PowerLoss, EverythingAcknowledgedSurvivesAndNothingElseIsInvented) {
  const std::uint64_t first = first_seed();
  for (std::uint64_t seed = first; seed < first + seeds_wanted(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed) +
                 ": SPINE_FAULT_FIRST_SEED=" + std::to_string(seed) + " SPINE_FAULT_SEEDS=1");
    lose_power_twice(seed);
    if (HasFatalFailure()) return;
  }
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + seeds_wanted() - 1));
}

TEST(FullDisk, IsMetBeforeACommitAndServiceResumes) {
  TempDir temp;
  const fs::path state = temp.path() / "state";
  const std::string space_file = (temp.path() / "space").string();
  const WriterRun run =
      run_writer(SPINE_FAULT_WRITER, {"space", state.string(), space_file},
                 {"SPINE_FAULT_DIR=" + state.string(), "SPINE_FAULT_SPACE_FILE=" + space_file});
  ASSERT_EQ(run.status, 0);
  ASSERT_TRUE(run.acknowledged);
  auto opened = Journal::open(state / "journal", kContentEpoch);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ((*opened)->last(), run.acknowledged);
  Reader reader = (*opened)->reader();
  expect_intact(reader, run.acknowledged);
}

// The layer is only worth something if it does lose what was not synced.
TEST(DiskModel, SyncedContentStaysAndUnsyncedContentIsSometimesLost) {
  const std::vector<std::byte> old(2'048, std::byte{1});
  const std::vector<std::byte> young(2'048, std::byte{2});
  int lost = 0;
  int kept = 0;
  int mixed = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    FileModel file;
    file.write(0, old);
    file.sync();
    file.write(0, young);
    Random random(seed);
    std::uint64_t length = 0;
    const auto sectors = file.lose_power(random, length);
    ASSERT_EQ(length, 2'048U);
    std::size_t young_bytes = 0;
    for (const auto& [index, sector] : sectors) {
      for (const std::byte byte : sector) {
        ASSERT_TRUE(byte == std::byte{1} || byte == std::byte{2});
        if (byte == std::byte{2}) ++young_bytes;
      }
    }
    lost += young_bytes == 0 ? 1 : 0;
    kept += young_bytes == 2'048 ? 1 : 0;
    mixed += young_bytes != 0 && young_bytes != 2'048 ? 1 : 0;
  }
  EXPECT_GT(lost, 20);
  EXPECT_GT(kept, 20);
  EXPECT_GT(mixed, 20);
}

TEST(DiskModel, ASyncedWriteIsDurableAloneWhileItsNeighboursAreNot) {
  FileModel file;
  file.write(0, std::vector<std::byte>(512, std::byte{1}));
  file.write(512, std::vector<std::byte>(512, std::byte{2}));
  file.sync_range(512, 512);
  bool lost_first = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    std::uint64_t length = 0;
    const auto sectors = file.lose_power(random, length);
    ASSERT_EQ(length, 1'024U);
    ASSERT_EQ(sectors.at(1)[100], std::byte{2});
    lost_first = lost_first || !sectors.contains(0);
  }
  EXPECT_TRUE(lost_first);
}

TEST(DiskModel, ARenameIsOldOrNewUntilTheDirectoryIsSynced) {
  bool saw_old = false;
  bool saw_new = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    DiskModel disk;
    disk.adopt("/d/file", as_bytes("old"));
    disk.file(disk.open("/d/file.partial")).write(0, as_bytes("newer"));
    disk.file(disk.open("/d/file.partial")).sync();
    disk.rename("/d/file.partial", "/d/file");
    Random random(seed);
    for (const auto& file : disk.lose_power(random)) {
      ASSERT_EQ(file.path, "/d/file");
      saw_old = saw_old || file.length == 3;
      saw_new = saw_new || file.length == 5;
    }
    disk.sync_names("/d");
    const auto after = disk.lose_power(random);
    ASSERT_EQ(after.size(), 1U);
    ASSERT_EQ(after[0].length, 5U);
  }
  EXPECT_TRUE(saw_old && saw_new);
}

}  // namespace
}  // namespace spine::faults
