// MountPlan: what an agent sees of the file system, as a list of mounts with the reason for each.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace spine::agents {

// Whether `path` is `folder` or below it. Both normal and absolute; an empty one is nowhere.
bool is_within(const std::string& path, const std::string& folder);

enum class MountKind : std::uint8_t { hide_folder, hide_file, show_link, show, show_writable };
struct Mount {
  MountKind kind{};
  std::string path{};    // canonical: the same outside and inside
  std::string why{};     // for people
  std::string target{};  // show_link: where it leads to, as it is written in the link
};

// Mounts on top of the machine's read-only file system; each may cover those before it.
class MountPlan {
 public:
  void add(Mount mount) { mounts_.push_back(std::move(mount)); }
  // The last mount that decides what is seen at `path`; null = the machine's own, read-only.
  const Mount* decider(const std::string& path) const;
  // Whether something is seen at `path` inside (if it is there outside).
  bool is_visible(const std::string& path) const;
  // The bwrap options for them, in order, with the parent folders that have to be made.
  std::vector<std::string> options() const;
  const std::vector<Mount>& mounts() const { return mounts_; }

 private:
  std::vector<Mount> mounts_{};
};

// Adds words to a command line.
inline void append(std::vector<std::string>& argv, std::initializer_list<std::string> more) {
  argv.insert(argv.end(), more.begin(), more.end());
}

// Size bound of the tmpfs that hides the folder: its contents are memory.
std::uint64_t hiding_bytes_max(const std::string& path);

}  // namespace spine::agents
