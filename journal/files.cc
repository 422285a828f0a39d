// Private directories, durable names, whole files.
#include "journal/files.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

Errc class_of(int code) {
  switch (code) {
    case EACCES:
    case EPERM:
    case EROFS:
      return Errc::refused;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Errc::no_space;
    case ENOENT:
      return Errc::not_found;
    default:
      return Errc::io;
  }
}

Error failure(int code, std::string_view doing, const fs::path& path) {
  return Error{class_of(code), fmt::format("{} cannot be {}: {}.", path.string(), doing,
                                           std::generic_category().message(code))};
}

// 0 or an errno value.
int write_all(int fd, ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return 0;
}

Status write_synced(const fs::path& path, std::initializer_list<ByteSpan> parts) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const int fd = ::open(path.c_str(), kFlags, S_IRUSR | S_IWUSR);
  if (fd < 0) return failure(errno, "created", path);
  int code = 0;
  for (const ByteSpan part : parts) {
    if (code == 0) code = write_all(fd, part);
  }
  if (code == 0 && ::fsync(fd) != 0) code = errno;
  ::close(fd);
  if (code != 0) return failure(code, "written", path);
  return ok();
}

}  // namespace

Status make_private_dir(const fs::path& dir) {
  std::error_code error;
  if (fs::is_directory(dir, error)) return ok();
  const fs::path parent = dir.parent_path();
  if (!parent.empty() && parent != dir) SPINE_TRY_STATUS(make_private_dir(parent));
  if (::mkdir(dir.c_str(), S_IRWXU) != 0 && errno != EEXIST) return failure(errno, "created", dir);
  if (!fs::is_directory(dir, error)) return failure(ENOTDIR, "used", dir);
  return ok();
}

Status sync_dir(const fs::path& dir) {
  const fs::path named = dir.empty() ? fs::path(".") : dir;
  const int fd = ::open(named.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failure(errno, "opened", named);
  const int code = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (code != 0) return failure(code, "synced", named);
  return ok();
}

Status replace_file(const fs::path& path, std::initializer_list<ByteSpan> parts) {
  fs::path temporary = path;
  temporary += ".partial";
  Status written = write_synced(temporary, parts);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = failure(errno, "put in place", path);
  }
  if (!written) {
    std::error_code error;
    fs::remove(temporary, error);
    return written;
  }
  return sync_dir(path.parent_path());
}

Result<InputFile> InputFile::open(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return failure(errno, "opened", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return failure(errno, "looked at", path);
  return InputFile(path, std::move(fd), static_cast<std::uint64_t>(status.st_size));
}

Status InputFile::read(MutableByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::read(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(errno, "read", path_);
    if (n == 0) return Error{Errc::corrupt, fmt::format("{} is cut short.", path_.string())};
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return ok();
}

Status read_file_exactly(const fs::path& path, MutableByteSpan bytes) {
  SPINE_TRY(InputFile file, InputFile::open(path));
  if (file.bytes() != bytes.size()) {
    return Error{Errc::corrupt, fmt::format("{} has {} bytes instead of {}.", path.string(),
                                            file.bytes(), bytes.size())};
  }
  return file.read(bytes);
}

}  // namespace spine::journal
