// Reading, writing, mkdir and fsync, with the reasons of failures in words.
#include "schemas/vocab/files.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace spine {
namespace {

namespace fs = std::filesystem;

Status write_synced(const fs::path& path, std::initializer_list<ByteSpan> parts) {
  // Removes an older attempt, or whatever else has the name: opening a FIFO would block.
  ::unlink(path.c_str());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return path_error(errno, "created", path);
  int code = 0;
  for (const ByteSpan part : parts) {
    if (code == 0) code = write_all(fd, part);
  }
  if (code == 0 && ::fsync(fd) != 0) code = errno;
  ::close(fd);
  if (code != 0) return path_error(code, "written", path);
  return ok();
}

}  // namespace

int write_all(int fd, ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return 0;
}

Errc class_of_errno(int code) {
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

Error path_error(int code, std::string_view doing, const fs::path& path) {
  return Error{class_of_errno(code), path.string() + " cannot be " + std::string(doing) + ": " +
                                         std::generic_category().message(code) + "."};
}

Status sync_dir(const fs::path& dir) {
  const fs::path named = dir.empty() ? fs::path(".") : dir;
  const UniqueFd fd(::open(named.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return path_error(errno, "opened", named);
  if (::fsync(fd.get()) != 0) return path_error(errno, "synced", named);
  return ok();
}

Status make_private_directories(const fs::path& directory) {
  if (directory.empty()) return ok();
  std::error_code ignored;
  if (fs::is_directory(directory, ignored)) return ok();
  const fs::path parent = directory.parent_path();
  if (parent != directory) SPINE_TRY_STATUS(make_private_directories(parent));
  if (::mkdir(directory.c_str(), S_IRWXU) != 0) {
    const int code = errno;
    // "a/b/" names a/b twice, and another process may have created it meanwhile.
    if (fs::is_directory(directory, ignored)) return ok();
    return path_error(code, "created as a directory", directory);
  }
  // A umask that takes the owner's own rights away must not count.
  if (::chmod(directory.c_str(), S_IRWXU) != 0) {
    return path_error(errno, "given the mode 0700", directory);
  }
  return sync_dir(parent);
}

Status replace_file(const fs::path& path, std::initializer_list<ByteSpan> parts) {
  fs::path temporary = path;
  temporary += ".partial";
  Status written = write_synced(temporary, parts);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = path_error(errno, "put in place", path);
  }
  if (!written) {
    std::error_code error;
    fs::remove(temporary, error);
    return written;
  }
  return sync_dir(path.parent_path());
}

Result<InputFile> InputFile::open(const fs::path& path) {
  // O_NONBLOCK: opening a FIFO would block until another process opens it for writing.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return path_error(errno, "opened", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return path_error(errno, "looked at", path);
  if (!S_ISREG(status.st_mode)) {
    return Error{Errc::corrupt, path.string() + " is not a regular file."};
  }
  return InputFile(path, std::move(fd), static_cast<std::uint64_t>(status.st_size));
}

Status InputFile::read(MutableByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::read(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return path_error(errno, "read", path_);
    if (n == 0) return Error{Errc::corrupt, path_.string() + " is cut short."};
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return ok();
}

}  // namespace spine
