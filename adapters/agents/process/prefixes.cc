// Layouts of tools, as data.
#include "adapters/agents/process/prefixes.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> kFoldersOfPrograms{"bin",   "sbin",     "libexec",
                                                             "shims", "condabin", "games"};
constexpr std::array<std::string_view, 7> kParts{"bin",   "sbin",   "lib",    "lib32",
                                                 "lib64", "libx32", "libexec"};

// Known by what lies in the prefix; what is shown of it besides holds installed programs alone.
struct Layout {
  std::string_view mark{};
  std::string_view second_mark{};  // empty = one is enough
  std::array<std::string_view, 4> parts{};
};
constexpr std::array<Layout, 13> kLayouts{
    Layout{"bin/volta-shim", "", {"tools", "layout.v2", "layout.v3", "layout.v4"}},
    Layout{"shims", "installs", {"shims", "installs", "plugins", "defaults"}},  // asdf, mise
    Layout{"shims", "versions", {"shims", "versions", "plugins", "version"}},   // pyenv, rbenv
    Layout{"shims", "tools", {"shims", "tools", "plugins"}},                    // proto
    Layout{"conda-meta", "", {"conda-meta", "condabin", "ssl"}},
    Layout{"pyvenv.cfg", "", {"pyvenv.cfg"}},
    Layout{"global/5/node_modules", "", {"global", "store", "nodejs", ".tools"}},  // pnpm
    Layout{"global/v11", "", {"global", "store", "nodejs", ".tools"}},             // pnpm 11
    Layout{"bin/bun", "", {"install/global/node_modules"}},
    Layout{"Cellar", "", {"Cellar", "opt"}},  // homebrew
    Layout{"pkg/tool", "src/runtime", {"pkg", "src", "VERSION", "go.env"}},
    Layout{"lib/modules", "release", {"conf", "jmods", "release"}},  // a JDK
    Layout{"specifications", "gems", {"gems", "specifications", "extensions"}},
};

// A folder with one of these is the source of a program: its bin is not all that the program is.
constexpr std::array<std::string_view, 8> kMarksOfSources{
    "package.json", "pyproject.toml", "setup.py", "requirements.txt",
    "Cargo.toml",   "go.mod",         "Gemfile",  "deno.json"};

bool is_there(const fs::path& path) {
  std::error_code failed;
  return fs::exists(path, failed);
}

bool is_any(const std::string& name, const auto& list) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// ~/.config/x, ~/.cache/x, ~/.local/share/x, ~/.local/state/x: data of one tool.
bool is_of_people(const fs::path& folder) {
  const std::string above = folder.parent_path().filename().string();
  if (above == ".config" || above == ".cache" || above == ".local") return true;
  return (above == "share" || above == "state") &&
         folder.parent_path().parent_path().filename() == ".local";
}

}  // namespace

bool is_folder_of_programs(const std::string& folder) {
  return is_any(fs::path(folder).filename().string(), kFoldersOfPrograms);
}

bool is_prefix(const std::string& folder) {
  const fs::path path = folder;
  if (path.filename().native().starts_with('.') || is_of_people(path)) return true;
  const auto has = [&path](std::string_view name) { return is_there(path / name); };
  return std::ranges::any_of(kFoldersOfPrograms, has) && std::ranges::none_of(kMarksOfSources, has);
}

std::vector<std::string> program_parts(const std::string& prefix, bool is_home) {
  const fs::path path = prefix;
  std::vector<std::string> parts;
  const auto add = [&](std::string_view name) {
    if (!name.empty() && is_there(path / name)) parts.push_back((path / name).string());
  };
  for (const std::string_view name : kParts)
    add(name);
  if (is_home) return parts;
  for (const Layout& layout : kLayouts) {
    if (!is_there(path / layout.mark)) continue;
    if (!layout.second_mark.empty() && !is_there(path / layout.second_mark)) continue;
    for (const std::string_view name : layout.parts)
      add(name);
  }
  return parts;
}

std::string node_package_of(const std::string& program) {
  const fs::path folder = fs::path(program).parent_path();
  for (const fs::path& at : {folder, folder.parent_path()}) {
    if (is_there(at / "package.json")) return is_prefix(at.string()) ? "" : at.string();
  }
  return "";
}

}  // namespace spine::agents
