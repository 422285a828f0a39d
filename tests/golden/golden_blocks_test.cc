// Golden blocks: journals as they lie on disk, of every format of blocks there was.
//
// <name>.blocks holds whole blocks one after the other, as they stand in data.mdb
// (journal/block.h); <name>.digest holds what their events fold to, as for the journals beside
// them. Both are written once, like those. They hold what a reader must understand for ever:
// header, chain and records.
#include <stdlib.h>

#include "journal/journal.h"
#include "tests/golden/golden.h"

namespace spine::core {
namespace {

// What this program can make; blocks of older formats stay as they are.
constexpr const char* kBlocksName = "0008-blocks-of-format-2";
constexpr std::uint64_t kBlocksSeed = 8;
constexpr int kBlocksInputs = 450;
// So many records are committed ten at a time; the rest at once, which takes several blocks.
constexpr std::size_t kSmallCommits = 100;
constexpr std::size_t kRecordsPerSmallCommit = 10;

// A temporary directory that goes away with the object.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "spine-golden-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_{};
};

void commit(journal::Journal& journal, journal::Batch& batch) {
  ASSERT_TRUE(journal.ensure_space(batch.bytes(), journal::SpaceClass::intake));
  ASSERT_TRUE(journal.commit(batch));
  batch.begin(next(journal.last()));
}

void write_blocks(const fs::path& path, const std::vector<Record>& records) {
  const Folder folder;
  auto journal = journal::Journal::open(folder.path() / "journal", Bits128{.hi = 7, .lo = 8});
  ASSERT_TRUE(journal) << journal.error().message;
  journal::Batch batch;
  batch.begin(Seq{1});
  for (std::size_t i = 0; i < records.size(); ++i) {
    const EventView event = records[i].view(Seq{i + 1});
    batch.append(event.header, event.body);
    if (i < kSmallCommits && batch.count() == kRecordsPerSmallCommit) commit(**journal, batch);
  }
  commit(**journal, batch);
  journal::Reader reader = (*journal)->reader();
  ASSERT_TRUE(reader.renew());
  std::ofstream file(path, std::ios::binary);
  for (Seq at{1}; at <= reader.last();) {
    const auto block = reader.block_of(at);
    ASSERT_TRUE(block);
    file.write(reinterpret_cast<const char*>(block->bytes().data()),
               static_cast<std::streamsize>(block->bytes().size()));
    at = next(block->last());
  }
}

void write_missing_blocks() {
  const fs::path base = fs::path(SPINE_GOLDEN_DIR) / kBlocksName;
  if (fs::exists(base.string() + ".blocks")) return;
  Life life(kBlocksSeed);
  for (int i = 0; i < kBlocksInputs; ++i)
    life.step();
  write_blocks(base.string() + ".blocks", life.world.journal);
  std::ofstream(base.string() + ".digest") << digest_lines(life.world.journal);
}

// From format 2 on every block ends its commit but those of the last one, which only its last ends.
void expect_marks(const std::vector<journal::BlockHeader>& headers) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const bool marks = headers[i].version >= journal::kFormatWithFlags;
    const bool ends = i < kSmallCommits / kRecordsPerSmallCommit || i + 1 == headers.size();
    EXPECT_EQ(headers[i].flags, marks && ends ? journal::block_flag::kCommitEnd : 0)
        << "block " << i;
  }
}

TEST(GoldenBlocks, BlocksOfEveryFormatAreReadAndFoldToTheirDigests) {
  if (std::getenv("SPINE_GOLDEN_UPDATE") != nullptr) write_missing_blocks();
  std::vector<std::uint16_t> versions;
  for (const fs::path& path : golden_files(".blocks")) {
    SCOPED_TRACE(path.filename().string());
    const Blocks blocks = read_blocks(path);
    ASSERT_GT(blocks.headers.size(), kSmallCommits / kRecordsPerSmallCommit + 1);
    EXPECT_EQ(digest_lines(blocks.records), slurp(fs::path(path).replace_extension(".digest")));
    versions.push_back(blocks.headers.front().version);
    expect_marks(blocks.headers);
  }
  EXPECT_EQ(versions, (std::vector<std::uint16_t>{1, 2}));
}

}  // namespace
}  // namespace spine::core
