// Reading with a sum.
#include "adapters/media/stored_file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/sha256.h"
#include "schemas/vocab/show.h"

namespace spine::media {
namespace {

namespace fs = std::filesystem;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Reads the file from its beginning, in pieces of that size; the last one is shorter.
template <class Take>
Status each_piece(int fd, const fs::path& path, std::size_t piece_bytes, Take take) {
  std::vector<std::byte> piece(piece_bytes);
  std::uint64_t at = 0;
  for (;;) {
    std::size_t filled = 0;
    while (filled < piece.size()) {
      const ssize_t count = ::pread(fd, piece.data() + filled, piece.size() - filled,
                                    static_cast<off_t>(at + filled));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return path_error(errno, "read", path);
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    if (filled != 0) take(ByteSpan(piece).first(filled));
    if (filled < piece.size()) return ok();
    at += filled;
  }
}

}  // namespace

std::string media_name(const Digest256& sha256) {
  return show_hex(ByteSpan(sha256));
}

bool parse_media_name(std::string_view name, Digest256& sha256) {
  if (name.size() != 2 * sha256.size()) return false;
  for (std::size_t i = 0; i < sha256.size(); ++i) {
    const int high = digit_of(name[2 * i]);
    const int low = digit_of(name[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    sha256[i] = static_cast<std::byte>(high * 16 + low);
  }
  return true;
}

Result<FileContent> read_content(int fd, const fs::path& name) {
  Sha256 sha;
  FileContent content{};
  SPINE_TRY_STATUS(each_piece(fd, name, StoredFile::kPieceBytes, [&](ByteSpan piece) {
    sha.add(piece);
    content.bytes += piece.size();
  }));
  content.sha256 = sha.finish();
  return content;
}

Result<StoredFile> StoredFile::open(const fs::path& folder, const Digest256& sha256) {
  const fs::path path = folder / media_name(sha256);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!fd) return path_error(errno, "opened", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return path_error(errno, "looked at", path);
  if (!S_ISREG(status.st_mode)) {
    return Error{Errc::corrupt, path.string() + " is not a regular file."};
  }
  SPINE_TRY(const FileContent content, read_content(fd.get(), path));
  if (content.sha256 != sha256) {
    return Error{Errc::corrupt,
                 fmt::format("{} is damaged: its content is not that of its name. Restore it from "
                             "a backup, or delete it.",
                             path.string())};
  }
  return StoredFile(path, std::move(fd), content);
}

Status StoredFile::read(const std::function<void(ByteSpan)>& take) const {
  Sha256 sha;
  SPINE_TRY_STATUS(each_piece(fd_.get(), path_, kPieceBytes, [&](ByteSpan piece) {
    sha.add(piece);
    take(piece);
  }));
  if (sha.finish() == sha256_) return ok();
  return Error{Errc::corrupt, path_.string() + " was changed while it was read."};
}

}  // namespace spine::media
