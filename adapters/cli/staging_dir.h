// StagingDir: a directory that is filled under another name and put in place whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>

#include "adapters/cli/long_work.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

// What a file held.
struct FileSum {
  std::uint64_t bytes{};
  Digest256 sha256{};
  bool operator==(const FileSum&) const = default;
};

// Goes away with the object, with all that is in it, unless it was put in place. Thread: one.
class StagingDir {
 public:
  // Makes it (mode 0700), and its missing parents. Errors: in_use when something of that name is
  // there: another one is at work, or was killed; refused, no_space, io.
  static Result<StagingDir> create(const std::filesystem::path& path);
  ~StagingDir();
  StagingDir(StagingDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  StagingDir& operator=(StagingDir&&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Copies the file to `name` below (mode 0600, its folders 0700), synced. Errors: corrupt when
  // `from` is no regular file or gets shorter; not_found, refused, no_space, io; unavailable:
  // stopped.
  Result<FileSum> take(const std::filesystem::path& from, const std::filesystem::path& name,
                       LongWork& work);
  // Reads the file `name` below.
  Result<FileSum> sum_of(const std::filesystem::path& name, LongWork& work) const;

  // Renames it to `path`: nothing may be there, or an empty directory. Errors: refused, io; it then
  // still is where it was.
  Status rename_to(const std::filesystem::path& path);
  // Makes the name of what was put in place durable. Errors: refused, io; it stands there whole,
  // and the message says so, but may not after a loss of power.
  static Status confirm(const std::filesystem::path& path);
  // Exchanges it with the directory `path` at once: this object then has what was there. False, and
  // nothing is changed, where the file system cannot.
  bool exchange(const std::filesystem::path& path);
  // What it has stays after the object: the caller has moved it elsewhere.
  void leave() { path_.clear(); }

 private:
  explicit StagingDir(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;  // empty: moved from, renamed, or left
};

}  // namespace spine::cli
