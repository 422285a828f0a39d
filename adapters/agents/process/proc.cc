// /proc/<pid>/stat, one small file per process.
#include "adapters/agents/process/proc.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <iterator>
#include <memory>
#include <string_view>
#include <unistd.h>

#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

struct CloseProcDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

// The number at `field` (0 = first) of texts between spaces; 0 when it is not there.
std::uint64_t number_at(std::string_view text, std::size_t field) {
  for (; field > 0; --field) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return 0;
    text.remove_prefix(space + 1);
  }
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool read_stat(std::int32_t pid, ProcessEntry& entry) {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", pid);
  const UniqueFd fd(::open(path.data(), O_RDONLY | O_CLOEXEC));
  if (!fd) return false;
  std::array<char, 1'024> buffer;
  const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
  if (got <= 0) return false;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(got));
  const std::size_t name_end = text.rfind(") ");  // the name may hold anything
  if (name_end == std::string_view::npos) return false;
  const std::string_view fields = text.substr(name_end + 2);  // from "state", the third
  entry = {pid, static_cast<std::int32_t>(number_at(fields, 1)),
           static_cast<std::int32_t>(number_at(fields, 2)), number_at(fields, 21)};
  return true;
}

}  // namespace

std::vector<ProcessEntry> list_processes() {
  std::vector<ProcessEntry> found;
  const std::unique_ptr<DIR, CloseProcDir> dir(::opendir("/proc"));
  if (!dir) return found;
  while (const dirent* item = ::readdir(dir.get())) {  // NOLINT(concurrency-mt-unsafe): own stream
    const std::string_view name(item->d_name);
    std::int32_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    ProcessEntry entry;
    if (parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size() &&
        read_stat(pid, entry)) {
      found.push_back(entry);
    }
  }
  return found;
}

std::vector<std::int32_t> members_of_group(std::int32_t group) {
  std::vector<std::int32_t> members;
  for (const ProcessEntry& entry : list_processes()) {
    if (entry.group == group) members.push_back(entry.pid);
  }
  return members;
}

std::vector<ProcessEntry> with_descendants(const std::vector<ProcessEntry>& all,
                                           std::int32_t root) {
  std::vector<ProcessEntry> found;
  for (const ProcessEntry& entry : all) {
    if (entry.pid == root) found.push_back(entry);
  }
  for (std::size_t next = 0; next < found.size() && found.size() <= all.size(); ++next) {
    const std::int32_t parent = found[next].pid;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found),
                 [parent](const ProcessEntry& entry) { return entry.parent == parent; });
  }
  return found;
}

std::string read_proc_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!fd) return text;
  std::array<char, 16'384> buffer;
  while (text.size() < limits::kAgentEnvironBytesMax) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace spine::agents
