// Copying blocks in bounded steps, into an environment that is synced once.
#include "journal/copy.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "journal/lmdb.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

// Of blocks, in one transaction of the copy. The journal is read in such steps, too: blocks are
// never changed, so those up to a seq are the same in a later read transaction, and one that was
// held for the whole of a large copy would make the live file grow all the while.
constexpr std::size_t kCopyStepBytes = 8 * limits::kMiB;
// Pages of the tree that one step may need beside those of its blocks.
constexpr std::size_t kTreeBytes = 256 * limits::kKiB;

Error stopped() {
  return Error{Errc::unavailable, "It was stopped before it was done."};
}

// LMDB tells a full disk as an I/O error, so the room is taken before. A block takes less than
// twice its size: as part of a page, or as pages of its own.
Status take_room(const Environment& env, std::size_t bytes, std::size_t blocks) {
  const std::size_t room = 2 * bytes + 64 * blocks + kTreeBytes;
  const int code = ::posix_fallocate(env.data_fd(), static_cast<off_t>(env.used_bytes()),
                                     static_cast<off_t>(room));
  return code == 0 ? ok() : Status{path_error(code, "written", env.dir() / "data.mdb")};
}

// Puts blocks from `at` to `last`, about kCopyStepBytes of them, in one transaction. Returns the
// last seq that was put.
Result<Seq> copy_step(Reader& from, Environment& to, Seq at, Seq last) {
  SPINE_TRY_STATUS(from.renew());
  SPINE_TRY(Transaction transaction, Transaction::begin_write(to));
  SPINE_TRY(const Database database, transaction.integer_database());
  SPINE_TRY(BlockView block, from.block_of(at));
  std::size_t bytes = 0;
  std::size_t blocks = 0;
  while (true) {
    bytes += block.bytes().size();
    ++blocks;
    SPINE_TRY(std::byte* const place,
              transaction.append_reserved(database, block.first().value, block.bytes().size()));
    std::memcpy(place, block.bytes().data(), block.bytes().size());
    if (bytes >= kCopyStepBytes || block.last() >= last) break;
    SPINE_TRY(block, from.block_after(block));
  }
  const Seq copied = block.last();
  from.release();  // not held while the disk is waited for
  SPINE_TRY_STATUS(take_room(to, bytes, blocks));
  SPINE_TRY_STATUS(transaction.commit());
  return copied;
}

Status copy_blocks(Reader& from, Environment& to, const Progress& progress) {
  SPINE_TRY_STATUS(from.renew());
  const Seq last = from.last();
  if (last && from.first() != Seq{1}) {
    return Error{Errc::corrupt,
                 fmt::format("The journal begins at event {} instead of 1.", from.first().value)};
  }
  Seq copied{};
  while (copied < last) {
    SPINE_TRY(copied, copy_step(from, to, next(copied), last));
    if (!progress(copied, last)) return stopped();
  }
  if (!last) {  // the database is there even if no event is
    SPINE_TRY(Transaction transaction, Transaction::begin_write(to));
    SPINE_TRY([[maybe_unused]] const Database database, transaction.integer_database());
    SPINE_TRY_STATUS(transaction.commit());
  }
  return to.sync();
}

// Gives back the room that was taken and not used.
Status cut_off(const fs::path& path, std::uint64_t bytes) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0 || ::fsync(fd.get()) != 0) {
    return path_error(errno, "finished", path);
  }
  return ok();
}

}  // namespace

Result<ScanReport> copy_journal(Reader& from, const fs::path& to, const Progress& progress) {
  std::uint64_t used = 0;
  {
    SPINE_TRY(
        const std::shared_ptr<Environment> env,
        Environment::open(
            {.dir = to, .access = Access::write_unsynced, .map_bytes = limits::kJournalMapBytes}));
    SPINE_TRY_STATUS(copy_blocks(from, *env, progress));
    used = env->used_bytes();
  }
  SPINE_TRY_STATUS(cut_off(to / "data.mdb", used));
  std::error_code error;
  fs::remove(to / "lock.mdb", error);  // the table of readers, of whom there are none
  if (error) return path_error(error.value(), "deleted", to / "lock.mdb");
  SPINE_TRY_STATUS(sync_dir(to));
  return read_whole(to, progress);
}

Result<ScanReport> read_whole(const fs::path& dir, const Progress& progress) {
  SPINE_TRY(Reader reader, Reader::open_read_only(dir));
  Scanner scanner;
  while (scanner.step(reader)) {
    if (!progress(scanner.report().last, reader.last())) return stopped();
  }
  const ScanReport& report = scanner.report();
  if (report.damages_total == 0) return report;
  const Damage& first = report.damages.front();
  return Error{
      first.newer ? Errc::newer_format : Errc::corrupt,
      fmt::format("The journal in {} is not whole: {}.{}", dir.string(), damage_text(first),
                  report.damages_total == 1
                      ? ""
                      : fmt::format(" There are {} such places.", report.damages_total))};
}

}  // namespace spine::journal
