// StoredFile: one file of the media folder, opened for reading and found whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::media {

inline constexpr std::string_view kMediaFolder = "media";  // of the state directory

// Its name in the folder: the SHA-256 in 64 hexadecimal digits.
std::string media_name(const Digest256& sha256);
// The content that a name stands for. False when it is no such name.
bool parse_media_name(std::string_view name, Digest256& sha256);

// The SHA-256 of an open file, from its beginning to its end. Errors: io.
struct FileContent {
  Digest256 sha256{};
  std::uint64_t bytes{};
};
Result<FileContent> read_content(int fd, const std::filesystem::path& name);

// Thread: any but the loop's: it reads whole files.
class StoredFile {
 public:
  // Reads it whole: one whose content is not what its name says is never handed out. `folder`: that
  // of the media. Errors: not_found, corrupt, io.
  static Result<StoredFile> open(const std::filesystem::path& folder, const Digest256& sha256);

  // At the beginning of the file, read-only.
  int fd() const { return fd_.get(); }
  std::uint64_t bytes() const { return bytes_; }
  // Hands out all of it in pieces, each but the last of kPieceBytes. Errors: corrupt when it is not
  // the same any more: what was handed out is then of no use; io.
  static constexpr std::size_t kPieceBytes = 3 * 64 * 1024;
  Status read(const std::function<void(ByteSpan)>& take) const;

 private:
  StoredFile(std::filesystem::path path, UniqueFd fd, const FileContent& content)
      : path_(std::move(path)),
        fd_(std::move(fd)),
        sha256_(content.sha256),
        bytes_(content.bytes) {}
  std::filesystem::path path_;
  UniqueFd fd_;
  Digest256 sha256_;
  std::uint64_t bytes_;
};

}  // namespace spine::media
