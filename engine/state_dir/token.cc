// Making, keeping and comparing the shared token.
#include "engine/state_dir/token.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <span>
#include <sys/random.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "engine/config/source/deciding_file.h"
#include "schemas/vocab/base64.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::state_dir {

using config::check_place;
using config::io_error;
using config::read_all;
using config::refused;
using config::write_draft;
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTokenFileBytesMax = 4096;

// Only a secret that is ours alone is used.
Status check_private(int fd, const fs::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return io_error("look at", path);
  const std::string name = printable(path.string());
  if (!S_ISREG(info.st_mode)) {
    return refused("{} is not a regular file; take it away.", name);
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return refused(
        "The token file {} belongs to another user (uid {}); take it away or give it to yourself "
        "with chown.",
        name, info.st_uid);
  }
  if ((info.st_mode & 077U) != 0) {
    return refused(
        "The token file {} can be read or changed by others (mode {:04o}), so its token is not "
        "secret. Run `chmod 600 {}`; if others may have read it, delete the file and a new token "
        "is made.",
        name, info.st_mode & 07777U, name);
  }
  return ok();
}

Result<std::string> read_checked(int fd, const fs::path& path) {
  SPINE_TRY_STATUS(check_private(fd, path));
  const Result<std::string> whole = read_all(fd, path, kTokenFileBytesMax);
  if (!whole && whole.error().code == Errc::io) return whole.error();
  std::string_view text = whole ? std::string_view{*whole} : std::string_view{};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  const bool printed = text == printable(text) && text.find(' ') == std::string_view::npos;
  if (text.empty() || !printed) {
    return Error{Errc::corrupt,
                 fmt::format("The token file {} does not hold one token on one line; delete it to "
                             "have a new one made, or write the token into it.",
                             printable(path.string()))};
  }
  return std::string{text};
}

// Written under another name and linked, so that a reader never sees half a token. False when
// another process was first.
Result<bool> create_token_file(const fs::path& path, std::string_view token) {
  fs::path draft = path;
  draft += fmt::format(".{}.new", ::gettid());
  const Status written = write_draft(draft, fmt::format("{}\n", token));
  const bool linked = written && ::link(draft.c_str(), path.c_str()) == 0;
  const bool failed = written && !linked && errno != EEXIST;
  const Error why = failed ? io_error("create", path) : Error{};
  ::unlink(draft.c_str());
  if (!written) return written.error();
  if (failed) return why;
  SPINE_TRY_STATUS(sync_dir(path.parent_path()));
  return linked;
}

}  // namespace

fs::path token_path(const fs::path& state_dir) {
  return state_dir / "token";
}

Result<std::string> make_token() {
  std::array<unsigned char, 32> bytes{};
  // getrandom(2) gives up to 256 bytes whole, or fails.
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return Error{Errc::io, fmt::format("The system gives no random numbers: {}.",
                                       std::generic_category().message(errno))};
  }
  return encode_base64url(std::as_bytes(std::span{bytes}));
}

Result<std::string> read_token_file(const fs::path& file) {
  const UniqueFd in(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!in) {
    const bool absent = errno == ENOENT;
    Error error = io_error("open the token file", file);
    if (absent) error.code = Errc::not_found;
    return error;
  }
  SPINE_TRY(std::string token, read_checked(in.get(), file));
  SPINE_TRY_STATUS(check_place(file));
  return token;
}

Result<std::string> load_or_create_token(const fs::path& state_dir) {
  const fs::path path = token_path(state_dir);
  Result<std::string> existing = read_token_file(path);
  if (existing || existing.error().code != Errc::not_found) return existing;
  SPINE_TRY(std::string token, make_token());
  SPINE_TRY(bool first, create_token_file(path, token));
  if (!first) return read_token_file(path);
  return token;
}

}  // namespace spine::state_dir
