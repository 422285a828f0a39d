// /proc/<pid>/{status,fd,maps,mountinfo}.
#include "adapters/agents/process/memory_use.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <utility>

#include "adapters/agents/process/mount_plan.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

constexpr std::size_t kDescriptorsMax = 65'536;     // looked at, of all the processes
constexpr std::uint64_t kMappedMin = limits::kMiB;  // less shared memory is not looked into
constexpr std::uint64_t kBlockBytes = 512;          // of st_blocks

struct CloseFdDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using File = std::pair<std::uint64_t, std::uint64_t>;  // device and inode

// The device of the file system in the kernel that holds memfds, shared anonymous memory and
// segments of System V.
std::uint64_t device_of_shared_memory() {
  static const std::uint64_t device = [] {
    const UniqueFd fd(::memfd_create("spine", MFD_CLOEXEC));
    struct stat info {};
    return fd && ::fstat(fd.get(), &info) == 0 ? std::uint64_t{info.st_dev} : 0;
  }();
  return device;
}

// "RssShmem:      12 kB" of a status file, in bytes.
std::uint64_t size_in(const std::string& status, std::string_view name) {
  const std::size_t at = status.find(fmt::format("\n{}:", name));
  if (at == std::string::npos) return 0;
  const char* begin = status.c_str() + at + name.size() + 2;
  return std::strtoull(begin, nullptr, 10) * 1'024;
}

class Counter {
 public:
  Counter(const std::set<std::uint64_t>& machines, const std::set<std::uint64_t>& in_memory)
      : machines_(machines), in_memory_(in_memory) {}
  void add(const ProcessEntry& process) {
    const std::string status = read_proc_file(fmt::format("/proc/{}/status", process.pid));
    if (status.find("\nRssAnon:") == std::string::npos) {
      resident_ += process.resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
      return;
    }
    resident_ +=
        size_in(status, "RssAnon") + size_in(status, "RssFile") + size_in(status, "HugetlbPages");
    const std::uint64_t mapped = size_in(status, "RssShmem");
    mapped_resident_ += mapped;
    add_mounts(process.pid);
    add_descriptors(process.pid);
    if (mapped >= kMappedMin) add_mapped(process.pid);
  }

  MemoryUse result() const {
    std::uint64_t mapped = 0;
    for (const auto& [file, bytes] : mapped_)
      mapped += held_.contains(file) ? 0 : bytes;
    return {resident_, shared_ + std::min(mapped, mapped_resident_)};
  }

 private:
  // Files in a tmpfs of the sandbox are memory.
  void add_mounts(std::int32_t pid) {
    std::array<char, 64> name{};
    const std::string link = fmt::format("/proc/{}/ns/mnt", pid);
    const ssize_t length = ::readlink(link.c_str(), name.data(), name.size());
    if (length <= 0 ||
        !name_spaces_.emplace(name.data(), static_cast<std::size_t>(length)).second) {
      return;
    }
    const std::vector<MountLine> mounts = mounts_of(pid);
    for (const MountLine& mount : mounts) {
      if (mount.type != "tmpfs" || machines_.contains(mount.device)) continue;
      if (file_systems_.contains(mount.device) || !can_be_reached(mount, mounts)) continue;
      struct statvfs info {};
      if (::statvfs(fmt::format("/proc/{}/root{}", pid, mount.path).c_str(), &info) != 0) continue;
      file_systems_.insert(mount.device);
      shared_ += std::uint64_t{info.f_blocks - info.f_bfree} * info.f_frsize;
    }
  }

  // Files in memory that it has open, mapped or not. Other files are skipped: stat on a network
  // file system may hang.
  void add_descriptors(std::int32_t pid) {
    const std::string folder = fmt::format("/proc/{}/fd", pid);
    const std::unique_ptr<DIR, CloseFdDir> dir(::opendir(folder.c_str()));
    if (!dir) return;
    while (const dirent* item =
               ::readdir(dir.get())) {  // NOLINT(concurrency-mt-unsafe): own stream
      if (++descriptors_ > kDescriptorsMax) return;
      std::array<char, 16> target{};
      const ssize_t length =
          ::readlinkat(::dirfd(dir.get()), item->d_name, target.data(), target.size());
      const std::string_view text(target.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
      if (!text.starts_with("/memfd:") && !text.starts_with("/dev/shm/")) continue;
      struct stat info {};
      if (::fstatat(::dirfd(dir.get()), item->d_name, &info, 0) != 0) continue;
      if (!S_ISREG(info.st_mode) || file_systems_.contains(info.st_dev)) continue;
      if (held_.emplace(info.st_dev, info.st_ino).second) {
        shared_ += static_cast<std::uint64_t>(info.st_blocks) * kBlockBytes;
      }
    }
  }

  // Shared memory that is mapped without a descriptor: counted up to the end of its mapped range.
  void add_mapped(std::int32_t pid) {
    std::istringstream lines(read_proc_file(fmt::format("/proc/{}/maps", pid)));
    for (std::string line; std::getline(lines, line);) {
      unsigned long long begin = 0;
      unsigned long long end = 0;
      unsigned long long offset = 0;
      unsigned long long inode = 0;
      unsigned major = 0;
      unsigned minor = 0;
      if (std::sscanf(line.c_str(), "%llx-%llx %*s %llx %x:%x %llu", &begin, &end, &offset, &major,
                      &minor, &inode) != 6) {
        continue;
      }
      if (!in_memory_.contains(makedev(major, minor))) continue;
      std::uint64_t& bytes = mapped_[{makedev(major, minor), inode}];
      bytes = std::max<std::uint64_t>(bytes, offset + (end - begin));
    }
  }

  // Whether no file system on the way is the agent's (e.g. FUSE), which could block this thread.
  bool can_be_reached(const MountLine& mount, const std::vector<MountLine>& all) const {
    return std::ranges::all_of(all, [&](const MountLine& above) {
      return !is_within(mount.path, above.path) || above.type == "tmpfs" || above.type == "proc" ||
             above.type == "devpts" || machines_.contains(above.device);
    });
  }

  const std::set<std::uint64_t>& machines_;
  const std::set<std::uint64_t>& in_memory_;
  std::set<std::uint64_t> file_systems_{};  // of the agent's, counted whole
  std::set<std::string> name_spaces_{};     // whose mounts are known
  std::set<File> held_{};                   // by a descriptor
  std::map<File, std::uint64_t> mapped_{};  // how far they are mapped
  std::uint64_t mapped_resident_{};
  std::uint64_t resident_{};
  std::uint64_t shared_{};
  std::size_t descriptors_{};
};

}  // namespace

std::uint64_t shared_memory_of_machine() {
  return size_in(read_proc_file("/proc/meminfo"), "Shmem");
}

MemoryMeter::MemoryMeter() : processes_(list_processes()) {
  in_memory_.insert(device_of_shared_memory());
  for (const MountLine& mount : mounts_of(0)) {
    machines_.insert(mount.device);
    if (mount.type == "tmpfs") in_memory_.insert(mount.device);
  }
}

MemoryUse MemoryMeter::of(const std::vector<ProcessEntry>& processes) const {
  Counter counter(machines_, in_memory_);
  for (const ProcessEntry& process : processes)
    counter.add(process);
  return counter.result();
}

}  // namespace spine::agents
