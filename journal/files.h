// Files that are complete or absent.
#pragma once

#include <filesystem>
#include <initializer_list>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/directories.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::journal {

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

}  // namespace spine::journal
