// mkdir, flock, and a line of text: "pid port".
#include "engine/state_dir/state_dir.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "engine/config/source/deciding_file.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/show.h"

namespace spine::state_dir {

using config::check_place;
using config::io_error;
using config::refused;
namespace {

namespace fs = std::filesystem;

fs::path lock_path(const fs::path& dir) {
  return dir / "spine.lock";
}

// What the holder wrote: "<pid> <port>\n". Zeros where it does not say.
LockInfo read_holder(int fd) {
  std::array<char, 64> buffer;
  const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), 0);
  const char* end = buffer.data() + std::max<ssize_t>(got, 0);
  LockInfo info;
  const auto pid = std::from_chars(buffer.data(), end, info.pid);
  if (pid.ec != std::errc{} || pid.ptr == end || *pid.ptr != ' ') return {};
  std::from_chars(pid.ptr + 1, end, info.port);
  return info;
}

Status write_holder(int fd, std::uint16_t port) {
  const std::string text = fmt::format("{} {}\n", ::getpid(), port);
  // Shorter text after longer would leave digits behind; the lock keeps other writers out.
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return Error{Errc::io, fmt::format("Cannot write the lock file: {}.",
                                       std::generic_category().message(errno))};
  }
  return ok();
}

int lock_without_waiting(int fd, int how) {
  int result = 0;
  do {
    result = ::flock(fd, how | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return result;
}

}  // namespace

Status ensure_state_dir(const fs::path& dir) {
  SPINE_TRY_STATUS(make_private_directories(dir));
  struct stat info {};
  if (::stat(dir.c_str(), &info) != 0) return io_error("look at", dir);
  const std::string name = printable(dir.string());
  if (!S_ISDIR(info.st_mode)) {
    return refused("{} is not a directory; choose another with --state-dir.", name);
  }
  if (info.st_uid != ::geteuid()) {
    return refused(
        "The state directory {} belongs to another user (uid {}); choose another with --state-dir, "
        "or run as that user.",
        name, info.st_uid);
  }
  SPINE_TRY_STATUS(check_place(dir));
  std::error_code ignored;
  if ((info.st_mode & 022U) != 0 && !fs::is_empty(dir, ignored)) {
    // Others may have changed its content already: to fix the mode now would only hide that.
    return refused(
        "The state directory {} can be changed by others (mode {:04o}), so what is in it cannot be "
        "trusted. Look at it, then run `chmod 700 {}`, or choose another with --state-dir.",
        name, info.st_mode & 07777U, name);
  }
  if ((info.st_mode & 077U) != 0 && ::chmod(dir.c_str(), 0700) != 0) {
    return io_error("set the mode of", dir);
  }
  return ok();
}

Result<LockInfo> read_lock(const fs::path& dir) {
  const fs::path path = lock_path(dir);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return LockInfo{};
    return io_error("open", path);
  }
  LockInfo info = read_holder(fd.get());
  // A shared lock is refused only while a daemon holds the exclusive one.
  info.running = lock_without_waiting(fd.get(), LOCK_SH) != 0 && errno == EWOULDBLOCK;
  return info;
}

Result<StateLock> StateLock::acquire(const fs::path& dir) {
  const fs::path path = lock_path(dir);
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600));
  if (!fd) return io_error("open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return io_error("look at", path);
  if (!S_ISREG(info.st_mode)) {
    return refused("{} is not a regular file; take it away.", printable(path.string()));
  }
  if (lock_without_waiting(fd.get(), LOCK_EX) != 0) {
    if (errno != EWOULDBLOCK) return io_error("lock", path);
    const LockInfo holder = read_holder(fd.get());
    const std::string who = holder.pid == 0 ? "" : fmt::format(" (pid {})", holder.pid);
    return Error{Errc::in_use,
                 fmt::format("another Spine{} is using {}", who, printable(dir.string()))};
  }
  SPINE_TRY_STATUS(write_holder(fd.get(), 0));
  return StateLock(std::move(fd));
}

Status StateLock::set_port(std::uint16_t port) {
  return write_holder(fd_.get(), port);
}

}  // namespace spine::state_dir
