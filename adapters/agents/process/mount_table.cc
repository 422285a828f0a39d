// /proc/<pid>/mountinfo.
#include "adapters/agents/process/mount_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <string_view>
#include <sys/sysmacros.h>
#include <utility>

#include "adapters/agents/process/proc.h"

namespace spine::agents {
namespace {

// "\040" is a blank: what would break the line is written as three octal digits.
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

// Takes what is before the next blank.
std::string_view next_field(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

bool parse_line(std::string_view line, MountLine& out) {
  std::array<std::string_view, 6> first;
  for (std::string_view& word : first) {
    word = next_field(line);
    if (word.empty()) return false;
  }
  const std::size_t colon = first[2].find(':');
  if (colon == std::string_view::npos) return false;
  unsigned major = 0;
  unsigned minor = 0;
  std::from_chars(first[2].data(), first[2].data() + colon, major);
  std::from_chars(first[2].data() + colon + 1, first[2].data() + first[2].size(), minor);
  while (!line.empty() && next_field(line) != "-") {
  }
  out.type = next_field(line);
  out.device = makedev(major, minor);
  out.root = unescaped(first[3]);
  out.path = unescaped(first[4]);
  out.read_only = first[5] == "ro" || first[5].starts_with("ro,");
  return !out.type.empty();
}

}  // namespace

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
