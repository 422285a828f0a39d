// walk_root, on canonical paths, so that links cannot lead out of the allowed folders.
#include "adapters/skills/skill_folders.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::skills {
namespace {

constexpr std::string_view kFileName = "SKILL.md";

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
struct FreeText {
  void operator()(char* text) const { ::free(text); }  // NOLINT: realpath() allocates so
};

// Fails with ELOOP if any part of `path` is a symbolic link; before Linux 5.6 only the last part.
UniqueFd open_real(const std::string& path, int flags) {
  flags |= O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how);
  if (fd >= 0) return UniqueFd(static_cast<int>(fd));
  if (errno != ENOSYS && errno != EPERM) return UniqueFd();
  return UniqueFd(::open(path.c_str(), flags));
}

bool leads_to_file(const std::string& link) {
  struct stat info {};
  return ::stat(link.c_str(), &info) == 0 && !S_ISDIR(info.st_mode);
}

struct Entry {
  std::string name{};
  bool link{};
};

class Walker {
 public:
  Walker(const std::string& root, const std::vector<std::string>& allowed,
         const std::function<void(const FoundSkill&)>& on_skill)
      : on_skill_(on_skill) {
    real_roots_.push_back(real_path(root));
    for (const std::string& folder : allowed) {
      if (std::string real = real_path(folder); !real.empty()) real_roots_.push_back(real);
    }
  }

  void folder(const std::string& path, const std::string& real, std::uint32_t depth) {
    if (walk.folders.size() >= limits::kSkillFoldersPerRootMax) {
      return fault(path, fmt::format("a root may hold {} folders; this one is left out.",
                                     limits::kSkillFoldersPerRootMax));
    }
    std::vector<Entry> entries;
    if (!list(path, real, entries)) return;
    walk.folders.push_back(real);
    const auto file = std::ranges::find(entries, kFileName, &Entry::name);
    if (file != entries.end()) return skill(path, real, file->link);
    if (depth == limits::kSkillFolderDepthMax) return;
    ancestors_.push_back(real);
    for (const Entry& entry : entries) {
      const std::string child = path + "/" + entry.name;
      if (entry.link && leads_to_file(child)) continue;
      const std::string real_child = entry.link ? followed(child) : real + "/" + entry.name;
      // A link to an ancestor would make a cycle.
      if (real_child.empty() || std::ranges::find(ancestors_, real_child) != ancestors_.end())
        continue;
      folder(child, real_child, depth + 1);
    }
    ancestors_.pop_back();
  }

  const std::string& real_root() const { return real_roots_.front(); }

  RootWalk walk{};

 private:
  void fault(const std::string& path, std::string message, Weight weight = Weight::error) {
    if (walk.faults.size() >= limits::kSkillFaultsMax) return;
    walk.faults.push_back({.path = path, .message = std::move(message), .weight = weight});
  }
  bool list(const std::string& path, const std::string& real, std::vector<Entry>& out) {
    UniqueFd fd = open_real(real, O_DIRECTORY);
    const std::unique_ptr<DIR, CloseFolder> open(fd ? ::fdopendir(fd.get()) : nullptr);
    if (open == nullptr) {
      if (errno != ENOENT && errno != ENOTDIR) {
        fault(path, fmt::format("the folder cannot be read: {}; change its permissions.",
                                std::strerror(errno)));
      }
      return false;
    }
    fd.release();  // closed with the DIR
    std::size_t seen = 0;
    while (const dirent* entry = ::readdir(open.get())) {
      if (++seen > limits::kSkillFolderEntriesMax) {
        fault(path, fmt::format("the folder has more than {} entries; the rest is left out.",
                                limits::kSkillFolderEntriesMax));
        break;
      }
      if (++entries_ > limits::kSkillRootEntriesMax) {
        fault(path,
              fmt::format("the folders of a root may have {} entries; what comes from here on "
                          "is left out.",
                          limits::kSkillRootEntriesMax));
        break;
      }
      const std::string_view name = entry->d_name;
      if (name.starts_with('.') || name == "node_modules") continue;
      unsigned char type = entry->d_type;
      if (type == DT_UNKNOWN) {
        struct stat info {};
        const std::string whole = real + "/" + std::string(name);
        if (::lstat(whole.c_str(), &info) != 0) continue;
        type = S_ISLNK(info.st_mode) ? DT_LNK : S_ISDIR(info.st_mode) ? DT_DIR : DT_REG;
      }
      if (type == DT_DIR || type == DT_LNK || name == kFileName) {
        out.push_back({std::string(name), type == DT_LNK});
      }
      if (name != kFileName && ::strcasecmp(entry->d_name, kFileName.data()) == 0) {
        fault(path + "/" + std::string(name), "the file must be called SKILL.md; rename it.");
      }
    }
    std::ranges::sort(out, {}, &Entry::name);
    return true;
  }

  // The canonical path of a link's target, or empty (with a fault) if it may not be followed.
  std::string followed(const std::string& path) {
    if (++links_ > limits::kSkillRootLinksMax) {
      fault(path, fmt::format("a root may have {} links; this one is left out.",
                              limits::kSkillRootLinksMax));
      return {};
    }
    std::string real = real_path(path);
    if (real.empty()) {
      fault(path, fmt::format("the link leads nowhere: {}; remove it.", std::strerror(errno)),
            Weight::warning);
      return {};
    }
    const auto holds = [&real](const std::string& folder) {
      return !folder.empty() && is_inside(real, folder);
    };
    if (std::ranges::any_of(real_roots_, holds)) return real;
    fault(path,
          fmt::format("the link leads out of its root, to {}; move the skill here, or name that "
                      "folder in skills.load.allowSymlinkTargets.",
                      printable(real)));
    return {};
  }

  void skill(const std::string& folder_path, const std::string& real, bool link) {
    if (skills_ == limits::kSkillsPerRootMax) {
      return fault(folder_path, fmt::format("a root may hold {} skills; this one is left out.",
                                            limits::kSkillsPerRootMax));
    }
    ++skills_;
    FoundSkill found{.path = folder_path + "/" + std::string(kFileName), .directory = real};
    found.folder = folder_path.substr(folder_path.rfind('/') + 1);
    std::string real_file = real + "/" + std::string(kFileName);
    if (link) {
      real_file = followed(found.path);
      if (real_file.empty()) return;
      walk.folders.push_back(real_file.substr(0, real_file.rfind('/')));
    }
    read(real_file, found);
    on_skill_(found);
  }

  void read(const std::string& real_file, FoundSkill& found) {
    const UniqueFd fd = open_real(real_file, 0);
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0) {
      return fault(found.path, fmt::format("the file cannot be read: {}; change its permissions.",
                                           std::strerror(errno)));
    }
    if (!S_ISREG(info.st_mode)) {
      return fault(found.path, "this is no regular file; replace it by one.");
    }
    // One byte more than allowed, so that the caller sees that a file is too large.
    const std::size_t wanted = std::min(static_cast<std::size_t>(std::max<off_t>(info.st_size, 0)),
                                        limits::kSkillFileBytesMax) +
                               1;
    if (bytes_ + wanted > limits::kSkillRootBytesMax) {
      return fault(found.path,
                   fmt::format("the SKILL.md files of a root may have {} together; this "
                               "one is left out.",
                               show_bytes(limits::kSkillRootBytesMax)));
    }
    bytes_ += wanted;
    found.text.resize(wanted);
    std::size_t have = 0;
    while (have < wanted) {
      const ssize_t n = ::read(fd.get(), found.text.data() + have, wanted - have);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        return fault(found.path, fmt::format("the file cannot be read: {}.", std::strerror(errno)));
      }
      if (n == 0) break;
      have += static_cast<std::size_t>(n);
      if (have < wanted && have == static_cast<std::size_t>(info.st_size)) break;
    }
    found.text.resize(have);
    found.file = real_file;
    found.readable = true;
  }

  const std::function<void(const FoundSkill&)>& on_skill_;
  std::size_t skills_{};
  std::size_t bytes_{};                    // of their files
  std::size_t entries_{};                  // of all folders
  std::size_t links_{};                    // followed
  std::vector<std::string> real_roots_{};  // the root's, then those that are allowed
  std::vector<std::string> ancestors_{};   // real paths of the folders being looked into
};

}  // namespace

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, FreeText> real(::realpath(path.c_str(), nullptr));
  return real == nullptr ? std::string{} : std::string(real.get());
}

bool is_inside(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder)) return false;
  return path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/';
}

RootWalk walk_root(const std::string& root, const std::vector<std::string>& allowed,
                   const std::function<void(const FoundSkill&)>& on_skill) {
  Walker walker(root, allowed, on_skill);
  if (!walker.real_root().empty()) walker.folder(root, walker.real_root(), 0);
  return std::move(walker.walk);
}

}  // namespace spine::skills
