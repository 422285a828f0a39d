// Allocation of disk space ahead of use.
#include "journal/space.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <system_error>

namespace spine::journal {
namespace {

// Beyond kSpaceAheadBytes, so that the next system call is that many bytes of commits away.
constexpr std::uint64_t kStepBytes = 32 * limits::kMiB;

// Writing to allocated blocks for the first time makes the file system record that they now hold
// data, which costs the commit a second wait for the disk: measured, an fdatasync takes half as
// long where the blocks were written before. So commits have zeros written ahead of them, a step at
// a time: their median is a fifth shorter. The largest commits gain nothing and go without.
constexpr std::size_t kZeroStepBytes = limits::kMiB;
constexpr std::size_t kZeroedCommitBytesMax = 512 * limits::kKiB;
// For the pages a commit writes besides its blocks.
constexpr std::size_t kZeroMarginBytes = 32 * limits::kKiB;
constexpr std::size_t kZerosBytes = 64 * limits::kKiB;
constexpr std::array<std::byte, kZerosBytes> kZeros{};

bool is_full(int code) {
  return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

}  // namespace

bool overwrites_in_place(int fd) {
  struct statfs fs {};
  if (::fstatfs(fd, &fs) != 0) return false;
  return fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC;
}

int SpaceAhead::allocate_to(const Request& request, std::uint64_t end) {
  const std::uint64_t from = std::max(allocated_bytes_, request.used_bytes);
  if (end <= from) return 0;
  int code = 0;
  do {
    code = allocate_(request.fd, static_cast<off_t>(from), static_cast<off_t>(end - from));
  } while (code == EINTR);
  if (code == 0) allocated_bytes_ = end;
  return code;
}

Status SpaceAhead::ensure(const Request& request) {
  SPINE_TRY_STATUS(ensure_allocated(request));
  if (write_ != nullptr && request.commit_bytes <= kZeroedCommitBytesMax) write_zeros(request);
  return ok();
}

void SpaceAhead::write_zeros(const Request& request) {
  const std::uint64_t next_end =
      request.used_bytes + request.commit_bytes + request.commit_bytes / 4 + kZeroMarginBytes;
  if (zeroed_bytes_ >= next_end) return;
  const std::uint64_t from = std::max(zeroed_bytes_, request.used_bytes);
  if (from + kZeroStepBytes > allocated_bytes_) return;
  std::array<iovec, kZeroStepBytes / kZerosBytes> parts{};
  // pwritev only reads; iovec has no const.
  for (iovec& part : parts)
    part = {const_cast<std::byte*>(kZeros.data()), kZeros.size()};
  const ssize_t written =
      write_(request.fd, parts.data(), static_cast<int>(parts.size()), static_cast<off_t>(from));
  // A failure costs speed only: the commit itself meets it again, if it matters.
  if (written > 0) zeroed_bytes_ = from + static_cast<std::uint64_t>(written);
}

Status SpaceAhead::ensure_allocated(const Request& request) {
  const std::uint64_t reserve =
      request.space_class == SpaceClass::intake ? limits::kSpaceReservedBytes : 0;
  const std::uint64_t commit = worst_commit_bytes(request.commit_bytes);
  const std::uint64_t needed_end = request.used_bytes + commit + reserve;
  const std::uint64_t wanted_end = request.used_bytes + commit + limits::kSpaceAheadBytes;
  if (allocated_bytes_ >= wanted_end) return ok();
  if (starved_ && allocated_bytes_ >= needed_end) return ok();

  int code = allocate_to(request, wanted_end + kStepBytes);
  starved_ = code != 0;
  if (code != 0) code = allocate_to(request, needed_end);
  if (code == 0) return ok();
  const std::string reason = std::generic_category().message(code);
  if (!is_full(code)) {
    return Error{Errc::io, fmt::format("Disk space for the journal cannot be allocated: {}. The "
                                       "journal needs a local disk that can do so.",
                                       reason)};
  }
  return Error{Errc::no_space,
               fmt::format("The journal's disk is full ({}): {} more bytes are needed. Free some "
                           "space; service resumes by itself.",
                           reason, needed_end - std::max(allocated_bytes_, request.used_bytes))};
}

}  // namespace spine::journal
