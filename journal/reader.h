// Reader: looks at a journal by position, without disturbing the writer.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "journal/block.h"
#include "journal/lmdb.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

// How often a reader is renewed at the latest while a writer may run: of pages that a read
// transaction can see none is used again, so the file of a live journal grows as long as it is
// held. Long reads look at the clock after every block; half of the second that is promised leaves
// them time for that block.
inline constexpr std::chrono::milliseconds kRenewEvery{500};

// The reading side. Thread: one at a time. Holds a read transaction between renew() calls, so it
// must be renewed every kRenewEvery while a writer runs.
class Reader {
 public:
  // For another process than the writer's, at any time; creates nothing. Has been renewed.
  // Where the user may read but not write the directory, it reads without registering, which is
  // only safe while nobody writes. Errc::not_found when there is no journal.
  static Result<Reader> open_read_only(const std::filesystem::path& dir);

  Reader(Reader&&) = default;
  Reader& operator=(Reader&&) = delete;  // members would end in the wrong order

  Bits128 epoch() const { return epoch_; }
  // Sees what has been committed until now. Borrowed views of before become invalid.
  // A transient Errc::unavailable means too many readers at once.
  Status renew();
  // Resets the read transaction, which unpins its pages, until the next renew(); e.g. for a wait.
  void release();
  // False once another file, or none, has the journal's name: it was restored, moved or deleted,
  // and this reader goes on seeing what it opened.
  bool is_in_place() const;
  // First and last Seq visible; 0 when empty.
  Seq first() const { return first_; }
  Seq last() const { return last_; }

  // The verified block (length, CRC, alignment, offset table, first seq) that holds `seq`.
  // Borrowed: valid until renew() or release(). Errc::not_found beyond last().
  Result<BlockView> block_of(Seq seq);
  // The verified block right after `block`; Errc::not_found at the end. REQUIRES, as all below: a
  // renew() since construction and since the last release().
  Result<BlockView> block_after(const BlockView& block);
  // The event, if this program can read it (schemas/event_verify.h).
  Result<EventView> event_at(Seq seq);
  // The first seq of the block that holds `seq`, by the keys alone: the block is not looked at.
  // Errc::not_found beyond last().
  Result<Seq> first_of_block(Seq seq);
  // The bytes, without any check, of the block that holds `seq` or is the first one after it, and
  // its key in `first`: for tools that name damage. Errc::not_found at the end.
  Result<ByteSpan> raw_block_at_or_after(Seq seq, Seq& first);

 private:
  friend class Journal;
  explicit Reader(std::shared_ptr<Environment> env, Bits128 epoch = {})
      : env_(std::move(env)), epoch_(epoch) {}
  Status begin();
  Status look();
  Result<Seq> seq_of(const Entry& entry) const;
  Result<BlockView> verified(const Entry& entry) const;
  Result<bool> entry_at(Seq seq, Entry& entry);
  Error beyond(Seq seq) const;

  std::shared_ptr<Environment> env_;
  Bits128 epoch_;
  std::optional<Transaction> transaction_{};  // before the cursor: it must outlive it
  std::optional<Cursor> cursor_{};
  bool live_{};
  Seq first_{};
  Seq last_{};
};

}  // namespace spine::journal
