// Files of a control group (Documentation/admin-guide/cgroup-v2.rst).
#include "adapters/agents/process/cgroup.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <sstream>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "adapters/agents/process/proc.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

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

}  // namespace

bool write_cgroup_file(const std::string& path, const std::string& text) {
  // The kernel makes these files, and nobody else can make one there.
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return false;
  return ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

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
    // Not there where nothing is swapped. One that takes too much goes as a whole: an agent of
    // which the kernel took a part would go on without it.
    write_cgroup_file(folder + "/memory.swap.max", most == 0 ? "max" : "0");
    write_cgroup_file(folder + "/memory.oom.group", "1");
  }
  // Not there where the controller is not: CgroupTree says which are.
  write_cgroup_file(folder + "/pids.max", fmt::format("{}", bounds.tasks_max));
  write_cgroup_file(folder + "/cpu.weight", "100");
  return group;
}

Cgroup::~Cgroup() {
  kill();
  if (::rmdir(folder_.c_str()) != 0 && errno != ENOENT) left_->push_back(folder_);
}

void Cgroup::enter(std::vector<std::string>& argv) const {
  // "0" is whoever writes. From outside it would come too late: what a process took, and whom it
  // started, before it is moved does not move with it.
  argv.insert(argv.begin(), {"/bin/sh", "-c", "echo 0 > \"$0\" || exit 125; exec \"$@\"",
                             folder_ + "/cgroup.procs"});
}

void kill_cgroup(const std::string& folder) {
  // Without O_CREAT: on a kernel before 5.14 there is no such file.
  const UniqueFd fd(::open((folder + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
  if (fd && ::write(fd.get(), "1", 1) == 1) return;
  for (const std::int32_t pid : cgroup_members(folder))
    ::kill(pid, SIGKILL);
}

std::vector<std::int32_t> cgroup_members(const std::string& folder) {
  std::vector<std::int32_t> pids;
  std::istringstream numbers(read_proc_file(folder + "/cgroup.procs"));
  for (std::int32_t pid = 0; numbers >> pid;) {
    if (pid > 0) pids.push_back(pid);  // 0: one of a pid name space that is not ours
  }
  return pids;
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

}  // namespace spine::agents
