// Owners and modes of files and of the folders they are found in.
#include "engine/config/source/deciding_file.h"

#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "schemas/vocab/files.h"

namespace spine::config {
namespace {

namespace fs = std::filesystem;

// As many as Linux follows.
constexpr int kLinksMax = 40;
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

// On a read-only mount (of a container) nobody can write, whatever the modes say.
bool is_read_only(const fs::path& path) {
  struct statvfs info {};
  return ::statvfs(path.c_str(), &info) == 0 && (info.f_flag & ST_RDONLY) != 0;
}

Status check_owner(const struct stat& info, const fs::path& path, std::string_view what) {
  if (info.st_uid == ::geteuid() || info.st_uid == 0) return ok();
  const std::string name = printable(path.string());
  return refused(
      "{} {} belongs to another user (uid {}), so what it says cannot be trusted. Take it away, or "
      "give it to yourself: chown {} {}",
      what, name, info.st_uid, ::geteuid(), name);
}

Status check_folder(const fs::path& folder, const fs::path& path) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) {
    // A missing folder is safe: it will be created with mode 0700.
    return errno == ENOENT || errno == ENOTDIR ? ok() : Status{io_error("look at", folder)};
  }
  if (is_read_only(folder)) return ok();
  SPINE_TRY_STATUS(check_owner(info, folder, "The folder"));
  const bool theirs_stays = (info.st_mode & S_ISVTX) != 0;
  if ((info.st_mode & kOthersWrite) == 0 || theirs_stays) return ok();
  const std::string name = printable(folder.string());
  return refused(
      "The folder {} can be changed by others (mode {:04o}), who could put another {} into it. Run "
      "`chmod go-w {}`.",
      name, info.st_mode & 07777U, printable(path.filename().string()), name);
}

}  // namespace

Result<UniqueFd> open_regular(const fs::path& path) {
  // O_NONBLOCK: opening a FIFO does not block for a writer; it is refused below.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) {
    const Errc code = errno == ENOENT || errno == ENOTDIR ? Errc::not_found : Errc::io;
    Error error = io_error("open", path);
    error.code = code;
    return error;
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return io_error("look at", path);
  if (S_ISREG(info.st_mode)) return fd;
  return refused("{} is not a regular file; take it away, or name another.",
                 printable(path.string()));
}

Status check_deciding(int fd, const fs::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return io_error("look at", path);
  if (!is_read_only(path)) {
    SPINE_TRY_STATUS(check_owner(info, path, "The file"));
    if ((info.st_mode & kOthersWrite) != 0) {
      const std::string name = printable(path.string());
      return refused(
          "The file {} can be changed by others (mode {:04o}), so what it says cannot be trusted. "
          "Run `chmod go-w {}`.",
          name, info.st_mode & 07777U, name);
    }
  }
  return check_place(path);
}

Status check_place(const fs::path& path) {
  std::error_code failed;
  fs::path at = fs::absolute(path, failed);
  if (failed) at = path;
  for (int links = 0; links <= kLinksMax; ++links) {
    SPINE_TRY_STATUS(check_folder(at.parent_path(), at));
    struct stat info {};
    if (::lstat(at.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return ok();
    // In a sticky folder such as /tmp the owner of a link decides where it leads.
    SPINE_TRY_STATUS(check_owner(info, at, "The link"));
    const fs::path target = fs::read_symlink(at, failed);
    if (failed || target.empty()) return ok();
    at = target.is_absolute() ? target : at.parent_path() / target;
  }
  return ok();
}

fs::path real_path(const fs::path& path) {
  std::error_code code;
  const fs::path absolute = fs::absolute(path, code);
  const fs::path real = fs::weakly_canonical(absolute, code);
  return code ? absolute : real;
}

Status write_draft(const fs::path& draft, std::string_view text) {
  ::unlink(draft.c_str());
  const UniqueFd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return io_error("create", draft);
  if (::fchmod(file.get(), 0600) != 0) return io_error("set the mode of", draft);
  if ((errno = write_all(file.get(), as_bytes(text))) != 0) return io_error("write", draft);
  if (::fsync(file.get()) != 0) return io_error("sync", draft);
  return ok();
}

Result<std::string> read_all(int fd, const fs::path& path, std::size_t bytes_max) {
  std::string text;
  std::array<char, std::size_t{64} * 1024> buffer;
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("read", path);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > bytes_max) {
      return Error{Errc::invalid_argument,
                   fmt::format("{} has more than {} bytes; make it smaller.",
                               printable(path.string()), bytes_max)};
    }
  }
}

Result<std::string> read_text_file(const fs::path& path, std::size_t bytes_max) {
  SPINE_TRY(const UniqueFd fd, open_regular(path));
  SPINE_TRY_STATUS(check_deciding(fd.get(), path));
  return read_all(fd.get(), path, bytes_max);
}

}  // namespace spine::config
