// Opening, appending to, and describing the journal.
#include "journal/journal.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>

#include "journal/lmdb.h"
#include "journal/space.h"
#include "journal/tail.h"
#include "schemas/vocab/advice.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/sha256.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

Result<std::shared_ptr<Environment>> open_to_write(const fs::path& dir) {
  return Environment::open(
      {.dir = dir, .access = Access::write, .map_bytes = limits::kJournalMapBytes});
}

// Makes an empty, durable data.mdb in `dir` that is complete or absent whenever power is lost: it
// is built aside and renamed. So a data.mdb that LMDB cannot read is always damage.
Status create(const fs::path& dir) {
  const fs::path aside = dir / "creating";
  std::error_code error;
  fs::remove_all(aside, error);
  SPINE_TRY_STATUS(make_private_directories(aside));
  {
    SPINE_TRY(const std::shared_ptr<Environment> env, open_to_write(aside));
    SPINE_TRY(Transaction transaction, Transaction::begin_write(*env));
    SPINE_TRY([[maybe_unused]] const Database database, transaction.integer_database());
    SPINE_TRY_STATUS(transaction.commit());
  }
  fs::rename(aside / "data.mdb", dir / "data.mdb", error);
  if (error) {
    return Error{Errc::io, fmt::format("The new journal cannot be put in place in {}: {}.",
                                       dir.string(), error.message())};
  }
  SPINE_TRY_STATUS(sync_dir(dir));
  fs::remove_all(aside, error);
  return sync_dir(dir.parent_path().empty() ? fs::path(".") : dir.parent_path());
}

// Two writers would ruin the journal: LMDB's own lock is held during a transaction only, and space
// is written ahead outside of them. Released when the environment closes.
Status lock_for_writing(const Environment& env) {
  if (::flock(env.data_fd(), LOCK_EX | LOCK_NB) == 0) return ok();
  const int code = errno;
  if (code == EWOULDBLOCK) {
    return Error{Errc::in_use, fmt::format("The journal in {} is being written by another process. "
                                           "Stop that one first: `spine stop`.",
                                           env.dir().string())};
  }
  return Error{Errc::io, fmt::format("The journal in {} cannot be locked: {}.", env.dir().string(),
                                     std::generic_category().message(code))};
}

// What to do is part of every message about a journal that cannot be opened.
Error explain(const Error& error, const fs::path& dir) {
  if (error.code != Errc::corrupt) return error;
  if (error.message.find("spine journal verify") != std::string::npos) return error;
  return Error{error.code, fmt::format("The journal in {} cannot be read: {} What helps: {}",
                                       dir.string(), error.message, kBringBackABackup)};
}

}  // namespace

Journal::Journal() = default;
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(const fs::path& dir, Bits128 epoch) {
  SPINE_TRY_STATUS(make_private_directories(dir));
  std::error_code error;
  const bool created = !fs::exists(dir / "data.mdb", error);
  if (created) {
    SPINE_TRY_STATUS(create(dir));
  } else if (fs::file_size(dir / "data.mdb", error) == 0) {
    return explain(Error{Errc::corrupt, "data.mdb is empty."}, dir);
  }
  // The lock file holds no lasting data: something else of that name must not prevent a start.
  if (fs::exists(dir / "lock.mdb", error) && !fs::is_regular_file(dir / "lock.mdb", error)) {
    fs::remove(dir / "lock.mdb", error);
  }
  auto env = open_to_write(dir);
  if (!env) return explain(env.error(), dir);
  SPINE_TRY_STATUS(lock_for_writing(**env));
  SPINE_TRY(const bool cut, Environment::make_room_for_readers(*env));
  if (cut) SPINE_TRY_STATUS(lock_for_writing(**env));
  auto tail = check_tail(**env);
  if (!tail) return explain(tail.error(), dir);

  std::unique_ptr<Journal> journal(new Journal());
  journal->env_ = *env;
  journal->space_ = std::make_unique<SpaceAhead>(
      &::posix_fallocate, overwrites_in_place((*env)->data_fd()) ? &::pwritev : nullptr);
  journal->epoch_ = tail->last ? tail->epoch : epoch;
  journal->last_ = tail->last;
  journal->durable_ = tail->last;
  journal->head_ = tail->head;
  journal->report_ = {
      .created = !tail->last, .tail_blocks_checked = tail->checked, .readers_cut_off = cut};
  return journal;
}

Status Journal::ensure_space(std::size_t bytes, SpaceClass space_class) {
  return space_->ensure({.fd = env_->data_fd(),
                         .used_bytes = env_->used_bytes(),
                         .commit_bytes = bytes,
                         .space_class = space_class});
}

Result<Seq> Journal::commit(Batch& batch) {
  SPINE_CHECK(!batch.empty() && batch.first() == next(last_));
  batch.finish();
  SPINE_TRY(Transaction transaction, Transaction::begin_write(*env_));
  SPINE_TRY(const Database database, transaction.integer_database());
  for (std::size_t i = 0; i < batch.block_count(); ++i) {
    const MutableByteSpan block = batch.block(i);
    auto header = load<BlockHeader>(block.data());
    header.epoch_hi = epoch_.hi;
    header.epoch_lo = epoch_.lo;
    header.previous = head_;
    store(block.data(), header);
    header.crc32c = block_crc32c(block);
    store(block.data(), header);
    SPINE_TRY(std::byte* const place,
              transaction.append_reserved(database, header.first_seq, block.size()));
    std::memcpy(place, block.data(), block.size());
    head_ = sha256_of(block);
  }
  SPINE_TRY_STATUS(transaction.commit());
  last_ = batch.last();
  durable_ = last_;
  return durable_;
}

Reader Journal::reader() const {
  return Reader(env_, epoch_);
}

Result<std::uint32_t> Journal::clear_dead_readers() {
  return env_->clear_dead_readers();
}

std::uint64_t Journal::file_bytes() const {
  return env_->disk_bytes();
}

}  // namespace spine::journal
