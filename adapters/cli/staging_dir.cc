// Copying with a sum, and one rename.
#include "adapters/cli/staging_dir.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/sha256.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPieceBytes = limits::kMiB;

// Reads the file, adds it up, and hands each piece to `put`.
template <class Put>
Result<FileSum> read_through(const fs::path& path, LongWork& work, Put put) {
  SPINE_TRY(InputFile file, InputFile::open(path));
  std::vector<std::byte> piece(std::min(kPieceBytes, file.bytes()));
  const std::string what = fmt::format("Reading {}", path.filename().string());
  Sha256 sha;
  FileSum sum;
  while (sum.bytes < file.bytes()) {
    const std::uint64_t now = std::min<std::uint64_t>(piece.size(), file.bytes() - sum.bytes);
    const MutableByteSpan bytes = std::span(piece).first(now);
    SPINE_TRY_STATUS(file.read(bytes));
    sha.add(bytes);
    SPINE_TRY_STATUS(put(bytes));
    sum.bytes += now;
    if (!work.go_on(what, sum.bytes, file.bytes())) return LongWork::stopped();
  }
  sum.sha256 = sha.finish();
  return sum;
}

}  // namespace

Result<StagingDir> StagingDir::create(const fs::path& path) {
  SPINE_TRY_STATUS(make_private_directories(path.parent_path()));
  if (::mkdir(path.c_str(), S_IRWXU) == 0) return StagingDir(path);
  if (errno != EEXIST) return path_error(errno, "created", path);
  return Error{Errc::in_use,
               fmt::format("{} is there: the same is at work, or was killed before it was done. If "
                           "nothing is at work, delete that directory and try again.",
                           path.string())};
}

StagingDir::~StagingDir() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<FileSum> StagingDir::take(const fs::path& from, const fs::path& name, LongWork& work) {
  const fs::path to = path_ / name;
  SPINE_TRY_STATUS(make_private_directories(to.parent_path()));
  const UniqueFd fd(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!fd) return path_error(errno, "created", to);
  SPINE_TRY(const FileSum sum, read_through(from, work, [&](ByteSpan bytes) -> Status {
              const int code = write_all(fd.get(), bytes);
              return code == 0 ? ok() : Status{path_error(code, "written", to)};
            }));
  if (::fsync(fd.get()) != 0) return path_error(errno, "written", to);
  SPINE_TRY_STATUS(sync_dir(to.parent_path()));
  return sum;
}

Result<FileSum> StagingDir::sum_of(const fs::path& name, LongWork& work) const {
  return read_through(path_ / name, work, [](ByteSpan) { return ok(); });
}

bool StagingDir::exchange(const fs::path& path) {
  if (!sync_dir(path_)) return false;
  return ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0;
}

Status StagingDir::rename_to(const fs::path& path) {
  SPINE_TRY_STATUS(sync_dir(path_));
  if (::rename(path_.c_str(), path.c_str()) != 0) {
    const int code = errno;
    if (code != EEXIST && code != ENOTEMPTY) return path_error(code, "put in place", path);
    return Error{Errc::refused, fmt::format("{} came to be meanwhile, and is not empty; it is left "
                                            "as it is.",
                                            path.string())};
  }
  path_.clear();
  return ok();
}

Status StagingDir::confirm(const fs::path& path) {
  const Status synced = sync_dir(path.parent_path());
  if (synced) return ok();
  return Error{synced.error().code,
               fmt::format("{} is in place and whole, but the disk did not confirm that it stays "
                           "after a loss of power: {}",
                           path.string(), synced.error().message)};
}

}  // namespace spine::cli
