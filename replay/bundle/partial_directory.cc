// A directory made aside and renamed.
#include "replay/bundle/partial_directory.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <system_error>

#include "schemas/vocab/files.h"

namespace spine::replay {
namespace {

Error place_taken(const std::filesystem::path& place) {
  return Error{Errc::in_use, fmt::format("{} exists already. Choose another name, or remove it.",
                                         place.string())};
}

}  // namespace

Result<PartialDirectory> PartialDirectory::create(const std::filesystem::path& place) {
  std::filesystem::path named = place.lexically_normal();
  if (!named.has_filename()) named = named.parent_path();  // "a/"
  std::error_code error;
  if (std::filesystem::symlink_status(named, error).type() !=
      std::filesystem::file_type::not_found) {
    return place_taken(named);
  }
  std::string aside =
      (named.parent_path() / ("." + named.filename().string() + ".partial-XXXXXX")).string();
  if (::mkdtemp(aside.data()) == nullptr) return path_error(errno, "created", named);
  return PartialDirectory(std::move(named), aside);
}

PartialDirectory::~PartialDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Status PartialDirectory::put_in_place() {
  SPINE_TRY_STATUS(sync_dir(path_));
  if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, place_.c_str(), RENAME_NOREPLACE) != 0) {
    const int code = errno;
    if (code == EEXIST) return place_taken(place_);
    // Some file systems cannot: rename() replaces an empty directory at most.
    if (code != EINVAL || ::rename(path_.c_str(), place_.c_str()) != 0) {
      return path_error(code == EINVAL ? errno : code, "put in place", place_);
    }
  }
  path_.clear();
  return sync_dir(place_.parent_path());
}

}  // namespace spine::replay
