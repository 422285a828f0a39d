// Blocks gathered into transactions, each with its space allocated before.
#include "journal/block_writer.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include "journal/lmdb.h"
#include "journal/space.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"

namespace spine::journal {
namespace {

constexpr std::size_t kTransactionBytes = 4 * limits::kMiB;

}  // namespace

BlockWriter::BlockWriter(std::filesystem::path dir, std::shared_ptr<Environment> env)
    : dir_(std::move(dir)), env_(std::move(env)) {}
BlockWriter::~BlockWriter() = default;

Result<std::unique_ptr<BlockWriter>> BlockWriter::create(const std::filesystem::path& dir) {
  SPINE_TRY_STATUS(make_private_directories(dir));
  std::error_code ignored;
  if (std::filesystem::exists(dir / "data.mdb", ignored)) {
    return Error{Errc::in_use, "There is a journal in " + dir.string() + " already."};
  }
  SPINE_TRY(auto env, Environment::open({.dir = dir,
                                         .access = Access::write_unsynced,
                                         .map_bytes = limits::kJournalMapBytes}));
  return std::unique_ptr<BlockWriter>(new BlockWriter(dir, std::move(env)));
}

Status BlockWriter::append(ByteSpan block) {
  SPINE_CHECK(env_ != nullptr && block.size() >= sizeof(BlockHeader));
  if (!pending_.empty() && pending_.size() + block.size() > kTransactionBytes) {
    SPINE_TRY_STATUS(flush());
  }
  pending_.insert(pending_.end(), block.begin(), block.end());
  lengths_.push_back(block.size());
  return ok();
}

Status BlockWriter::flush() {
  // LMDB reports a full disk as an I/O error in the middle of a commit.
  const int full = ::posix_fallocate(
      env_->data_fd(), 0,
      static_cast<off_t>(env_->used_bytes() + worst_commit_bytes(pending_.size())));
  if (full != 0) return path_error(full, "made large enough", dir_ / "data.mdb");
  SPINE_TRY(Transaction transaction, Transaction::begin_write(*env_));
  SPINE_TRY(const Database database, transaction.integer_database());
  std::size_t at = 0;
  for (const std::size_t bytes : lengths_) {
    const std::byte* block = pending_.data() + at;
    const auto header = load<BlockHeader>(block);
    SPINE_TRY(std::byte* const place,
              transaction.append_reserved(database, header.first_seq, bytes));
    std::memcpy(place, block, bytes);
    at += bytes;
  }
  pending_.clear();
  lengths_.clear();
  return transaction.commit();
}

Status BlockWriter::finish() {
  SPINE_TRY_STATUS(flush());
  if (::ftruncate(env_->data_fd(), static_cast<off_t>(env_->used_bytes())) != 0) {
    return path_error(errno, "cut to its length", dir_ / "data.mdb");
  }
  SPINE_TRY_STATUS(env_->sync());
  env_.reset();
  std::error_code ignored;
  std::filesystem::remove(dir_ / "lock.mdb", ignored);
  return sync_dir(dir_);
}

}  // namespace spine::journal
