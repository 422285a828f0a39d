// mkdir and open with the modes a secret needs.
#include "engine/log/private_path.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace spine {
namespace {

Error io_error(std::string_view what, const std::filesystem::path& path, int code) {
  return {Errc::io, fmt::format("Cannot {} {}: {}.", what, path.string(),
                                std::generic_category().message(code))};
}

}  // namespace

Status make_private_directories(const std::filesystem::path& directory) {
  if (directory.empty()) return ok();
  std::error_code ignored;
  if (std::filesystem::is_directory(directory, ignored)) return ok();
  if (directory.has_parent_path() && directory.parent_path() != directory) {
    SPINE_TRY_STATUS(make_private_directories(directory.parent_path()));
  }
  if (::mkdir(directory.c_str(), 0700) != 0) {
    const int code = errno;
    // "a/b/" names a/b twice, and somebody else may have been quicker.
    if (!std::filesystem::is_directory(directory, ignored)) {
      return io_error("create the directory", directory, code);
    }
    return ok();
  }
  // A umask that takes the owner's own rights away must not count.
  if (::chmod(directory.c_str(), 0700) != 0) {
    return io_error("set the mode of the directory", directory, errno);
  }
  return ok();
}

Status make_private_file(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
  if (fd < 0) return io_error("open", file, errno);
  struct stat info {};
  const bool known = ::fstat(fd, &info) == 0;
  const bool open_to_others = known && S_ISREG(info.st_mode) && (info.st_mode & 0777U) != 0600U;
  const int code = known && (!open_to_others || ::fchmod(fd, 0600) == 0) ? 0 : errno;
  ::close(fd);
  if (code != 0) return io_error("set the mode of", file, code);
  return ok();
}

}  // namespace spine
