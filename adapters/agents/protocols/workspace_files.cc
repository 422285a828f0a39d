// Reads and writes files below one folder only.
#include "adapters/agents/protocols/workspace_files.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <linux/openat2.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

#include "schemas/vocab/check.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

constexpr const char* kTemporary = ".spine-write-";

Error file_error(std::string_view path, int number) {
  const bool outside = number == EXDEV || number == ELOOP;
  if (outside) return {Errc::refused, fmt::format("{} leads out of the workspace.", path)};
  return {number == ENOENT ? Errc::not_found : Errc::io,
          fmt::format("{}: {}.", path, std::generic_category().message(number))};
}

// -1 and errno on failure.
int open_beneath(int folder, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how));
}

std::string take_lines(const std::string& text, std::uint64_t line, std::uint64_t limit) {
  std::size_t start = 0;
  for (std::uint64_t skipped = 1; skipped < line; ++skipped) {
    const std::size_t end = text.find('\n', start);
    if (end == std::string::npos) return {};
    start = end + 1;
  }
  if (limit == 0) return text.substr(start);
  std::size_t end = start;
  for (std::uint64_t taken = 0; taken < limit; ++taken) {
    const std::size_t found = text.find('\n', end);
    if (found == std::string::npos) return text.substr(start);
    end = found + 1;
  }
  return text.substr(start, end - start);
}

bool set_groups(const std::vector<gid_t>& groups) {
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

// setfsuid returns the previous id, so the current one is read by a call with an invalid id.
bool set_file_user(uid_t uid) {
  ::setfsuid(uid);
  return static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1))) == uid;
}

bool set_file_group(gid_t gid) {
  ::setfsgid(gid);
  return static_cast<gid_t>(::setfsgid(static_cast<gid_t>(-1))) == gid;
}

// For its lifetime the calling thread opens files with another user's rights, for root alone; for
// others it changes nothing. Only that thread's rights on files change (fsuid, fsgid, supplementary
// groups), by raw system calls: those of glibc change the groups of all threads. Does not nest.
class ActingAs {
 public:
  ActingAs(uid_t uid, gid_t gid) {
    if (::geteuid() != 0) {
      done_ = true;
      return;
    }
    if (uid == 0) return;
    const int count = ::getgroups(0, nullptr);
    if (count < 0) return;
    groups_.resize(static_cast<std::size_t>(count));
    if (::getgroups(count, groups_.data()) != count || !set_groups({})) return;
    changed_ = true;
    done_ = set_file_group(gid) && set_file_user(uid);
  }
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;
  ~ActingAs() {
    if (!changed_) return;
    const int number = errno;  // of the calls in between
    const bool back =
        set_file_user(::geteuid()) && set_file_group(::getegid()) && set_groups(groups_);
    SPINE_CHECK(back);
    errno = number;
  }
  // False: the thread still has root's rights, so nothing may be opened.
  bool done() const { return done_; }

 private:
  bool changed_{};
  bool done_{};
  std::vector<gid_t> groups_{};
};

class WorkspaceFiles final : public FileAccess {
 public:
  WorkspaceFiles(std::string workspace, FileRules rules)
      : workspace_(std::move(workspace)), rules_(std::move(rules)) {
    while (workspace_.size() > 1 && workspace_.back() == '/')
      workspace_.pop_back();
  }

  Result<UniqueFd> open(std::string_view path) {
    SPINE_TRY(const std::string inside, below(path));
    SPINE_TRY(const UniqueFd folder, open_workspace());
    const ActingAs agent(rules_.uid, rules_.gid);
    if (!agent.done()) return not_as_root(path);
    UniqueFd file{open_beneath(folder.get(), inside, O_RDONLY | O_NONBLOCK | O_NOCTTY)};
    if (!file) return file_error(path, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return file_error(path, errno);
    if (!S_ISREG(status.st_mode)) {
      return Error{Errc::refused, fmt::format("{} is not a regular file.", path)};
    }
    SPINE_TRY_STATUS(check_shown(path, path_of(file.get())));
    return file;
  }

  Result<std::string> read(std::string_view path, std::uint64_t line,
                           std::uint64_t limit) override {
    SPINE_TRY(const UniqueFd file, open(path));
    std::string content;
    while (content.size() <= limits::kAgentFileBytesMax) {
      char piece[65'536];
      const ssize_t count = ::read(file.get(), piece, sizeof piece);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return file_error(path, errno);
      if (count == 0) return take_lines(content, line, limit);
      content.append(piece, static_cast<std::size_t>(count));
    }
    return Error{Errc::no_space, fmt::format("{} is larger than 8 MiB.", path)};
  }

  Status write(std::string_view path, std::string_view content) override {
    if (content.size() > limits::kAgentFileBytesMax) {
      return Error{Errc::no_space, fmt::format("More than 8 MiB are not written to {}.", path)};
    }
    SPINE_TRY(const std::string inside, below(path));
    SPINE_TRY(const UniqueFd workspace, open_workspace());
    const std::size_t slash = inside.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : inside.substr(0, slash);
    const std::string leaf = slash == std::string::npos ? inside : inside.substr(slash + 1);
    if (leaf.empty() || leaf == "." || leaf == "..") {
      return Error{Errc::invalid_argument, fmt::format("{} names no file.", path)};
    }
    const ActingAs agent(rules_.uid, rules_.gid);
    if (!agent.done()) return not_as_root(path);
    const UniqueFd folder{open_beneath(workspace.get(), parent, O_RDONLY | O_DIRECTORY)};
    if (!folder) return file_error(path, errno);
    SPINE_TRY_STATUS(check_shown(path, path_of(folder.get()) + "/" + leaf));
    return replace(path, folder.get(), leaf,
                   [content](int file) { return write_all(file, as_bytes(content)); });
  }

  Result<std::string> put(const PutFolder& put, const std::string& name, int file) {
    const std::string path = fmt::format("{}/{}/{}", workspace_, put.name, name);
    SPINE_TRY(const UniqueFd workspace, open_workspace());
    struct stat status {};
    if (::fstat(file, &status) != 0) return file_error(path, errno);
    const ActingAs agent(rules_.uid, rules_.gid);
    if (!agent.done()) return not_as_root(path);
    if (::mkdirat(workspace.get(), put.name.c_str(), 0755) != 0 && errno != EEXIST) {
      return file_error(path, errno);
    }
    const UniqueFd folder{open_beneath(workspace.get(), put.name, O_RDONLY | O_DIRECTORY)};
    if (!folder) return file_error(path, errno);
    SPINE_TRY_STATUS(check_shown(path, path_of(folder.get()) + "/" + name));
    SPINE_TRY_STATUS(
        make_room(folder.get(), put, name, static_cast<std::uint64_t>(status.st_size)));
    SPINE_TRY_STATUS(replace(path, folder.get(), name, [file](int to) { return copy(file, to); }));
    return path;
  }

 private:
  struct Lying {
    std::string name{};
    std::uint64_t bytes{};
    timespec written{};
  };

  // Of all of the file. 0 or an errno value.
  static int copy(int from, int to) {
    std::vector<std::byte> piece(256 * limits::kKiB);
    off_t at = 0;
    for (;;) {
      const ssize_t count = ::pread(from, piece.data(), piece.size(), at);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno;
      if (count == 0) return 0;
      const ByteSpan read = ByteSpan(piece).first(static_cast<std::size_t>(count));
      if (const int failed = write_all(to, read); failed != 0) return failed;
      at += count;
    }
  }

  static bool has_room(std::size_t files, std::uint64_t bytes) {
    return files <= limits::kWorkspaceMediaFilesMax && bytes <= limits::kWorkspaceMediaBytesMax;
  }

  // Removes the oldest files that are not needed, so that `name` of that size fits in; none of them
  // when that would not be enough.
  static Status make_room(int folder, const PutFolder& put, const std::string& name,
                          std::uint64_t bytes) {
    std::vector<Lying> lying = files_in(folder);
    std::erase_if(lying,
                  [&](const Lying& file) { return file.name == name || !put.is_put(file.name); });
    std::size_t files = lying.size() + 1;
    for (const Lying& file : lying)
      bytes += file.bytes;
    if (has_room(files, bytes)) return ok();
    std::erase_if(lying, [&](const Lying& file) { return put.is_needed(file.name); });
    std::uint64_t removable = 0;
    for (const Lying& file : lying)
      removable += file.bytes;
    const Error full{Errc::no_space, fmt::format("{} is full of files that are still needed: {} "
                                                 "does not fit in.",
                                                 put.name, name)};
    if (!has_room(files - lying.size(), bytes - removable)) return full;
    std::ranges::sort(lying, [](const Lying& a, const Lying& b) {
      return std::tie(a.written.tv_sec, a.written.tv_nsec, a.name) <
             std::tie(b.written.tv_sec, b.written.tv_nsec, b.name);
    });
    for (const Lying& file : lying) {
      if (::unlinkat(folder, file.name.c_str(), 0) != 0 && errno != ENOENT) continue;
      bytes -= file.bytes;
      if (has_room(--files, bytes)) return ok();
    }
    return full;
  }

  static std::vector<Lying> files_in(int folder) {
    std::vector<Lying> lying;
    DIR* entries = ::fdopendir(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (entries == nullptr) return lying;
    while (const dirent* entry = ::readdir(entries)) {  // NOLINT(concurrency-mt-unsafe): its own
      struct stat status {};
      if (::fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (!S_ISREG(status.st_mode)) continue;
      lying.push_back({entry->d_name, static_cast<std::uint64_t>(status.st_size), status.st_mtim});
    }
    ::closedir(entries);
    return lying;
  }

  // With the gateway's rights: the folders above it may be closed to the agent's user.
  Result<UniqueFd> open_workspace() {
    UniqueFd folder{::open(workspace_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!folder) return file_error(workspace_, errno);
    if (rules_.uid != 0) return folder;
    struct stat owner {};
    if (::fstat(folder.get(), &owner) != 0) return file_error(workspace_, errno);
    rules_.uid = owner.st_uid;
    rules_.gid = owner.st_gid;
    return folder;
  }

  static Error not_as_root(std::string_view path) {
    return {Errc::refused,
            fmt::format("{} is not opened: the gateway is root, and found no other user to open "
                        "it as. Give the workspace to the user the agent runs as.",
                        path)};
  }

  // The path of the open file by the kernel; "" if unknown.
  static std::string path_of(int fd) {
    std::error_code failed;
    return std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), failed).string();
  }

  Status check_shown(std::string_view path, const std::string& real) const {
    for (const std::string& place : rules_.hidden) {
      const bool inside =
          real.starts_with(place) && (real.size() == place.size() || real[place.size()] == '/');
      // A hidden folder that contains the workspace does not hide the workspace.
      const bool around = workspace_.starts_with(place + "/");
      if (!inside || around || place.empty()) continue;
      return Error{Errc::refused, fmt::format("{} belongs to the gateway.", path)};
    }
    return ok();
  }

  // The path relative to the workspace. openat2 makes sure that ".." does not leave it.
  Result<std::string> below(std::string_view path) const {
    if (path.find('\0') != std::string_view::npos || path.size() >= 4'096) {
      return Error{Errc::invalid_argument, "That is no path."};
    }
    if (!path.empty() && path.front() != '/') return std::string(path);
    if (path.size() > workspace_.size() + 1 && path.starts_with(workspace_) &&
        path[workspace_.size()] == '/') {
      path.remove_prefix(workspace_.size());
      while (!path.empty() && path.front() == '/')
        path.remove_prefix(1);
      if (!path.empty()) return std::string(path);
    }
    return Error{Errc::refused, fmt::format("Only files below {} may be asked for, not {}.",
                                            workspace_, path.empty() ? "that" : path)};
  }

  // `fill` writes the content to the descriptor it is given; 0 or an errno value.
  static Status replace(std::string_view path, int folder, const std::string& leaf,
                        const std::function<int(int)>& fill) {
    struct stat old {};
    mode_t mode = 0644;
    if (::fstatat(folder, leaf.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0) {
      if (!S_ISREG(old.st_mode)) {
        return Error{Errc::refused, fmt::format("{} is not a regular file.", path)};
      }
      mode = old.st_mode & 0777;
    }
    // The thread id, as several threads may write in a shared workspace.
    const std::string name = fmt::format("{}{}-{}", kTemporary, ::getpid(), ::gettid());
    static_cast<void>(::unlinkat(folder, name.c_str(), 0));
    const UniqueFd file{
        ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file) return file_error(path, errno);
    int failed = fill(file.get());
    if (failed == 0 && ::fchmod(file.get(), mode) != 0) failed = errno;
    if (failed == 0 && ::renameat(folder, name.c_str(), folder, leaf.c_str()) != 0) failed = errno;
    if (failed == 0) return ok();
    static_cast<void>(::unlinkat(folder, name.c_str(), 0));
    return file_error(path, failed);
  }

  std::string workspace_;
  FileRules rules_;
};

}  // namespace

Result<UniqueFd> open_in_workspace(const std::string& workspace, const FileRules& rules,
                                   std::string_view path) {
  return WorkspaceFiles(workspace, rules).open(path);
}

Result<std::string> put_into_workspace(const std::string& workspace, const FileRules& rules,
                                       const PutFolder& folder, const std::string& name, int file) {
  return WorkspaceFiles(workspace, rules).put(folder, name, file);
}

std::unique_ptr<FileAccess> make_workspace_files(std::string workspace, FileRules rules) {
  return std::make_unique<WorkspaceFiles>(std::move(workspace), std::move(rules));
}

}  // namespace spine::agents
