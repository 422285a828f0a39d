// Files that are complete or absent, and directories only their owner may enter.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine {

// Of an errno value: Errc::refused, no_space, not_found or io.
Errc class_of_errno(int code);

// "<path> cannot be <doing>: <reason>." of an errno value, of its class.
Error path_error(int code, std::string_view doing, const std::filesystem::path& path);

// All of it, however often the kernel is interrupted. 0 or an errno value.
int write_all(int fd, ByteSpan bytes);

// Makes the names in the directory durable: created, renamed and removed ones.
Status sync_dir(const std::filesystem::path& dir);

// Creates the directory and its missing parents with mode 0700, whatever the umask, durably. What
// already exists is left as it is. Thread: any, but it changes nothing process-wide.
Status make_private_directories(const std::filesystem::path& directory);

// Writes the parts one after the other to a temporary name, fsyncs, renames to `path` (mode 0600),
// and syncs the directory: whenever power is lost, the old content is there or the new one. On
// Errc::no_space, Errc::io and Errc::refused the old content, and no temporary file, is left.
Status replace_file(const std::filesystem::path& path, std::initializer_list<ByteSpan> parts);

// A file opened for reading.
class InputFile {
 public:
  // Errc::not_found when there is no such file.
  static Result<InputFile> open(const std::filesystem::path& path);

  // Length of the file as it was opened.
  std::uint64_t bytes() const { return bytes_; }
  // The next bytes, all of them. Errc::corrupt when the file ends before.
  Status read(MutableByteSpan bytes);

 private:
  InputFile(std::filesystem::path path, UniqueFd fd, std::uint64_t bytes)
      : path_(std::move(path)), fd_(std::move(fd)), bytes_(bytes) {}
  std::filesystem::path path_;
  UniqueFd fd_;
  std::uint64_t bytes_;
};

}  // namespace spine
