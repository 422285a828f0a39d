// SpaceAhead: keeps disk space allocated ahead of what LMDB uses, so that no commit meets a full
// disk.
#pragma once

#include <cstdint>
#include <sys/types.h>
#include <sys/uio.h>

#include "journal/journal.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

// LMDB reports a full disk as EIO in the middle of a commit, when it is too late to refuse.
// Thread: engine.
class SpaceAhead {
 public:
  // As posix_fallocate: returns 0 or an errno value.
  using Allocate = int (*)(int fd, off_t offset, off_t bytes);

  // As pwritev.
  using Write = ssize_t (*)(int fd, const iovec* parts, int count, off_t offset);

  // `write` null: no zeros are written ahead.
  SpaceAhead(Allocate allocate, Write write) : allocate_(allocate), write_(write) {}

  struct Request {
    int fd{};                    // of data.mdb
    std::uint64_t used_bytes{};  // end of the pages LMDB uses
    std::size_t commit_bytes{};  // of blocks, at most
    SpaceClass space_class{SpaceClass::intake};
  };

  // Sees to it that the commit fits, and for intake that kSpaceReservedBytes are left behind it.
  // Allocates in large steps: no system call when enough is there. Errc::no_space otherwise.
  // REQUIRES: no write transaction is open, and nobody else writes to the file.
  Status ensure(const Request& request);

  // End of what is known to be allocated, bytes from the start of the file.
  std::uint64_t allocated_bytes() const { return allocated_bytes_; }

 private:
  Status ensure_allocated(const Request& request);
  int allocate_to(const Request& request, std::uint64_t end);
  void write_zeros(const Request& request);

  Allocate allocate_;
  Write write_;
  std::uint64_t allocated_bytes_{};
  std::uint64_t zeroed_bytes_{};  // end of what is known to have been written to
  bool starved_{};  // the last large step failed: do not try again before it is needed
};

// Whether the file system overwrites in place. A copy-on-write one would need new space for a
// commit over zeros, which allocating ahead is meant to prevent.
bool overwrites_in_place(int fd);

// The bytes of file a commit of that many bytes of blocks may take in the worst case.
constexpr std::uint64_t worst_commit_bytes(std::size_t block_bytes) {
  // Two neighbouring blocks fill more than one between them, and each ends with less than a page
  // unused: a fifth is enough. The rest is for the path from the root, copied on every write, and
  // for the list of free pages.
  return block_bytes + block_bytes / 5 + 256 * limits::kKiB;
}

}  // namespace spine::journal
