// open with the mode a secret needs.
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

Status make_private_file(const std::filesystem::path& file) {
  const int fd =
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
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
