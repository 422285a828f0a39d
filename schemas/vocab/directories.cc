// mkdir and fsync with the reasons of failures in words.
#include "schemas/vocab/directories.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "schemas/vocab/unique_fd.h"

namespace spine {

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

Error path_error(int code, std::string_view doing, const std::filesystem::path& path) {
  return Error{class_of_errno(code), path.string() + " cannot be " + std::string(doing) + ": " +
                                         std::generic_category().message(code) + "."};
}

Status sync_dir(const std::filesystem::path& dir) {
  const std::filesystem::path named = dir.empty() ? std::filesystem::path(".") : dir;
  const UniqueFd fd(::open(named.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return path_error(errno, "opened", named);
  if (::fsync(fd.get()) != 0) return path_error(errno, "synced", named);
  return ok();
}

Status make_private_directories(const std::filesystem::path& directory) {
  if (directory.empty()) return ok();
  std::error_code ignored;
  if (std::filesystem::is_directory(directory, ignored)) return ok();
  const std::filesystem::path parent = directory.parent_path();
  if (parent != directory) SPINE_TRY_STATUS(make_private_directories(parent));
  if (::mkdir(directory.c_str(), S_IRWXU) != 0) {
    const int code = errno;
    // "a/b/" names a/b twice, and somebody else may have been quicker.
    if (std::filesystem::is_directory(directory, ignored)) return ok();
    return path_error(code, "created as a directory", directory);
  }
  // A umask that takes the owner's own rights away must not count.
  if (::chmod(directory.c_str(), S_IRWXU) != 0) {
    return path_error(errno, "given the mode 0700", directory);
  }
  return sync_dir(parent);
}

}  // namespace spine
