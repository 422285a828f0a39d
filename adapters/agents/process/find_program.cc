// Looking along a PATH as execvp does, and along symbolic links.
#include "adapters/agents/process/find_program.h"

#include <filesystem>
#include <sys/stat.h>
#include <system_error>

#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

bool is_program(const fs::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 0111U) != 0;
}

}  // namespace

std::vector<std::string> path_entries(std::string_view path) {
  std::vector<std::string> entries;
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const std::string_view entry = path.substr(0, colon);
    if (entry.starts_with('/')) entries.emplace_back(entry);
    path.remove_prefix(colon == std::string_view::npos ? path.size() : colon + 1);
  }
  return entries;
}

std::string find_program(std::string_view name, std::string_view path, std::string_view cwd) {
  if (name.empty()) return "";
  if (name.find('/') != std::string_view::npos) {
    const fs::path whole = (fs::path(cwd) / name).lexically_normal();
    return is_program(whole) ? whole.string() : "";
  }
  for (const std::string& entry : path_entries(path)) {
    const fs::path whole = fs::path(entry) / name;
    if (is_program(whole)) return whole.string();
  }
  return "";
}

std::vector<std::string> link_chain(const std::string& program) {
  std::vector<std::string> chain;
  fs::path at = program;
  for (std::uint32_t hop = 0; hop < limits::kAgentLinkHopsMax; ++hop) {
    std::error_code failed;
    const fs::path folder = fs::canonical(at.parent_path(), failed);
    if (failed) break;
    const fs::path here = folder / at.filename();
    chain.push_back(here.string());
    const fs::path target = fs::read_symlink(here, failed);
    if (failed) break;  // the file itself
    at = folder / target;
  }
  return chain;
}

std::string_view value_in(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string& entry : env) {
    const std::string_view text(entry);
    if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=') {
      return text.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace spine::agents
