// /proc/<pid>/stat, one small file per process, and /proc/<pid>/mountinfo.
#include "adapters/agents/process/proc.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <iterator>
#include <memory>
#include <string_view>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <utility>

#include "schemas/vocab/ascii.h"
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
  const std::size_t name_end = text.rfind(") ");  // the name may contain anything
  if (name_end == std::string_view::npos) return false;
  const std::string_view fields = text.substr(name_end + 2);  // from "state", the third
  entry = {pid, static_cast<std::int32_t>(number_at(fields, 1)),
           static_cast<std::int32_t>(number_at(fields, 2)), number_at(fields, 21)};
  return true;
}

// Undoes octal escapes: "\040" is a blank.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    const bool escaped =
        text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 3, code, 8).ptr == &text[i + 1] + 3;
    out += escaped ? static_cast<char>(code) : text[i];
    if (escaped) i += 3;
  }
  return out;
}

// One line of mountinfo; false if it is malformed.
bool parse_line(std::string_view line, MountLine& out) {
  std::array<std::string_view, 6> first;
  for (std::string_view& word : first) {
    word = take_part(line, ' ');
    if (word.empty()) return false;
  }
  const std::size_t colon = first[2].find(':');
  if (colon == std::string_view::npos) return false;
  unsigned major = 0;
  unsigned minor = 0;
  std::from_chars(first[2].data(), first[2].data() + colon, major);
  std::from_chars(first[2].data() + colon + 1, first[2].data() + first[2].size(), minor);
  while (!line.empty() && take_part(line, ' ') != "-") {
  }
  out.type = take_part(line, ' ');
  out.device = makedev(major, minor);
  out.root = unescaped(first[3]);
  out.path = unescaped(first[4]);
  out.read_only = first[5] == "ro" || first[5].starts_with("ro,");
  return !out.type.empty();
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
    std::ranges::copy_if(all, std::back_inserter(found),
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

std::vector<MountLine> parse_mounts(const std::string& text) {
  std::vector<MountLine> mounts;
  for (std::string_view left = text; !left.empty();) {
    const std::string_view line = left.substr(0, left.find('\n'));
    left.remove_prefix(std::min(left.size(), line.size() + 1));
    MountLine mount;
    if (parse_line(line, mount)) mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::vector<MountLine> mounts_of(std::int32_t pid) {
  const std::string name = pid == 0 ? "self" : fmt::format("{}", pid);
  return parse_mounts(read_proc_file(fmt::format("/proc/{}/mountinfo", name)));
}

}  // namespace spine::agents
