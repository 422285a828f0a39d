// Putting a new text in a file's place, so that a crash leaves the old or the new one.
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/config/edit.h"
#include "engine/config/io_error.h"
#include "engine/config/source.h"
#include "schemas/vocab/directories.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::config {
namespace {

namespace fs = std::filesystem;

// Another edit holds the folder for a few milliseconds.
constexpr int kLockTries = 50;
constexpr int kLockPauseMs = 20;

Result<UniqueFd> lock_folder(const fs::path& folder) {
  UniqueFd dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) return io_error("open", folder);
  for (int i = 0; ::flock(dir.get(), LOCK_EX | LOCK_NB) != 0; ++i) {
    if (errno != EWOULDBLOCK && errno != EINTR) return io_error("lock", folder);
    if (i == kLockTries) {
      return Error{Errc::in_use, fmt::format("Somebody else is changing files in {}; try again.",
                                             printable(folder.string()))};
    }
    ::poll(nullptr, 0, kLockPauseMs);
  }
  return dir;
}

Status check_unchanged(const fs::path& path, const PreparedEdit& edit) {
  const Result<std::string> now = read_text_file(path);
  if (!now && now.error().code != Errc::not_found) return now.error();
  const bool same = now ? edit.existed && text_hash(*now) == edit.before : !edit.existed;
  if (!same) return Error{Errc::refused, std::string{kBaseHashStale}};
  return ok();
}

Status write_whole(int fd, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return io_error("write", path);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(fd) != 0) return io_error("sync", path);
  return ok();
}

Status write_draft(const fs::path& draft, std::string_view text) {
  ::unlink(draft.c_str());
  const UniqueFd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return io_error("create", draft);
  if (::fchmod(file.get(), 0600) != 0) return io_error("set the mode of", draft);
  return write_whole(file.get(), text, draft);
}

// The old text under its second name; until the rename there is no moment without a .bak.
Status keep_old(const fs::path& path, const fs::path& draft) {
  fs::path kept = path;
  kept += ".bak";
  const Result<std::string> text = read_text_file(path);
  if (!text) return text.error();
  SPINE_TRY_STATUS(write_draft(draft, *text));
  if (::rename(draft.c_str(), kept.c_str()) != 0) return io_error("replace", kept);
  return ok();
}

Status replace_file(const fs::path& path, const fs::path& draft, const PreparedEdit& edit) {
  if (edit.existed) SPINE_TRY_STATUS(keep_old(path, draft));
  SPINE_TRY_STATUS(write_draft(draft, edit.text));
  if (::rename(draft.c_str(), path.c_str()) != 0) return io_error("replace", path);
  return ok();
}

}  // namespace

Status write_edit(const fs::path& path, const PreparedEdit& edit) {
  if (edit.noop) return ok();
  std::error_code code;
  const fs::path absolute = fs::absolute(path, code);
  fs::path real = fs::weakly_canonical(absolute, code);
  if (code) real = absolute;
  SPINE_TRY_STATUS(make_private_directories(real.parent_path()));
  SPINE_TRY(UniqueFd folder, lock_folder(real.parent_path()));
  SPINE_TRY_STATUS(check_unchanged(real, edit));
  // One name for all: the folder is locked, and what a crash left is written over.
  fs::path draft = real;
  draft += ".new";
  const Status replaced = replace_file(real, draft, edit);
  if (!replaced) {
    ::unlink(draft.c_str());
    return replaced.error();
  }
  if (::fsync(folder.get()) != 0) return io_error("sync", real.parent_path());
  return ok();
}

}  // namespace spine::config
