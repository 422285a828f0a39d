// Tests of journal/scan.h and replay/journal/inspect.cc: a whole journal is whole, and any flipped
// byte is named.
#include "journal/scan.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "journal/snapshots.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Flips one bit of data.mdb in place.
void flip(const fs::path& state_dir, std::size_t offset) {
  std::fstream file(state_dir / "journal" / "data.mdb",
                    std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(offset));
  const auto byte = static_cast<char>(file.get() ^ 0x10);
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(byte);
}

// Where the live blocks lie in data.mdb; copies that LMDB no longer uses are not among them.
std::vector<std::pair<std::size_t, std::size_t>> live_blocks(const fs::path& state_dir) {
  std::vector<std::pair<std::size_t, std::size_t>> blocks;
  auto reader = journal::Reader::open_read_only(state_dir / "journal");
  EXPECT_TRUE(reader && reader->renew());
  for (Seq at{1}; at <= reader->last();) {
    const auto block = reader->block_of(at);
    EXPECT_TRUE(block) << block.error().message;
    blocks.emplace_back(static_cast<std::size_t>(journal::file_offset(block->bytes())),
                        block->bytes().size());
    at = next(block->last());
  }
  return blocks;
}

TEST(JournalVerify, AWholeJournalIsWhole) {
  const TempDir dir;
  tell_story(dir.path());
  const Output output = call({"journal", "verify"}, dir.path());
  EXPECT_EQ(output.code, kExitOk) << output.out << output.err;
  EXPECT_NE(output.out.find("The journal is whole"), std::string::npos) << output.out;
}

TEST(JournalVerify, JsonCountsBlocksEventsAndNamesTheHead) {
  const TempDir dir;
  tell_story(dir.path());
  const Output output = call({"journal", "verify", "--json"}, dir.path());
  const auto json = nlohmann::json::parse(output.out);
  EXPECT_TRUE(json.at("ok").get<bool>());
  EXPECT_EQ(json.at("blocks"), 7);
  EXPECT_EQ(json.at("firstSeq"), 1);
  EXPECT_EQ(json.at("lastSeq"), json.at("events"));
  EXPECT_EQ(json.at("head").get<std::string>().size(), 64U);
  EXPECT_TRUE(json.at("damages").empty());
}

TEST(JournalVerify, AFlippedByteOfABodyNamesItsBlockAndOffset) {
  const TempDir dir;
  tell_story(dir.path());
  const std::string before = bytes_of(dir.path() / "journal" / "data.mdb");
  const auto [start, size] = live_blocks(dir.path()).at(3);
  const std::size_t at = before.find("line one", start);
  ASSERT_LT(at, start + size);
  flip(dir.path(), at);
  const Output output = call({"journal", "verify", "--json"}, dir.path());
  EXPECT_EQ(output.code, kExitFailure);
  const auto json = nlohmann::json::parse(output.out);
  ASSERT_EQ(json.at("damages").size(), 1U);
  const auto damage = json.at("damages").at(0);
  const auto offset = damage.at("fileOffset").get<std::size_t>();
  EXPECT_EQ(offset, start);
  EXPECT_LT(damage.at("firstSeq"), damage.at("lastSeq"));
}

TEST(JournalVerify, EveryPartOfEveryLiveBlockIsGuarded) {
  const TempDir dir;
  tell_story(dir.path());
  const auto blocks = live_blocks(dir.path());
  ASSERT_EQ(blocks.size(), 7U);
  for (const auto& [offset, size] : blocks) {
    for (std::size_t i = 0; i < size; i += 101) {
      flip(dir.path(), offset + i);
      EXPECT_EQ(call({"journal", "verify"}, dir.path()).code, kExitFailure)
          << "byte " << i << " of the block at " << offset;
      flip(dir.path(), offset + i);
    }
  }
  EXPECT_EQ(call({"journal", "verify"}, dir.path()).code, kExitOk);
}

TEST(JournalVerify, AScanThatHadToEndEarlyDoesNotCallTheJournalWhole) {
  const TempDir dir;
  tell_story(dir.path());
  auto reader = journal::Reader::open_read_only(dir.path() / "journal");
  ASSERT_TRUE(reader);
  ASSERT_TRUE(journal::scan(*reader, std::chrono::milliseconds(0)).damages.empty());
  ASSERT_TRUE(reader->renew());
  {
    // Both meta pages say that pages far beyond the map are in use: the next look fails.
    constexpr std::streamoff kLastPage = 136;
    std::fstream file(dir.path() / "journal" / "data.mdb",
                      std::ios::binary | std::ios::in | std::ios::out);
    for (const std::streamoff page : {0, 4096}) {
      file.seekp(page + kLastPage + 6);
      file.put(1);
    }
  }
  const journal::ScanReport report = journal::scan(*reader, std::chrono::milliseconds(0));
  ASSERT_EQ(report.damages_total, 1U);
  EXPECT_EQ(report.damages[0].first, next(report.last));
  EXPECT_NE(report.damages[0].what.find("could not be read"), std::string::npos);
}

// Sealed records are for a later version: every tool of this one says so, and none reads them.
TEST(JournalVerify, ASealedEventIsNamedByEveryTool) {
  const TempDir dir;
  {
    Story story(dir.path());
    story.created();
    story.sealed_message();
  }
  const std::string named = "event 2 (MessageReceived) is sealed with key 12";
  const Output verify = call({"journal", "verify"}, dir.path());
  EXPECT_EQ(verify.code, kExitFailure);
  EXPECT_NE(verify.out.find("Not read: block #2 to #2, byte"), std::string::npos) << verify.out;
  EXPECT_NE(verify.out.find(named), std::string::npos) << verify.out;
  const Output fold = call({"replay", "verify"}, dir.path());
  EXPECT_EQ(fold.code, kExitFailure);
  EXPECT_NE(fold.err.find("The journal cannot be folded: " + named), std::string::npos) << fold.err;
  const Output dump = call({"journal", "dump"}, dir.path());
  EXPECT_EQ(dump.code, kExitOk) << dump.err;
  EXPECT_NE(dump.out.find("bytes this program cannot read: " + named), std::string::npos)
      << dump.out;
  const Output json = call({"journal", "dump", "--json", "--from", "2"}, dir.path());
  EXPECT_TRUE(nlohmann::json::parse(json.out).at("body").is_null()) << json.out;
}

TEST(JournalVerify, SaysWhereNoJournalIs) {
  const TempDir dir;
  const Output output = call({"journal", "verify"}, dir.path());
  EXPECT_EQ(output.code, kExitFailure);
  EXPECT_NE(output.err.find(dir.path().string()), std::string::npos) << output.err;
}

TEST(JournalVerify, ASnapshotAheadOfTheJournalIsDamageOfItsEnd) {
  const TempDir dir;
  tell_story(dir.path());
  auto store = journal::SnapshotStore::open(dir.path() / "snapshots");
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->write(Seq{500}, Bits128{7, 9}, {}, journal::Digest256{}));
  const Output verify = call({"journal", "verify"}, dir.path());
  EXPECT_EQ(verify.code, kExitFailure);
  EXPECT_NE(verify.out.find("00500.snapshot was made at event 500: what it was made of is missing"),
            std::string::npos)
      << verify.out;
  const Output info = call({"journal", "info"}, dir.path());
  EXPECT_EQ(info.code, kExitOk);
  EXPECT_NE(info.out.find("Missing   The journal ends at event "), std::string::npos) << info.out;
  const auto json = nlohmann::json::parse(call({"journal", "info", "--json"}, dir.path()).out);
  EXPECT_EQ(json.at("ahead").at(0).at("seq"), 500);
  EXPECT_EQ(json.at("ahead").at(0).at("otherHistory"), false);
}

TEST(JournalVerify, WhatANewerVersionWroteIsNotCalledDamage) {
  const TempDir dir;
  {
    Story story(dir.path());
    story.created();
    story.sealed_message();
  }
  const Output verify = call({"journal", "verify"}, dir.path());
  EXPECT_EQ(verify.code, kExitFailure);
  EXPECT_NE(verify.out.find("A newer version of Spine wrote into this journal"), std::string::npos)
      << verify.out;
  EXPECT_NE(verify.out.find("Install that version or a later one"), std::string::npos);
  EXPECT_EQ(verify.out.find("DAMAGED"), std::string::npos);
}

TEST(JournalInfo, ShowsExtentAndEpoch) {
  const TempDir dir;
  tell_story(dir.path());
  const Output output = call({"journal", "info", "--json"}, dir.path());
  ASSERT_EQ(output.code, kExitOk) << output.err;
  const auto json = nlohmann::json::parse(output.out);
  EXPECT_EQ(json.at("epoch"), "00000000-0000-0007-0000-000000000009");
  EXPECT_EQ(json.at("events"), json.at("lastSeq"));
  EXPECT_EQ(json.at("formatVersion"), journal::kFormatVersion);
}

}  // namespace
}  // namespace spine::replay
