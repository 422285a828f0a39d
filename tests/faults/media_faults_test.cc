// What MediaStore promises when power is lost at a random moment, or the disk is full.
#include <filesystem>
#include <gtest/gtest.h>
#include <string>

#include "adapters/media/media_store.h"
#include "schemas/vocab/sha256.h"
#include "tests/faults/disk_model.h"
#include "tests/faults/media_content.h"
#include "tests/faults/writer_run.h"

namespace spine::faults {
namespace {

using media::StoredFile;

// Every file in the folder is the content of its name.
void expect_whole(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    Digest256 sha256{};
    const std::string name = entry.path().filename().string();
    ASSERT_TRUE(media::parse_media_name(name, sha256)) << name;
    const auto stored = StoredFile::open(folder, sha256);
    ASSERT_TRUE(stored) << stored.error().message;
  }
}

void lose_power_of_media(std::uint64_t seed) {
  const TempDir temp;
  const fs::path state = temp.path() / "state";
  const fs::path image = temp.path() / "image";
  Random random(seed);
  const std::uint64_t at = 1 + random.below(300);
  const WriterRun run = run_writer(
      SPINE_FAULT_MEDIA, {"power", state.string()},
      {"SPINE_FAULT_DIR=" + state.string(), "SPINE_FAULT_IMAGE=" + image.string(),
       "SPINE_FAULT_SEED=" + std::to_string(seed), "SPINE_FAULT_AT=" + std::to_string(at)});
  ASSERT_EQ(run.status, kPowerLost);
  const fs::path folder = image / media::kMediaFolder;
  // As the next start does: what was left unfinished goes.
  const auto store = media::MediaStore::open(folder);
  ASSERT_TRUE(store) << store.error().message;
  for (std::uint64_t number = 1; number <= run.acknowledged.value; ++number) {
    const auto stored = StoredFile::open(folder, sha256_of(media_content(number)));
    ASSERT_TRUE(stored) << number << " of " << run.acknowledged.value << ": "
                        << stored.error().message;
  }
  expect_whole(folder);
}

TEST(MediaPowerLoss, WhatWasKeptSurvivesAndNothingIsThereInPart) {
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    lose_power_of_media(seed);
    if (HasFatalFailure()) return;
  }
}

TEST(MediaFullDisk, IsARefusalThatLeavesNothingAndServiceResumes) {
  const TempDir temp;
  const fs::path state = temp.path() / "state";
  const std::string space_file = (temp.path() / "space").string();
  const WriterRun run =
      run_writer(SPINE_FAULT_MEDIA, {"space", state.string(), space_file},
                 {"SPINE_FAULT_DIR=" + state.string(), "SPINE_FAULT_SPACE_FILE=" + space_file});
  ASSERT_EQ(run.status, 0);
  ASSERT_TRUE(run.acknowledged);
  const fs::path folder = state / media::kMediaFolder;
  EXPECT_TRUE(StoredFile::open(folder, sha256_of(media_content(run.acknowledged.value))));
  expect_whole(folder);
}

}  // namespace
}  // namespace spine::faults
