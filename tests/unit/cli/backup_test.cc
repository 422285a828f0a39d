// Tests of backups: their manifest, making one, putting one in place.
#include "adapters/cli/backup.h"

#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/cli/restore.h"
#include "adapters/media/stored_file.h"
#include "engine/state_dir/restored_mark.h"
#include "engine/state_dir/state_dir.h"
#include "journal/snapshots.h"
#include "schemas/vocab/sha256.h"
#include "tests/unit/journal/support.h"

namespace spine::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string read_file(const fs::path& path) {
  std::string text(fs::file_size(path), '\0');
  std::ifstream(path, std::ios::binary)
      .read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}

unsigned mode_of(const fs::path& path) {
  return static_cast<unsigned>(fs::status(path).permissions());
}

// A state directory with a journal of 60 events, a snapshot, a token and a key, and a
// configuration.
class BackupTest : public testing::Test {
 protected:
  BackupTest() {
    fs::create_directories(state());
    const auto journal = journal::open_journal(state() / "journal");
    journal::commit_messages(*journal, 5, 8);
    auto snapshots = journal::SnapshotStore::open(state() / "snapshots");
    EXPECT_TRUE(snapshots->write(Seq{40}, journal::kEpoch, as_bytes("state"), journal->head()));
    journal::commit_messages(*journal, 5, 4);
    write(state() / "token", "a-token\n");
    write(state() / "identity.pem", "a key\n");
    fs::create_directories(state() / "media");
    write(picture(), "a picture");
    write(state() / "spine.lock", "1 2\n");
    write(state() / "token.7.new", "half");
    write(config(), "{}\n");
  }
  fs::path state() const { return temp_.path() / "state"; }
  fs::path picture() const { return state() / "media" / media::media_name(sha256_of("a picture")); }
  fs::path config() const { return temp_.path() / "openclaw.json"; }
  fs::path copy() const { return temp_.path() / "copy"; }
  fs::path other() const { return temp_.path() / "other"; }

  static void write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  }
  Result<BackupReport> make() {
    LongWork work;
    return make_backup(
        {.to = copy(), .state_dir = state(), .config_path = config(), .spine_version = "test"},
        work);
  }
  Result<RestoreReport> restore_to(const fs::path& dir, bool replace = false) {
    LongWork work;
    return restore_backup(
        {.from = copy(), .state_dir = dir, .config_path = config(), .replace = replace}, work);
  }
  // Everything in the temporary directory that is neither the original nor the backup.
  std::vector<std::string> left() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(temp_.path())) {
      const std::string name = entry.path().filename().string();
      if (name != "state" && name != "openclaw.json" && name != "copy") names.push_back(name);
    }
    return names;
  }

 private:
  journal::TempDir temp_{};
};

TEST_F(BackupTest, HoldsJournalSnapshotsKeysAndConfigurationForTheOwnerAlone) {
  const auto report = make();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->manifest.last, Seq{60});
  std::vector<std::string> names;
  for (const BackupFile& file : report->manifest.files) {
    names.push_back(file.path);
    EXPECT_EQ(fs::file_size(copy() / file.path), file.bytes);
    EXPECT_EQ(mode_of(copy() / file.path), 0600U) << file.path;
    EXPECT_EQ(mode_of((copy() / file.path).parent_path()), 0700U) << file.path;
  }
  EXPECT_EQ(names, (std::vector<std::string>{
                       "state/journal/data.mdb", "state/snapshots/00000000000000000040.snapshot",
                       "state/media/" + picture().filename().string(), "state/identity.pem",
                       "state/token", "config/openclaw.json"}));
  auto reader = journal::Reader::open_read_only(copy() / "state" / "journal");
  ASSERT_TRUE(reader);
  journal::expect_whole(*reader, Seq{60});
  EXPECT_TRUE(left().empty());
}

TEST_F(BackupTest, IsNotMadeWhereSomethingIs) {
  fs::create_directory(copy());
  write(copy() / "mine", "x");
  const auto report = make();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::refused);
  EXPECT_TRUE(left().empty());
  fs::remove(copy() / "mine");
  EXPECT_TRUE(make()) << "an empty directory will do";
}

TEST_F(BackupTest, ThatAnotherOneIsMakingIsLeftAlone) {
  fs::create_directory(copy().string() + ".partial");
  const auto report = make();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::in_use);
  EXPECT_EQ(left(), std::vector<std::string>{"copy.partial"});
}

TEST_F(BackupTest, LeavesASnapshotOutThatIsDamagedAndSaysSo) {
  write(state() / "snapshots" / "00000000000000000010.snapshot", "no snapshot");
  const auto report = make();
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_FALSE(report->notes.empty());
  EXPECT_THAT(report->notes.front(), HasSubstr("snapshot 10 is left out"));
  EXPECT_FALSE(fs::exists(copy() / "state/snapshots/00000000000000000010.snapshot"));
}

TEST_F(BackupTest, HoldsMediaThatAreWholeAndBringsThemBack) {
  const fs::path damaged = state() / "media" / media::media_name(sha256_of("a letter"));
  write(damaged, "another letter");
  write(state() / "media" / "incoming-1.partial", "half");
  const auto report = make();
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->notes.size(), 1U);
  EXPECT_THAT(report->notes[0], HasSubstr(damaged.filename().string()));
  EXPECT_FALSE(fs::exists(copy() / "state/media" / damaged.filename()));
  EXPECT_FALSE(fs::exists(copy() / "state/media/incoming-1.partial"));
  ASSERT_TRUE(restore_to(other()));
  EXPECT_EQ(read_file(other() / "media" / picture().filename()), "a picture");
  EXPECT_EQ(mode_of(other() / "media"), 0700U);
  EXPECT_TRUE(media::StoredFile::open(other() / "media", sha256_of("a picture")));
}

TEST_F(BackupTest, OfADamagedJournalIsRefusedAndLeavesNothing) {
  std::string bytes = read_file(state() / "journal" / "data.mdb");
  for (std::size_t at = bytes.find("message 18"); at != std::string::npos;
       at = bytes.find("message 18", at)) {
    bytes[at] = 'M';
  }
  write(state() / "journal" / "data.mdb", bytes);
  const auto report = make();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::corrupt);
  EXPECT_FALSE(fs::exists(copy()));
  EXPECT_TRUE(left().empty());
}

TEST_F(BackupTest, StoppedByASignalLeavesNothing) {
  {
    LongWork work;
    ::raise(SIGINT);
    const auto report =
        make_backup({.to = copy(), .state_dir = state(), .config_path = config()}, work);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().message, LongWork::stopped().message);
  }
  EXPECT_FALSE(fs::exists(copy()));
  EXPECT_TRUE(left().empty());
}

TEST_F(BackupTest, ComesBackElsewhereWithTheMarkOfARestore) {
  ASSERT_TRUE(make());
  const auto report = restore_to(other());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->before.empty());
  EXPECT_EQ(mode_of(other()), 0700U);
  EXPECT_EQ(read_file(other() / "token"), "a-token\n");
  EXPECT_TRUE(state_dir::has_restored_mark(other()));
  auto reader = journal::Reader::open_read_only(other() / "journal");
  ASSERT_TRUE(reader);
  journal::expect_whole(*reader, Seq{60});
  const auto snapshots = journal::SnapshotStore::look_at(other() / "snapshots");
  EXPECT_TRUE(snapshots.load(Seq{40}, journal::kEpoch));
}

TEST_F(BackupTest, OfARestoredStateDoesNotHoldItsMark) {
  ASSERT_TRUE(state_dir::leave_restored_mark(state()));
  ASSERT_TRUE(make());
  EXPECT_FALSE(fs::exists(copy() / "state" / "restored"));
}

TEST_F(BackupTest, ReplacesAStateOnlyWhenToldToAndKeepsIt) {
  ASSERT_TRUE(make());
  write(state() / "token", "later\n");
  const auto refused = restore_to(state());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::refused);
  EXPECT_THAT(refused.error().message, HasSubstr("--replace"));
  EXPECT_EQ(read_file(state() / "token"), "later\n");
  const auto report = restore_to(state(), true);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(read_file(state() / "token"), "a-token\n");
  EXPECT_EQ(read_file(report->before / "token"), "later\n");
  EXPECT_EQ(left(), std::vector{report->before.filename().string()});
}

TEST_F(BackupTest, IsNotPutInPlaceWhereAGatewayRuns) {
  ASSERT_TRUE(make());
  const auto lock = state_dir::StateLock::acquire(state());
  ASSERT_TRUE(lock);
  const auto report = restore_to(state(), true);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::in_use);
  EXPECT_THAT(report.error().message, HasSubstr("spine stop"));
  EXPECT_TRUE(left().empty());
}

TEST_F(BackupTest, WithAnyFileDamagedShortOrMissingIsRefusedNamingIt) {
  const auto made = make();
  ASSERT_TRUE(made);
  for (const BackupFile& file : made->manifest.files) {
    const std::string good = read_file(copy() / file.path);
    std::string bad = good;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
    for (const std::string& content : {bad, good.substr(1), good + "x", std::string{}}) {
      write(copy() / file.path, content);
      const auto report = restore_to(other());
      ASSERT_FALSE(report);
      EXPECT_EQ(report.error().code, Errc::corrupt);
      EXPECT_THAT(report.error().message, HasSubstr((copy() / file.path).string()));
    }
    fs::remove(copy() / file.path);
    EXPECT_THAT(restore_to(other()).error().message, HasSubstr("is missing"));
    write(copy() / file.path, good);
  }
  EXPECT_TRUE(left().empty());
  EXPECT_TRUE(restore_to(other()));
}

TEST_F(BackupTest, WithTheManifestOfAnotherOneIsRefused) {
  ASSERT_TRUE(make());
  std::string text = read_file(copy() / kManifestName);
  text.replace(text.find("\"lastSeq\": 60"), 13, "\"lastSeq\": 59");
  write(copy() / kManifestName, text);
  const auto report = restore_to(other());
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("is that of another journal"));
  EXPECT_TRUE(left().empty());
}

TEST_F(BackupTest, PutsTheConfigurationWhereNoneIsAndElseBesideIt) {
  using Outcome = RestoredConfig::Outcome;
  ASSERT_TRUE(make());
  auto report = restore_to(other());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->config.front().outcome, Outcome::same);
  write(config(), "{ /* mine */ }\n");
  report = restore_to(other(), true);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->config.front().outcome, Outcome::beside);
  EXPECT_EQ(read_file(config()), "{ /* mine */ }\n");
  EXPECT_EQ(read_file(config().string() + ".restored"), "{}\n");
  fs::remove(config());
  report = restore_to(copy().parent_path() / "third");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->config.front().outcome, Outcome::put);
  EXPECT_EQ(read_file(config()), "{}\n");
}

TEST_F(BackupTest, IsAskedForWhereThereIsNone) {
  const auto report = restore_to(other());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::not_found);
  EXPECT_THAT(report.error().message, HasSubstr("is no backup"));
}

BackupManifest sample() {
  const Digest256 sum{std::byte{0xAB}, std::byte{1}};
  return {.spine_version = "1.2",
          .wall_ms = 1'796'000'000'000,
          .state_dir = "/a \"b\"",
          .config_name = "openclaw.json",
          .epoch = "an epoch",
          .first = Seq{1},
          .last = Seq{9},
          .head = "00ff",
          .files = {{.path = "state/journal/data.mdb", .bytes = 7, .sha256 = sum},
                    {.path = "config/openclaw.json", .bytes = 0, .sha256 = {}}}};
}

TEST(BackupManifest, IsReadAsItWasWritten) {
  const std::string text = manifest_text(sample());
  EXPECT_THAT(text, HasSubstr("\"time\": \"2026-11-30T"));
  const auto read = parse_manifest(text, "m");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(manifest_text(*read), text);
  EXPECT_EQ(read->files.front().sha256, sample().files.front().sha256);
}

TEST(BackupManifest, OfANewerVersionSaysWhich) {
  std::string text = manifest_text(sample());
  text.replace(text.find("\"spineBackup\": 1"), 16, "\"spineBackup\": 2");
  const auto read = parse_manifest(text, "m");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::newer_format);
  EXPECT_THAT(read.error().message, HasSubstr("1.2"));
}

TEST(BackupManifest, NamesNoFileOutsideOfTheBackup) {
  for (const char* path : {"../x", "/etc/passwd", "state/../../x", "state/..", "state/", "state",
                           "other/x", "", "state//token", "state/./token", "config/a/b",
                           "config/../state/x", "config/", "state/journal/data.mdb"}) {
    BackupManifest manifest = sample();
    manifest.files.push_back({.path = path});
    const auto read = parse_manifest(manifest_text(manifest), "m");
    ASSERT_FALSE(read) << path;
    EXPECT_EQ(read.error().code, Errc::corrupt);
  }
}

TEST(BackupManifest, CutShortOrOfOtherJsonIsDamaged) {
  const std::string text = manifest_text(sample());
  for (std::size_t bytes = 0; bytes + 2 < text.size(); bytes += 7)
    EXPECT_FALSE(parse_manifest(text.substr(0, bytes), "m")) << bytes;
  for (const char* other : {"{}", "[]", "null", "7", "{\"spineBackup\":1}",
                            "{\"spineBackup\":1,\"files\":[{}]}", "{\"spineBackup\":\"1\"}"}) {
    EXPECT_FALSE(parse_manifest(other, "m")) << other;
  }
}

}  // namespace
}  // namespace spine::cli
