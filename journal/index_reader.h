// IndexReader: asks the index of a gateway from another process, which may be running.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "journal/index.h"
#include "journal/lmdb.h"
#include "journal/postings.h"
#include "journal/reader.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

// Trusts the index as far as it can be held to the journal beside it: every page must be sound
// (page_check.h), its last block must be one of the journal, each piece carries a checksum, and all
// of them together the number of postings that was counted when they were written. Every error
// means the same to the caller: read the journal as if there were no index. Creates, changes and
// repairs nothing, and holds no read transaction between two calls, so it pins no pages. Thread:
// one at a time.
class IndexReader {
 public:
  // Reads the whole index once, which takes a few milliseconds per 10 million events. May renew
  // `journal`, whose borrowed views become invalid. Errors: Errc::not_found when there is none that
  // may be opened (none at all, of another epoch or format, not closed cleanly under another boot
  // than `boot_id`), Errc::refused when this process cannot register as a reader of it,
  // Errc::corrupt when it is damaged or of another history. REQUIRES: `journal` was renewed, and
  // this process has the index open in no other way.
  static Result<IndexReader> open(const std::filesystem::path& dir, Bits128 boot_id,
                                  Reader& journal);

  // The last Seq whose block can be found, as of open() or refresh().
  Seq applied() const { return applied_; }
  // Looks how far it reaches now. May renew `journal`. Errc::not_found once another index, or none,
  // has its name; Errc::corrupt when it is of another history.
  Status refresh(Reader& journal);

  // The part of the session's list of blocks that covers `at`: a few hundred of them at most. What
  // was added after refresh() may be among them.
  Result<PostingStretch> stretch(SessionId session, Seq at);
  // The first session after that one of which a block is known; 0 = there is none.
  Result<SessionId> session_after(SessionId session);

 private:
  explicit IndexReader(std::shared_ptr<Environment> env) : env_(std::move(env)) {}
  bool is_in_place() const;
  Status check_whole();
  template <class Ask>
  auto asked(Ask ask) -> decltype(ask(std::declval<Transaction&>(), std::declval<Postings&>()));

  std::shared_ptr<Environment> env_;
  std::uint64_t lock_inode_{};
  Seq applied_{};
};

}  // namespace spine::journal
