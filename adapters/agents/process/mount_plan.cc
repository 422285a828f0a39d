// Options of bwrap for mounts, in the order of the plan.
#include "adapters/agents/process/mount_plan.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

// Folders on the way from the tmpfs at `top` to `path`, passable for the agent's user.
void append_way(std::vector<std::string>& argv, const std::string& top, const std::string& path) {
  std::vector<std::string> between;
  std::filesystem::path at = std::filesystem::path(path).parent_path();
  while (at.native().size() > top.size()) {
    between.push_back(at.string());
    at = at.parent_path();
  }
  std::ranges::reverse(between);
  for (const std::string& folder : between)
    append(argv, {"--perms", "0755", "--dir", folder});
}

bool is_for_everybody(const std::string& path) {
  return path == "/tmp" || path == "/var/tmp";
}

}  // namespace

bool is_within(const std::string& path, const std::string& folder) {
  if (path.empty() || folder.empty()) return false;
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::uint64_t hiding_bytes_max(const std::string& path) {
  return is_for_everybody(path) ? limits::kAgentTmpBytesMax : limits::kMiB;
}

const Mount* MountPlan::decider(const std::string& path) const {
  for (auto mount = mounts_.rbegin(); mount != mounts_.rend(); ++mount) {
    if (is_within(path, mount->path)) return &*mount;
  }
  return nullptr;
}

bool MountPlan::is_visible(const std::string& path) const {
  const Mount* mount = decider(path);
  return mount == nullptr || mount->kind >= MountKind::show_link;
}

std::vector<std::string> MountPlan::options() const {
  std::vector<std::string> argv;
  MountPlan done;
  for (const Mount& mount : mounts_) {
    const Mount* below = done.decider(mount.path);
    if (below != nullptr && below->kind == MountKind::hide_folder) {
      append_way(argv, below->path, mount.path);
    }
    switch (mount.kind) {
      // Every tmpfs gets a size, as its files are memory; the kernel's default is half of the
      // machine's memory.
      case MountKind::hide_folder:
        append(argv, {"--perms", is_for_everybody(mount.path) ? "1777" : "0755", "--size",
                      fmt::format("{}", hiding_bytes_max(mount.path)), "--tmpfs", mount.path});
        break;
      case MountKind::hide_file:
        append(argv, {"--ro-bind", "/dev/null", mount.path});
        break;
      case MountKind::show_link:
        append(argv, {"--symlink", mount.target, mount.path});
        break;
      case MountKind::show:
        append(argv, {"--ro-bind", mount.path, mount.path});
        break;
      case MountKind::show_writable:
        append(argv, {"--bind", mount.path, mount.path});
        break;
    }
    done.mounts_.push_back(mount);
  }
  return argv;
}

}  // namespace spine::agents
