// Programs, from the links that lead to them to what runs them; folders of a PATH; arguments; and
// layouts of tools, as data.
#include "adapters/agents/process/needed_places.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>
#include <system_error>

#include "adapters/agents/process/program.h"

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

// ~/.config/x, ~/.cache/x, ~/.local/share/x, ~/.local/state/x: data of one tool.
bool is_of_people(const fs::path& folder) {
  const std::string above = folder.parent_path().filename().string();
  if (above == ".config" || above == ".cache" || above == ".local") return true;
  return (above == "share" || above == "state") &&
         folder.parent_path().parent_path().filename() == ".local";
}

constexpr std::size_t kProgramsOfFolderMax = 256;  // shown one by one, of one folder of a PATH
constexpr std::uint32_t kInterpretersMax = 4;      // one that is a script has one of its own

// The path up to and with its first component "node_modules"; "" = none.
std::string outermost_node_modules(const std::string& path) {
  const std::string whole = path + "/";
  const std::size_t at = whole.find("/node_modules/");
  return at == std::string::npos ? "" : whole.substr(0, at + sizeof("/node_modules") - 1);
}

}  // namespace

bool is_folder_of_programs(const std::string& folder) {
  return std::ranges::find(kFoldersOfPrograms, fs::path(folder).filename().string()) !=
         kFoldersOfPrograms.end();
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

// What the agent needs to run. What it can write itself is seen already, and nothing an agent can
// exchange is a source: it would lead to wherever that agent likes.
void NeededPlaces::add(const std::string& path, const std::string& why) {
  const std::string place = trusted_path(path, bent_);
  struct stat info {};
  if (place.empty() || place == "/" || is_within_any(place, bent_)) return;
  if (::lstat(place.c_str(), &info) != 0) return;
  if (S_ISDIR(info.st_mode) || S_ISREG(info.st_mode))
    mounts_.push_back({MountKind::show, place, why});
}

// Below another of its writable places it is seen already.
void NeededPlaces::add_configured(MountKind kind, const std::string& path, const std::string& why) {
  const std::string place = trusted_path(path, bent_);
  if (place.empty() || place == "/" || is_below_any(place, writable_.own)) return;
  mounts_.push_back({kind, place, why});
}

// A link as such, where its folder is not shown.
void NeededPlaces::add_link(const std::string& path, const std::string& why) {
  const fs::path folder = trusted_path(fs::path(path).parent_path().string(), bent_);
  const fs::path place = folder / fs::path(path).filename();
  std::error_code failed;
  const fs::path target = fs::read_symlink(place, failed);
  if (folder.empty() || failed || is_within_any(place.string(), bent_)) return;
  mounts_.push_back({MountKind::show_link, place.string(), why, target.string()});
}

// Never the prefix itself: what opens accounts lies in there, too (needed_places.h).
void NeededPlaces::add_parts(const std::string& prefix, const std::string& why) {
  for (const std::string& part : program_parts(prefix, hidden_.would_uncover(prefix))) {
    const std::string place = trusted_path(part, bent_);
    if (place.empty() || hidden_.would_uncover(place)) continue;
    if (place != part) add_link(part, why);  // as a lib64 that is a link to lib
    add(place, why);
  }
}

// A folder of a PATH: its programs use what lies beside it.
void NeededPlaces::add_folder_of_programs(const std::string& folder, const std::string& why) {
  const std::string place = trusted_path(folder, bent_);
  if (place.empty() || !hidden_.needs_showing(place)) return;
  if (const std::string modules = outermost_node_modules(place); !modules.empty()) {
    add(modules, why);
    return;
  }
  if (is_folder_of_programs(place)) {
    if (!hidden_.would_uncover(place)) add(place, why);
    add_parts(fs::path(place).parent_path().string(), why);
  } else if (is_prefix(place) && !hidden_.would_uncover(place)) {
    add_programs_in(place, why);
    add_parts(place, why);
  } else if (!hidden_.would_uncover(place)) {
    add(place, why);
  }
}

// A prefix that is on the PATH itself: what can be run in it, one by one.
void NeededPlaces::add_programs_in(const std::string& folder, const std::string& why) {
  std::error_code failed;
  std::vector<fs::path> programs;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    struct stat info {};
    if (::stat(entry.path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    if ((info.st_mode & 0111U) != 0) programs.push_back(entry.path());
  }
  std::ranges::sort(programs);
  programs.resize(std::min(programs.size(), kProgramsOfFolderMax));
  for (const fs::path& program : programs) {
    if (fs::is_symlink(program, failed)) add_link(program.string(), why);
    add(program.string(), why);
  }
}

// `path`: one hop of trusted_chain(); `is_file`: the last, the program itself.
void NeededPlaces::add_program(const std::string& path, bool is_file, const std::string& why) {
  if (!hidden_.needs_showing(path)) return;
  if (const std::string modules = outermost_node_modules(path); !modules.empty()) {
    add(modules, why);
    return;
  }
  const std::string folder = fs::path(path).parent_path().string();
  const std::string package = is_file ? node_package_of(path) : "";
  if (!package.empty() && !hidden_.would_uncover(package)) {
    add(package, why);
  } else if (is_folder_of_programs(folder)) {
    add_folder_of_programs(folder, why);
  } else if (!hidden_.would_uncover(folder)) {
    if (is_prefix(folder)) {
      add_parts(folder, why);
    } else if (is_file) {
      add(folder, why);
    }
  }
  if (is_file) {
    add(path, why);
  } else {
    add_link(path, why);
  }
}

// A program, the links that lead to it, and what it is run with.
void NeededPlaces::add_what_is_run(const std::string& program, std::string_view path,
                                   const std::string& why) {
  std::string next = program;
  std::string reason = why;
  for (std::uint32_t i = 0; i <= kInterpretersMax && next.starts_with('/'); ++i) {
    const Paths chain = trusted_chain(next, bent_);
    for (const std::string& hop : chain)
      add_program(hop, &hop == &chain.back(), reason);
    if (chain.empty() || is_within_any(chain.back(), bent_)) return;  // any agent may write there
    next = interpreter_of(chain.back(), path);
    reason = "what runs " + fs::path(chain.back()).filename().string();
  }
}

// A script the configuration names, or a file for the agent to read; never what a message may have
// put into the command line.
void NeededPlaces::add_argument(const std::string& arg, std::string_view path) {
  std::error_code failed;
  const std::string file = trusted_path(arg, bent_);
  if (file.empty() || !fs::is_regular_file(file, failed)) return;
  if (is_program_text(file)) {
    add_what_is_run(arg, path, "named in spine.args");
    return;
  }
  for (const std::string& hop : trusted_chain(arg, bent_)) {
    if (hidden_.needs_showing(hop) && hop != file) add_link(hop, "named in spine.args");
  }
  if (hidden_.needs_showing(file)) add(file, "named in spine.args");
}

// It was found at that very place, or somebody has moved it since.
void NeededPlaces::add_skill(const std::string& folder) {
  std::error_code failed;
  if (!fs::is_directory(folder, failed) || is_within_any(folder, bent_)) return;
  if (trusted_path(folder, bent_) != folder) return;
  mounts_.push_back({MountKind::show, folder, "a skill"});
}

std::vector<Mount> NeededPlaces::sorted() const {
  std::vector<Mount> mounts = mounts_;
  std::stable_sort(mounts.begin(), mounts.end(), [](const Mount& a, const Mount& b) {
    return a.path != b.path ? a.path < b.path : a.kind > b.kind;
  });
  const auto twice = std::unique(mounts.begin(), mounts.end(),
                                 [](const Mount& a, const Mount& b) { return a.path == b.path; });
  mounts.erase(twice, mounts.end());
  return mounts;
}

}  // namespace spine::agents
