// Files of control groups (Documentation/admin-guide/cgroup-v2.rst).
#include "adapters/agents/process/cgroup.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sstream>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <system_error>
#include <time.h>
#include <unistd.h>

#include "adapters/agents/process/mount_plan.h"
#include "adapters/agents/process/proc.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

// The number behind `key` in a file of "key number" lines; 0 when it is not there.
std::uint64_t number_of(const std::string& text, std::string_view key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ') continue;
    std::uint64_t value = 0;
    std::from_chars(line.data() + key.size() + 1, line.data() + line.size(), value);
    return value;
  }
  return 0;
}

Error cannot(std::string_view what, const std::string& path, int code) {
  return {Errc::io, fmt::format("Cannot {} {}: {}.", what, printable(path),
                                std::generic_category().message(code))};
}

// Writes what a file of a control group is to hold; false when the kernel refuses, or has no such
// file.
bool write_cgroup_file(const std::string& path, const std::string& text) {
  // The kernel makes these files, and nobody else can make one there.
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return false;
  return ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::vector<std::int32_t> cgroup_members(const std::string& folder) {
  std::vector<std::int32_t> pids;
  std::istringstream numbers(read_proc_file(folder + "/cgroup.procs"));
  for (std::int32_t pid = 0; numbers >> pid;) {
    if (pid > 0) pids.push_back(pid);  // 0: one of a pid name space that is not ours
  }
  return pids;
}

// SIGKILL for every member, also those that left their process group or session.
void kill_cgroup(const std::string& folder) {
  // Without O_CREAT: on a kernel before 5.14 there is no such file.
  const UniqueFd fd(::open((folder + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
  if (fd && ::write(fd.get(), "1", 1) == 1) return;
  for (const std::int32_t pid : cgroup_members(folder))
    ::kill(pid, SIGKILL);
}

constexpr std::string_view kFolderOfRoot = "spine-";
constexpr std::uint32_t kTriesMax = 10;
constexpr std::uint32_t kWeightOfAgents = 50;  // of processor time; the gateway has 100

// The hierarchy of version 2; no path when there is none.
MountLine find_hierarchy(const std::string& mounts) {
  for (MountLine& mount : parse_mounts(mounts)) {
    if (mount.type == "cgroup2" && !mount.read_only) return std::move(mount);
  }
  return {};
}

// "/user.slice/..." of the line "0::/user.slice/...".
std::string own_path(const std::string& own_group) {
  std::istringstream lines(own_group);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return "";
}

// Whether the group is delegated to this process: for Delegate=yes systemd gives its files to the
// unit's user, and sets an extended attribute, the only sign that root can use. A terminal's group
// has other members as well, and cannot be divided.
bool is_delegated(const std::string& folder, bool is_root) {
  if (!is_root) {
    return cgroup_members(folder) == std::vector<std::int32_t>{::getpid()} &&
           ::access(folder.c_str(), W_OK) == 0 &&
           ::access((folder + "/cgroup.procs").c_str(), W_OK) == 0 &&
           ::access((folder + "/cgroup.subtree_control").c_str(), W_OK) == 0;
  }
  std::array<char, 8> value{};
  for (const char* name : {"trusted.delegate", "user.delegate"}) {
    if (::getxattr(folder.c_str(), name, value.data(), value.size()) == 1 && value[0] == '1') {
      return true;
    }
  }
  return false;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;)
    words.push_back(word);
  return words;
}

// An open folder that nobody else has locked; none when somebody has.
UniqueFd locked(const std::string& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return fd;
}

// Removes folders of root gateways that were killed and not restarted: they are not locked.
void remove_forsaken(const std::string& hierarchy) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(hierarchy, failed)) {
    if (!entry.path().filename().native().starts_with(kFolderOfRoot)) continue;
    const UniqueFd lock = locked(entry.path().string());
    if (!lock) continue;
    std::error_code ignored;
    for (const auto& group : fs::directory_iterator(entry.path(), ignored))
      ::rmdir(group.path().c_str());
    ::rmdir(entry.path().c_str());
  }
}

bool make_folder(const std::string& path) {
  return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST;
}

}  // namespace

Result<std::shared_ptr<Cgroup>> Cgroup::make(const std::string& folder, const CgroupBounds& bounds,
                                             bool holds_memory, CgroupsLeft left) {
  if (::mkdir(folder.c_str(), 0755) != 0) {
    return cannot("make the control group", folder, errno);
  }
  const std::shared_ptr<Cgroup> group(new Cgroup(folder, holds_memory, std::move(left)));
  if (holds_memory) {
    const std::uint64_t most = bounds.memory_bytes_max;
    if (!write_cgroup_file(folder + "/memory.max", most == 0 ? "max" : fmt::format("{}", most))) {
      return cannot("bound the memory of", folder, errno);
    }
    // memory.swap.max is missing without swap. The OOM killer takes the whole group: an agent that
    // lost only some of its processes would go on in a broken state.
    write_cgroup_file(folder + "/memory.swap.max", most == 0 ? "max" : "0");
    write_cgroup_file(folder + "/memory.oom.group", "1");
  }
  // May fail: these files exist only if the controller is on (CgroupTree knows which are).
  write_cgroup_file(folder + "/pids.max", fmt::format("{}", bounds.tasks_max));
  write_cgroup_file(folder + "/cpu.weight", "100");
  return group;
}

Cgroup::~Cgroup() {
  kill();
  if (::rmdir(folder_.c_str()) != 0 && errno != ENOENT) left_->push_back(folder_);
}

void Cgroup::enter(std::vector<std::string>& argv) const {
  // "0" is the writing process. Moving it from outside would be too late: memory that it took and
  // children that it started before the move stay in the old group.
  argv.insert(argv.begin(), {"/bin/sh", "-c", "echo 0 > \"$0\" || exit 125; exec \"$@\"",
                             folder_ + "/cgroup.procs"});
}

void Cgroup::kill() const {
  kill_cgroup(folder_);
}

std::vector<std::int32_t> Cgroup::members() const {
  return cgroup_members(folder_);
}

std::uint64_t Cgroup::memory_bytes() const {
  if (!holds_memory_) return 0;
  std::uint64_t now = 0;
  const std::string text = read_proc_file(folder_ + "/memory.current");
  std::from_chars(text.data(), text.data() + text.size(), now);
  const std::uint64_t spare = number_of(read_proc_file(folder_ + "/memory.stat"), "inactive_file");
  return now > spare ? now - spare : 0;
}

bool Cgroup::ran_out_of_memory() const {
  return holds_memory_ && number_of(read_proc_file(folder_ + "/memory.events"), "oom_kill") != 0;
}

CgroupTree::Where CgroupTree::here(std::string mark) {
  return {.mounts = read_proc_file("/proc/self/mountinfo"),
          .own_group = read_proc_file("/proc/self/cgroup"),
          .is_root = ::geteuid() == 0,
          .mark = std::move(mark)};
}

std::unique_ptr<CgroupTree> CgroupTree::find(const Where& where) {
  auto tree = std::make_unique<CgroupTree>();
  const MountLine hierarchy = find_hierarchy(where.mounts);
  const std::string own = own_path(where.own_group);
  if (hierarchy.path.empty() || own.empty()) {
    tree->why_not_ = "no hierarchy of control groups (version 2) can be written here";
    return tree;
  }
  if (is_within(own, hierarchy.root)) {
    const std::string below = hierarchy.root == "/" ? own : own.substr(hierarchy.root.size());
    const std::string folder = below == "/" ? hierarchy.path : hierarchy.path + below;
    if (is_delegated(folder, where.is_root)) {
      const std::string leaf = folder + "/gateway";
      if (make_folder(leaf) && write_cgroup_file(leaf + "/cgroup.procs", "0")) {
        tree->use(folder, folder + "/agents");
        return tree;
      }
    }
  }
  if (where.is_root) {
    remove_forsaken(hierarchy.path);
    tree->use(hierarchy.path, fmt::format("{}/{}{}", hierarchy.path, kFolderOfRoot, where.mark));
    return tree;
  }
  tree->why_not_ = fmt::format(
      "the control group {} is not delegated to the gateway "
      "(Delegate=yes of systemd, as `spine install` writes it)",
      printable(own));
  return tree;
}

// Retries, as another gateway that starts may remove the folder before it is locked.
bool CgroupTree::take(const std::string& folder) {
  for (std::uint32_t i = 0; i < kTriesMax; ++i) {
    if (!make_folder(folder)) return false;
    lock_ = locked(folder);
    struct stat held {};
    struct stat there {};
    if (lock_ && ::fstat(lock_.get(), &held) == 0 && ::stat(folder.c_str(), &there) == 0 &&
        held.st_ino == there.st_ino) {
      return true;
    }
  }
  return false;
}

// A controller must be enabled in both folders, so that the groups below have it.
void CgroupTree::use(const std::string& base, const std::string& folder) {
  if (!take(folder)) {
    why_not_ = fmt::format("{} cannot be made", printable(folder));
    return;
  }
  folder_ = folder;
  sweep();
  const std::vector<std::string> there = words_of(read_proc_file(base + "/cgroup.controllers"));
  const auto turn_on = [&](const char* name) {
    if (std::ranges::find(there, name) == there.end()) return false;
    const std::string word = std::string("+") + name;
    return write_cgroup_file(base + "/cgroup.subtree_control", word) &&
           write_cgroup_file(folder + "/cgroup.subtree_control", word);
  };
  holds_processor_ = turn_on("cpu");
  holds_tasks_ = turn_on("pids");
  holds_memory_ = turn_on("memory");
  if (holds_processor_) {
    write_cgroup_file(folder + "/cpu.weight", fmt::format("{}", kWeightOfAgents));
  }
  why_not_ = "the control groups here have no controller of memory";
}

CgroupTree::~CgroupTree() {
  if (folder_.empty()) return;
  for (std::uint32_t ms = 0; ms < limits::kAgentReapMsMax; ++ms) {
    tidy();
    if (::rmdir(folder_.c_str()) == 0 || errno != EBUSY) return;
    const timespec one_ms{0, 1'000'000};
    ::nanosleep(&one_ms, nullptr);
  }
}

std::string CgroupTree::summary() const {
  if (!works()) return "counted: " + why_not_;
  std::string text = holds_memory_ ? "cgroup: memory" : "counted, and ended by cgroup";
  if (holds_tasks_) text += ", processes";
  if (holds_processor_) text += ", processor time";
  return holds_memory_ ? text : fmt::format("{}: {}", text, why_not_);
}

Result<std::shared_ptr<Cgroup>> CgroupTree::make(const std::string& agent_id,
                                                 const CgroupBounds& bounds) {
  std::string folder;
  do {  // a group of an earlier gateway may still exist
    folder = fmt::format("{}/{}-{}", folder_, agent_id, ++made_);
  } while (::access(folder.c_str(), F_OK) == 0);
  return Cgroup::make(folder, bounds, holds_memory_, left_);
}

void CgroupTree::tidy() {
  std::erase_if(*left_, [](const std::string& folder) {
    return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;
  });
}

// Kills everything in the folder, which is locked: no agent of this gateway was started yet.
void CgroupTree::sweep() {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder_, failed)) {
    std::error_code ignored;
    if (!entry.is_directory(ignored)) continue;
    kill_cgroup(entry.path().string());
    left_->push_back(entry.path().string());
  }
  tidy();
}

}  // namespace spine::agents
