// Durable names, whole files.
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
  // What lies there is an older attempt, or nothing of ours: a FIFO would be waited for.
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
  // Without O_NONBLOCK a start would wait for ever for whoever writes to a FIFO.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return path_error(errno, "opened", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return path_error(errno, "looked at", path);
  if (!S_ISREG(status.st_mode)) {
    return Error{Errc::corrupt, fmt::format("{} is not a regular file.", path.string())};
  }
  return InputFile(path, std::move(fd), static_cast<std::uint64_t>(status.st_size));
}

Status InputFile::read(MutableByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::read(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return path_error(errno, "read", path_);
    if (n == 0) return Error{Errc::corrupt, fmt::format("{} is cut short.", path_.string())};
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return ok();
}

}  // namespace spine::journal
