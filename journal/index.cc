// The index: opening it, feeding it, asking it.
#include "journal/index.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <system_error>
#include <utility>

#include "journal/crc32c.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

// Postings held in memory before they go to LMDB together. A batch touches each list once, so the
// larger it is the less each posting costs; this many take 256 KiB and are searched in
// microseconds. What was not written when a process dies is read from the journal again.
constexpr std::size_t kPostingsHeld = 16'384;
// Blocks without session events count, too: the stored `applied` must not lag far behind.
constexpr std::size_t kBlocksHeld = 4'096;

constexpr std::string_view kAppliedKey = "applied";
constexpr std::string_view kLastBlockKey = "last block";
constexpr std::string_view kPostingsKey = "postings";

constexpr std::uint32_t kMarkMagic = 0x4B4D4953;  // "SIMK"
// Of the mark and of everything in the index: another one means rebuild.
// Format 2 has checksums of the pieces, and counts the postings.
constexpr std::uint32_t kIndexFormat = 2;

struct MarkFile {
  std::uint32_t magic{};
  std::uint32_t format{};
  std::uint64_t epoch_hi{};
  std::uint64_t epoch_lo{};
  std::uint64_t boot_hi{};
  std::uint64_t boot_lo{};
  std::uint32_t clean{};
  std::uint32_t crc32c{};  // of what stands before it
};
static_assert(sizeof(MarkFile) == 48);

std::uint32_t checksum(const MarkFile& file) {
  return crc32c(std::as_bytes(std::span(&file, 1)).first(offsetof(MarkFile, crc32c)));
}

// The value of that length under a key of the meta database; nothing when there is none.
template <class T>
Result<std::optional<T>> read_meta(const Transaction& transaction, Database meta,
                                   std::string_view key) {
  ByteSpan value;
  SPINE_TRY(const bool found, transaction.get(meta, as_bytes(key), value));
  if (!found || value.size() != sizeof(T)) return std::optional<T>{};
  return std::optional<T>{load<T>(value.data())};
}

Result<IndexExtent> read_extent(const fs::path& dir) {
  SPINE_TRY(const auto env, Environment::open(index_environment(dir, Access::read_unlocked)));
  SPINE_TRY(Transaction transaction, Transaction::begin_read(*env));
  return read_index_extent(transaction);
}

// The last entries of a list that is still in memory, latest first.
void find_held(const std::vector<Posting>& held, const PostingRange& range, Seq visible,
               std::vector<Seq>& blocks) {
  const Seq to = std::min(range.to, visible);
  for (auto it = held.rbegin(); it != held.rend() && blocks.size() < range.limit; ++it) {
    if (it->id != range.id || it->block < range.from || it->block > to) continue;
    if (blocks.empty() || blocks.back() != it->block) blocks.push_back(it->block);
  }
}

}  // namespace

bool index_is_usable(const fs::path& dir, Bits128 epoch, Bits128 boot_id) {
  std::error_code error;
  const auto is_file = [&](const char* name) { return fs::is_regular_file(dir / name, error); };
  if (!is_file("data.mdb")) return false;
  if (!is_file("lock.mdb") && fs::exists(dir / "lock.mdb", error)) return false;
  const std::optional<IndexMark> mark = read_mark(dir);
  return mark && mark->epoch == epoch && (mark->clean || (boot_id && mark->boot_id == boot_id));
}

EnvironmentOptions index_environment(const fs::path& dir, Access access) {
  return {.dir = dir, .access = access, .map_bytes = limits::kIndexMapBytes, .databases_max = 4};
}

Result<IndexExtent> read_index_extent(Transaction& transaction) {
  SPINE_TRY(const Database meta, transaction.named_database("meta"));
  SPINE_TRY(const auto applied, read_meta<std::uint64_t>(transaction, meta, kAppliedKey));
  SPINE_TRY(const auto postings, read_meta<std::uint64_t>(transaction, meta, kPostingsKey));
  IndexExtent extent{.applied = Seq{applied.value_or(0)}, .postings = postings.value_or(0)};
  SPINE_TRY(extent.last_block, read_meta<IndexedBlock>(transaction, meta, kLastBlockKey));
  return extent;
}

std::optional<IndexMark> read_mark(const std::filesystem::path& dir) {
  MarkFile file;
  auto input = InputFile::open(dir / "mark");
  if (!input || input->bytes() != sizeof(file) ||
      !input->read(std::as_writable_bytes(std::span(&file, 1)))) {
    return std::nullopt;
  }
  if (file.magic != kMarkMagic || file.format != kIndexFormat) return std::nullopt;
  if (file.crc32c != checksum(file)) return std::nullopt;
  return IndexMark{.epoch = {.hi = file.epoch_hi, .lo = file.epoch_lo},
                   .boot_id = {.hi = file.boot_hi, .lo = file.boot_lo},
                   .clean = file.clean == 1};
}

Status write_mark(const std::filesystem::path& dir, const IndexMark& mark) {
  MarkFile file{.magic = kMarkMagic,
                .format = kIndexFormat,
                .epoch_hi = mark.epoch.hi,
                .epoch_lo = mark.epoch.lo,
                .boot_hi = mark.boot_id.hi,
                .boot_lo = mark.boot_id.lo,
                .clean = mark.clean ? 1U : 0U};
  file.crc32c = checksum(file);
  return replace_file(dir / "mark", {std::as_bytes(std::span(&file, 1))});
}

// Opens LMDB and reads how far the index is.
Status Index::open_environment() {
  SPINE_TRY(env_, Environment::open(index_environment(dir_, Access::write_unsynced)));
  SPINE_TRY_STATUS(Environment::make_room_for_readers(env_));
  SPINE_TRY(Transaction transaction, Transaction::begin_write(*env_));
  SPINE_TRY_STATUS(sessions_.open(transaction));
  SPINE_TRY(meta_, transaction.named_database("meta"));
  SPINE_TRY(const IndexExtent extent, read_index_extent(transaction));
  applied_ = added_ = extent.applied;
  postings_ = extent.postings;
  return transaction.commit();
}

// Puts what is held into LMDB. On error it is still held, and may be tried again.
Status Index::write() {
  if (blocks_held_ == 0) return ok();
  SPINE_TRY(Transaction transaction, Transaction::begin_write(*env_));
  SPINE_TRY(const std::uint64_t added, sessions_.add(transaction, held_));
  const auto put = [&](std::string_view key, const auto& value) {
    return transaction.put(meta_, as_bytes(key), std::as_bytes(std::span(&value, 1)));
  };
  SPINE_TRY_STATUS(put(kAppliedKey, added_.value));
  SPINE_TRY_STATUS(put(kLastBlockKey, last_block_));
  SPINE_TRY_STATUS(put(kPostingsKey, postings_ + added));
  SPINE_TRY_STATUS(transaction.commit());
  postings_ += added;
  held_.clear();
  blocks_held_ = 0;
  return ok();
}

Result<std::unique_ptr<Index>> Index::open(const fs::path& dir, Bits128 epoch, Bits128 boot_id,
                                           Seq journal_last) {
  const IndexMark mark{.epoch = epoch, .boot_id = boot_id, .clean = false};
  std::error_code error;
  const bool present = fs::exists(dir / "data.mdb", error);
  if (index_is_usable(dir, epoch, boot_id)) {
    SPINE_TRY_STATUS(write_mark(dir, mark));
    std::unique_ptr<Index> index(new Index(dir, mark, false));
    const Status opened = index->open_environment();
    if (opened && index->applied_ <= journal_last) return index;
    if (!opened && opened.error().code != Errc::corrupt &&
        opened.error().code != Errc::newer_format) {
      return opened.error();
    }
  }
  // Unusable: discarded, and rebuilt from the journal.
  SPINE_TRY_STATUS(discard(dir));
  SPINE_TRY_STATUS(make_private_directories(dir));
  SPINE_TRY_STATUS(write_mark(dir, mark));
  std::unique_ptr<Index> index(new Index(dir, mark, present));
  SPINE_TRY_STATUS(index->open_environment());
  return index;
}

std::optional<IndexExtent> Index::extent_of(const fs::path& dir, Bits128 epoch, Bits128 boot_id) {
  if (!index_is_usable(dir, epoch, boot_id)) return std::nullopt;
  const auto extent = read_extent(dir);
  return extent ? std::optional(*extent) : std::nullopt;
}

Status Index::discard(const fs::path& dir) {
  std::error_code error;
  fs::remove(dir / "mark", error);
  const auto removed = fs::remove_all(dir, error);
  if (error) {
    return Error{Errc::io, fmt::format("The index in {} cannot be deleted: {}.", dir.string(),
                                       error.message())};
  }
  return removed == 0 ? ok() : sync_dir(dir.parent_path());
}

// True: the posting was added before. False: it may have been.
bool Index::seen(const Posting& posting) {
  Posting& slot = repeats_[(posting.id * 0x9E3779B97F4A7C15ULL) >> 54];
  return std::exchange(slot, posting) == posting;
}

void Index::add(const BlockView& block) {
  const Seq first = block.first();
  SPINE_CHECK(first > added_);
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    const Posting posting{block.event(i).header.session, first};
    if (posting.id != 0 && !seen(posting)) held_.push_back(posting);
  }
  added_ = block.last();
  last_block_ = IndexedBlock::of(block.header());
  ++blocks_held_;
}

Status Index::commit() {
  applied_ = added_;
  return held_.size() < kPostingsHeld && blocks_held_ < kBlocksHeld ? ok() : write();
}

Status Index::close_clean() {
  SPINE_TRY_STATUS(write());
  SPINE_TRY_STATUS(env_->sync());
  applied_ = added_;
  mark_.clean = true;
  return write_mark(dir_, mark_);
}

Result<std::vector<Seq>> Index::session_blocks(SessionId session, Seq from, Seq to,
                                               std::size_t limit) {
  std::vector<Seq> blocks;
  const PostingRange range{.id = session.value, .from = from, .to = to, .limit = limit};
  find_held(held_, range, applied_, blocks);
  if (blocks.size() < limit) {
    SPINE_TRY(Transaction transaction, Transaction::begin_read(*env_));
    SPINE_TRY_STATUS(sessions_.find(transaction, range, blocks));
  }
  std::reverse(blocks.begin(), blocks.end());
  return blocks;
}

}  // namespace spine::journal
