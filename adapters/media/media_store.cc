// Writing: another name, one rename; and the sweep.
#include "adapters/media/media_store.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/random.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "schemas/vocab/files.h"
#include "schemas/vocab/sha256.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::media {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinished = ".partial";

std::string random_prefix() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) {
    number = static_cast<std::uint64_t>(::getpid());
  }
  return fmt::format("incoming-{:016x}-", number);
}

// Calls visit(name, entry) for every regular file of the folder.
template <class Visit>
Status each_file(const fs::path& folder, Visit visit) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (fs::is_regular_file(it->symlink_status(ignored))) {
      visit(it->path().filename().string(), *it);
    }
  }
  return error ? Status{path_error(error.value(), "listed", folder)} : ok();
}

bool is_settled(const fs::directory_entry& entry, std::uint64_t settle_ms) {
  std::error_code error;
  const auto written = entry.last_write_time(error);
  if (error) return false;
  const auto age = fs::file_time_type::clock::now() - written;
  return age >= std::chrono::milliseconds(settle_ms);
}

// Removes the name when it goes out of scope, unless it was renamed.
class Unfinished {
 public:
  explicit Unfinished(const fs::path& path) : path_(path) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() { static_cast<void>(::unlink(path_.c_str())); }

 private:
  const fs::path& path_;
};

}  // namespace

MediaStore::MediaStore(fs::path folder, MediaBounds bounds, ContentType types)
    : folder_(std::move(folder)),
      bounds_(bounds),
      types_(std::move(types)),
      prefix_(random_prefix()) {}

Result<MediaStore> MediaStore::open(fs::path folder, MediaBounds bounds) {
  SPINE_TRY(ContentType types, ContentType::load());
  SPINE_TRY_STATUS(make_private_directories(folder));
  if (::chmod(folder.c_str(), S_IRWXU) != 0) return path_error(errno, "made private", folder);
  MediaStore store(std::move(folder), bounds, std::move(types));
  SPINE_TRY_STATUS(store.look_through());
  return store;
}

Status MediaStore::look_through() {
  std::vector<fs::path> unfinished;
  SPINE_TRY_STATUS(
      each_file(folder_, [&](const std::string& name, const fs::directory_entry& entry) {
        Digest256 sha256{};
        std::error_code ignored;
        if (parse_media_name(name, sha256)) count(0, entry.file_size(ignored));
        if (name.ends_with(kUnfinished)) unfinished.push_back(entry.path());
      }));
  for (const fs::path& path : unfinished)
    static_cast<void>(::unlink(path.c_str()));
  return ok();
}

void MediaStore::count(std::uint64_t before, std::uint64_t now) {
  if (before == 0 && now != 0) ++files_;
  bytes_ = bytes_ - std::min(bytes_, before) + now;
}

std::uint64_t MediaStore::stored_bytes(const Digest256& sha256) const {
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(folder_ / media_name(sha256), error);
  return error ? 0 : bytes;
}

Status MediaStore::check_room(const Digest256& sha256, std::uint64_t bytes) const {
  if (bytes == 0) return Error{Errc::invalid_argument, "An empty file is not kept."};
  if (bytes > bounds_.file_bytes_max) {
    return Error{Errc::refused, fmt::format("A file of {} is larger than {}, and not kept.",
                                            show_bytes(bytes), show_bytes(bounds_.file_bytes_max))};
  }
  const std::uint64_t before = stored_bytes(sha256);
  const bool full = (before == 0 && files_ >= bounds_.files_max) ||
                    bytes_ - std::min(bytes_, before) + bytes > bounds_.bytes_max;
  if (!full) return ok();
  return Error{Errc::no_space,
               fmt::format("{} is full: {} files, {} of {}.", folder_.string(), files_,
                           show_bytes(bytes_), show_bytes(bounds_.bytes_max))};
}

Result<MediaFile> MediaStore::put(ByteSpan bytes) {
  const Digest256 sha256 = sha256_of(bytes);
  SPINE_TRY_STATUS(check_room(sha256, bytes.size()));
  const std::uint64_t before = stored_bytes(sha256);
  SPINE_TRY_STATUS(replace_file(folder_ / media_name(sha256), {bytes}));
  count(before, bytes.size());
  return MediaFile{
      .sha256 = sha256,
      .bytes = bytes.size(),
      .mime_type =
          types_.of(bytes.first(std::min<std::size_t>(bytes.size(), limits::kMediaLookBytesMax)))};
}

Result<MediaFile> MediaStore::adopt(const fs::path& temporary) {
  const std::string name = temporary.filename().string();
  if (temporary.parent_path() != folder_ || !name.starts_with(prefix_) ||
      !name.ends_with(kUnfinished)) {
    return Error{Errc::invalid_argument, fmt::format("{} is no unfinished file of {}.",
                                                     temporary.string(), folder_.string())};
  }
  const Unfinished unfinished(temporary);
  return take(temporary);
}

Result<MediaFile> MediaStore::take(const fs::path& temporary) {
  const UniqueFd fd(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return path_error(errno, "opened", temporary);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return path_error(errno, "looked at", temporary);
  if (!S_ISREG(status.st_mode)) {
    return Error{Errc::corrupt, temporary.string() + " is not a regular file."};
  }
  SPINE_TRY(const FileContent content, read_content(fd.get(), temporary));
  SPINE_TRY_STATUS(check_room(content.sha256, content.bytes));
  std::vector<std::byte> beginning(
      std::min<std::uint64_t>(content.bytes, limits::kMediaLookBytesMax));
  const ssize_t looked = ::pread(fd.get(), beginning.data(), beginning.size(), 0);
  if (looked < 0) return path_error(errno, "read", temporary);
  beginning.resize(static_cast<std::size_t>(looked));
  if (::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0 || ::fsync(fd.get()) != 0) {
    return path_error(errno, "written", temporary);
  }
  const std::uint64_t before = stored_bytes(content.sha256);
  const fs::path path = folder_ / media_name(content.sha256);
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return path_error(errno, "put in place", path);
  }
  count(before, content.bytes);
  SPINE_TRY_STATUS(sync_dir(folder_));
  return MediaFile{
      .sha256 = content.sha256, .bytes = content.bytes, .mime_type = types_.of(beginning)};
}

Result<MediaSwept> MediaStore::sweep(std::vector<Digest256> keep, std::uint64_t settle_ms) {
  std::ranges::sort(keep);
  std::vector<fs::path> gone;
  // Counted anew, as somebody may have changed the folder.
  files_ = 0;
  bytes_ = 0;
  SPINE_TRY_STATUS(
      each_file(folder_, [&](const std::string& name, const fs::directory_entry& entry) {
        Digest256 sha256{};
        std::error_code ignored;
        if (!parse_media_name(name, sha256)) {
          if (name.ends_with(kUnfinished) && !name.starts_with(prefix_)) {
            gone.push_back(entry.path());
          }
        } else if (std::ranges::binary_search(keep, sha256) || !is_settled(entry, settle_ms)) {
          count(0, entry.file_size(ignored));
        } else {
          gone.push_back(entry.path());
        }
      }));
  MediaSwept swept{};
  for (const fs::path& path : gone) {
    std::error_code error;
    const std::uint64_t bytes = fs::file_size(path, error);
    if (::unlink(path.c_str()) != 0) {
      if (errno == ENOENT) continue;
      return path_error(errno, "removed", path);
    }
    ++swept.files;
    swept.bytes += error ? 0 : bytes;
  }
  return swept;
}

}  // namespace spine::media
