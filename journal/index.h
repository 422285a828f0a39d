// Index: finds the blocks of a session. Disposable: rebuilt from the journal at any time.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "journal/block.h"
#include "journal/lmdb.h"
#include "journal/postings.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

// The last block of an index: the header fields that tell it from a block of another history.
struct IndexedBlock {
  Digest256 previous{};
  std::uint64_t first_seq{};
  std::uint32_t crc32c{};
  std::uint32_t reserved{};  // zero

  static IndexedBlock of(const BlockHeader& header) {
    return {.previous = header.previous, .first_seq = header.first_seq, .crc32c = header.crc32c};
  }
  bool operator==(const IndexedBlock&) const = default;
  bool is_of(const BlockHeader& header) const { return *this == of(header); }
};
static_assert(sizeof(IndexedBlock) == 48);

// <state-dir>/index/mark. Without syncs LMDB's file is whole as long as the kernel lives; after a
// power loss it may be anything and must not even be opened. So the mark says, durably, under
// which boot the index was opened, and whether it was synced and closed since.
struct IndexMark {
  Bits128 epoch{};
  Bits128 boot_id{};
  bool clean{};
};

// Nothing when there is none, or it is damaged or of another format.
std::optional<IndexMark> read_mark(const std::filesystem::path& dir);
// Durable when it returns.
Status write_mark(const std::filesystem::path& dir, const IndexMark& mark);

// How far an index reaches, and how much it holds.
struct IndexExtent {
  Seq applied{};
  std::optional<IndexedBlock> last_block{};  // none as long as nothing was added
  std::uint64_t postings{};
};

// Whether LMDB may open the files of an index. Without syncs they are whole only while the same
// kernel runs, unless closed cleanly; anything but regular files would make every open fail.
bool index_is_usable(const std::filesystem::path& dir, Bits128 epoch, Bits128 boot_id);
// The options to open its environment with.
EnvironmentOptions index_environment(const std::filesystem::path& dir, Access access);
// The extent as the transaction sees it. Errc::corrupt when it is not one.
Result<IndexExtent> read_index_extent(Transaction& transaction);
// The database of postings by session.
inline constexpr const char* kSessionPostings = "sessions";

// Thread: follower. A second LMDB environment, <state-dir>/index/, opened MDB_NOSYNC; the applied
// Seq is written in the same transaction as the entries. Opening deletes and rebuilds (applied = 0)
// when it was not closed cleanly under another boot id, belongs to another epoch, is of another
// format, or is ahead of the journal.
class Index {
 public:
  static Result<std::unique_ptr<Index>> open(const std::filesystem::path& dir, Bits128 epoch,
                                             Bits128 boot_id, Seq journal_last);
  // The extent of the index on disk, read-only. Nothing when there is none that open() would take.
  // REQUIRES: nobody writes to it.
  static std::optional<IndexExtent> extent_of(const std::filesystem::path& dir, Bits128 epoch,
                                              Bits128 boot_id);
  // Deletes an index that turned out to be damaged. The mark goes first: should the rest stay, the
  // next open() rebuilds. Durable when it returns. REQUIRES: it is not open.
  static Status discard(const std::filesystem::path& dir);
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // Last Seq whose block is in the index (committed): the next add() is of the block after it.
  Seq applied() const { return applied_; }
  // True when open() threw an old index away; for the log.
  bool rebuilt() const { return rebuilt_; }
  // The last Seq that was added, committed or not.
  Seq added() const { return added_; }
  // Adds a block, for commit(). REQUIRES: block.first() follows what was added before.
  void add(const BlockView& block);
  // Makes the added blocks visible. They are written to LMDB in large batches and by close_clean();
  // those that a crash loses are not in applied() of the next open(). On an error they are visible
  // all the same, and the next commit() retries the write.
  Status commit();
  // Marks the index clean and syncs it. Call before destruction on an orderly stop.
  Status close_clean();

  // First seqs of blocks that hold events of the session, ascending, within [from, to]; the last
  // `limit` of them. Sees committed entries only.
  Result<std::vector<Seq>> session_blocks(SessionId session, Seq from, Seq to, std::size_t limit);

 private:
  Index(std::filesystem::path dir, const IndexMark& mark, bool rebuilt)
      : dir_(std::move(dir)), mark_(mark), rebuilt_(rebuilt) {}
  Status open_environment();
  Status write();
  bool seen(const Posting& posting);

  std::filesystem::path dir_;
  IndexMark mark_;
  bool rebuilt_;
  std::shared_ptr<Environment> env_{};
  Postings sessions_{kSessionPostings};
  Database meta_{};
  Seq applied_{};  // committed, as the owner sees it
  Seq added_{};
  std::uint64_t postings_{};     // in LMDB
  IndexedBlock last_block_{};    // that ends with added_
  std::vector<Posting> held_{};  // in memory: not yet in LMDB
  std::size_t blocks_held_{};    // added since the last write, with or without postings
  // A cache of recent postings, so that many events of one session in a block add few duplicates.
  // Postings::add() removes those that it misses.
  std::array<Posting, 1024> repeats_{};
};

}  // namespace spine::journal
