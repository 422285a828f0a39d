// Opening an index of another process, holding it to the journal, and asking it.
#include "journal/index_reader.h"

#include <fmt/format.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "journal/page_check.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

constexpr int kCheckTries = 3;

Error damaged(const fs::path& dir, std::string_view what) {
  return Error{Errc::corrupt, fmt::format("The index in {} is not used: {}.", dir.string(), what)};
}

std::uint64_t inode_of(const fs::path& path) {
  struct stat file {};
  return ::stat(path.c_str(), &file) == 0 ? file.st_ino : 0;
}

}  // namespace

Result<IndexReader> IndexReader::open(const fs::path& dir, Bits128 boot_id, Reader& journal) {
  if (!index_is_usable(dir, journal.epoch(), boot_id)) {
    return Error{Errc::not_found, fmt::format("There is no usable index in {}.", dir.string())};
  }
  // Without a place in the table of readers, pages would be used again while they are read.
  if (::access((dir / "lock.mdb").c_str(), R_OK | W_OK) != 0) {
    return Error{Errc::refused,
                 fmt::format("The index in {} cannot be read by this user.", dir.string())};
  }
  const std::uint64_t lock_inode = inode_of(dir / "lock.mdb");
  SPINE_TRY(auto env, Environment::open(index_environment(dir, Access::read)));
  IndexReader reader(std::move(env));
  reader.lock_inode_ = lock_inode;
  SPINE_TRY_STATUS(reader.check_whole());
  SPINE_TRY_STATUS(reader.refresh(journal));
  return reader;
}

// Asks within a read transaction of its own.
template <class Ask>
auto IndexReader::asked(Ask ask)
    -> decltype(ask(std::declval<Transaction&>(), std::declval<Postings&>())) {
  SPINE_TRY(Transaction transaction, Transaction::begin_read(*env_));
  // The writer would not know of a reader in a table that was replaced.
  if (!is_in_place()) return Error{Errc::not_found, "The index was replaced."};
  Postings sessions{kSessionPostings};
  SPINE_TRY_STATUS(sessions.open(transaction));
  return ask(transaction, sessions);
}

// A list that is lost whole leaves no other trace than that postings are missing.
Status IndexReader::check_whole() {
  // A writer that commits twice meanwhile has taken the page that is looked at first.
  Status checked = ok();
  for (int i = 0; i < kCheckTries; ++i) {
    SPINE_TRY(const Transaction transaction, Transaction::begin_read(*env_));
    checked = PageCheck(env_->data_fd(), transaction.snapshot()).run();
    if (checked) break;
  }
  SPINE_TRY_STATUS(checked);
  return asked([this](Transaction& transaction, Postings& sessions) -> Status {
    SPINE_TRY(const IndexExtent extent, read_index_extent(transaction));
    SPINE_TRY(const std::uint64_t postings, sessions.count(transaction));
    if (postings == extent.postings) return ok();
    return damaged(env_->dir(),
                   fmt::format("it holds {} postings, {} were written", postings, extent.postings));
  });
}

// A new file, or a new table of readers: what is open here no longer hinders the writer.
bool IndexReader::is_in_place() const {
  struct stat opened {};
  struct stat named {};
  return ::fstat(env_->data_fd(), &opened) == 0 &&
         ::stat((env_->dir() / "data.mdb").c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev && inode_of(env_->dir() / "lock.mdb") == lock_inode_;
}

Status IndexReader::refresh(Reader& journal) {
  if (!is_in_place()) {
    return Error{Errc::not_found,
                 fmt::format("The index in {} was replaced.", env_->dir().string())};
  }
  SPINE_TRY(const IndexExtent extent, asked([](Transaction& transaction, Postings&) {
              return read_index_extent(transaction);
            }));
  if (!extent.applied) {
    applied_ = Seq{};
    return ok();
  }
  // A running gateway writes both: what the index holds was in the journal before.
  if (extent.applied > journal.last()) SPINE_TRY_STATUS(journal.renew());
  if (extent.applied > journal.last()) return damaged(env_->dir(), "it is ahead of the journal");
  const auto block = journal.block_of(extent.applied);
  if (!block || block->last() != extent.applied || !extent.last_block ||
      !extent.last_block->is_of(block->header())) {
    return damaged(env_->dir(), "it was made from other events than the journal holds");
  }
  applied_ = extent.applied;
  return ok();
}

Result<PostingStretch> IndexReader::stretch(SessionId session, Seq at) {
  return asked([&](Transaction& transaction, Postings& sessions) {
    return sessions.stretch(transaction, session.value, at);
  });
}

Result<SessionId> IndexReader::session_after(SessionId session) {
  return asked([&](Transaction& transaction, Postings& sessions) -> Result<SessionId> {
    SPINE_TRY(const std::uint64_t id, sessions.id_after(transaction, session.value));
    return SessionId{id};
  });
}

}  // namespace spine::journal
