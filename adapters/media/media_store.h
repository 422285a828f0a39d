// MediaStore: the files that came with messages, <state-dir>/media/<sha256>: each content once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "adapters/media/content_type.h"
#include "adapters/media/stored_file.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/result.h"

namespace spine::media {

struct MediaFile {
  Digest256 sha256{};
  std::uint64_t bytes{};
  std::string mime_type{};  // of its content: "image/png"
};

struct MediaBounds {
  std::uint64_t bytes_max{limits::kMediaBytesMax};
  std::size_t files_max{limits::kMediaFilesMax};
  std::uint64_t file_bytes_max{limits::kMediaFileBytesMax};
};

struct MediaSwept {
  std::size_t files{};  // removed, with those that were left unfinished
  std::uint64_t bytes{};
};

// A file is in the folder whole, and durably, or not at all: it is written under another name,
// synced, renamed, and the folder synced. Folder 0700, files 0600. Thread: one at a time, never the
// loop's (MediaKeeper); reading needs StoredFile alone.
class MediaStore {
 public:
  // Makes the folder, and removes what an earlier process left unfinished. REQUIRES: the state
  // directory is this process's alone. Errors: as ContentType::load(); refused, no_space, io.
  static Result<MediaStore> open(std::filesystem::path folder, MediaBounds bounds = {});

  // Keeps the bytes; those that are there already are written anew, which mends a damaged file.
  // Durable on return. Errors: invalid_argument when there are none; refused: too large; no_space:
  // the disk, or the folder (MediaBounds); io. Nothing is left behind then.
  Result<MediaFile> put(ByteSpan bytes);
  // The same of a file of the name that MediaKeeper::temporary() gave, written and closed. It is
  // gone then, in any case.
  Result<MediaFile> adopt(const std::filesystem::path& temporary);

  // Removes what is not in `keep`, unless it was put within the last `settle_ms`: its message may
  // still be on its way into the journal; and what earlier processes left unfinished. Errors: io.
  Result<MediaSwept> sweep(std::vector<Digest256> keep,
                           std::uint64_t settle_ms = limits::kMediaSettleMs);

  const std::filesystem::path& folder() const { return folder_; }
  // Unfinished files of this process begin so.
  const std::string& temporary_prefix() const { return prefix_; }
  std::uint64_t bytes() const { return bytes_; }
  std::size_t files() const { return files_; }

 private:
  MediaStore(std::filesystem::path folder, MediaBounds bounds, ContentType types);
  Status check_room(const Digest256& sha256, std::uint64_t bytes) const;
  // How long the stored file is; 0 when there is none.
  std::uint64_t stored_bytes(const Digest256& sha256) const;
  void count(std::uint64_t before, std::uint64_t now);
  Result<MediaFile> take(const std::filesystem::path& temporary);
  Status look_through();

  std::filesystem::path folder_;
  MediaBounds bounds_;
  ContentType types_;
  std::string prefix_;
  std::uint64_t bytes_{};
  std::size_t files_{};
};

}  // namespace spine::media
