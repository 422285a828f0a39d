// Hidden: temporary files, sockets, homes, workspaces of other agents, the gateway's state,
// configuration and keys. Shown: programs with the links that lead to them and their interpreters,
// folders of the PATH, arguments. Known layouts of tools are tables.
#include "adapters/agents/process/agent_view.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>

#include "adapters/agents/process/program.h"
#include "adapters/agents/process/users.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

// Programs need files in these: they cannot be hidden as a whole.
constexpr std::array<std::string_view, 10> kSharedFolders{
    "/",          "/etc",     "/usr",         "/etc/ssl",           "/etc/ssl/certs",
    "/usr/local", "/etc/pki", "/etc/pki/tls", "/etc/pki/tls/certs", "/etc/ca-certificates"};
constexpr std::string_view kCertificatesOfLetsEncrypt = "/etc/letsencrypt";

bool has(const auto& list, const std::string& path) {
  return std::ranges::find(list, path) != list.end();
}

void add_once(Paths& list, const std::string& entry) {
  if (!has(list, entry)) list.push_back(entry);
}

// Masks files beside it that begin with its name (backups, the next version), and ".env".
void mask_siblings(OwnPlaces& own, const fs::path& file) {
  const std::string whole = file.filename().string();
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(file.parent_path(), failed)) {
    const std::string name = entry.path().filename().string();
    const bool beside = name == whole || name.starts_with(whole + '.') ||
                        name.starts_with(whole + '~') || name == ".env";
    std::error_code ignored;
    if (beside && fs::is_regular_file(entry.symlink_status(ignored))) {
      add_once(own.masks, entry.path().string());
    }
  }
}

void add_file(OwnPlaces& own, const std::string& path) {
  for (const std::string& hop : link_chain(path)) {
    add_once(own.files, hop);
    const std::string folder = fs::path(hop).parent_path().string();
    if (is_within(folder, std::string(kCertificatesOfLetsEncrypt))) {
      add_once(own.folders, std::string(kCertificatesOfLetsEncrypt));
    } else if (!has(kSharedFolders, folder)) {
      add_once(own.folders, folder);
    } else {
      mask_siblings(own, hop);
      const std::string keys = folder == "/" ? "" : canonical_path(folder + "/private");
      std::error_code failed;
      if (!keys.empty() && fs::is_directory(keys, failed)) add_once(own.masks, keys);
    }
  }
}

// All paths are canonical.
class HiddenPlaces {
 public:
  explicit HiddenPlaces(const LaunchRequest& request)
      : state_(canonical_path(request.gateway.state_dir)), own_(own_places(request.gateway)) {
    gather_folders();
    gather_others(request);
  }

  // In a hidden place: seen only if it is shown by a mount of its own.
  bool is_hidden(const std::string& path) const { return is_within_any(path, folders_); }
  // Showing it would show a hidden place, or the gateway's own.
  bool would_uncover(const std::string& path) const {
    const auto is_inside = [&](const std::string& place) { return is_within(place, path); };
    return std::ranges::any_of(own_.folders, is_inside) ||
           std::ranges::any_of(own_.files, is_inside) || std::ranges::any_of(folders_, is_inside);
  }
  // In a place that is hidden again after the needed places are mounted.
  bool is_covered(const std::string& path) const {
    return is_within_any(path, own_.folders) || is_within_any(path, others_);
  }
  // Everything else of the machine is visible anyway, read-only.
  bool needs_showing(const std::string& path) const { return is_hidden(path) || is_covered(path); }
  bool is_own(const std::string& path) const {
    return has(own_.folders, path) || has(own_.files, path);
  }

  const std::string& state() const { return state_; }
  const OwnPlaces& own() const { return own_; }
  const Paths& folders() const { return folders_; }  // hidden by the first mounts
  const Paths& others() const { return others_; }    // workspaces it is not to see

 private:
  void hide(const std::string& path) {
    std::error_code failed;
    const std::string place = path.empty() ? "" : canonical_path(path);
    if (place.empty() || place == "/" || !fs::is_directory(place, failed)) return;
    add_once(folders_, place);
  }
  void gather_folders() {
    for (const char* place : {"/tmp", "/var/tmp", "/run", "/var/run", "/root"})
      hide(place);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
    if (const char* home = std::getenv("HOME")) hide(home);
    hide(home_of_current_user());
    for (const std::string& folder : own_.folders) {
      if (folder != state_) hide(folder);
    }
  }

  // Except those that the configuration shows to this agent, or that overlap its own.
  void gather_others(const LaunchRequest& request) {
    const config::SandboxConfig& sandbox = request.agent.process.sandbox;
    const std::string own = canonical_path(request.places.workspace);
    Paths shared;
    for (const auto* list : {&sandbox.read, &sandbox.write}) {
      for (const std::string& path : *list)
        shared.push_back(canonical_path(path));
    }
    for (const std::string& workspace : request.gateway.other_workspaces) {
      const std::string place = canonical_path(workspace);
      if (place.empty() || place == "/" || is_within(own, place) || is_within(place, own)) continue;
      if (!has(shared, place)) add_once(others_, place);
    }
  }

  std::string state_;
  OwnPlaces own_;
  Paths folders_{};
  Paths others_{};
};

constexpr std::array<std::string_view, 6> kFoldersOfPrograms{"bin",   "sbin",     "libexec",
                                                             "shims", "condabin", "games"};
constexpr std::array<std::string_view, 7> kParts{"bin",   "sbin",   "lib",    "lib32",
                                                 "lib64", "libx32", "libexec"};

// Recognised by files in the prefix; `parts` hold only installed programs, so they can be shown.
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

// A folder with one of these is a source tree, not a prefix: its programs need more than its bin.
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
constexpr std::uint32_t kInterpretersMax = 4;      // an interpreter may be a script itself

// The path up to and with its first component "node_modules"; "" = none.
std::string outermost_node_modules(const std::string& path) {
  const std::string whole = path + "/";
  const std::size_t at = whole.find("/node_modules/");
  return at == std::string::npos ? "" : whole.substr(0, at + sizeof("/node_modules") - 1);
}

class NeededPlaces {
 public:
  // Both outlive it.
  NeededPlaces(const HiddenPlaces& hidden, const WritablePlaces& writable)
      : hidden_(hidden), writable_(writable), agent_writable_(writable.all()) {}

  // A program, the links that lead to it, and its interpreters. `path`: the agent's PATH.
  void add_what_is_run(const std::string& program, std::string_view path, const std::string& why) {
    std::string next = program;
    std::string reason = why;
    for (std::uint32_t i = 0; i <= kInterpretersMax && next.starts_with('/'); ++i) {
      const Paths chain = trusted_chain(next, agent_writable_);
      for (const std::string& hop : chain)
        add_program(hop, &hop == &chain.back(), reason);
      if (chain.empty() || is_within_any(chain.back(), agent_writable_))
        return;  // any agent may write there
      next = interpreter_of(chain.back(), path);
      reason = "what runs " + fs::path(chain.back()).filename().string();
    }
  }

  // A folder of a PATH: its programs use what lies beside it.
  void add_folder_of_programs(const std::string& folder, const std::string& why) {
    const std::string place = trusted_path(folder, agent_writable_);
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

  // An argument from the configuration: a script, or a file for the agent to read. Never one that
  // comes from a message.
  void add_argument(const std::string& arg, std::string_view path) {
    std::error_code failed;
    const std::string file = trusted_path(arg, agent_writable_);
    if (file.empty() || !fs::is_regular_file(file, failed)) return;
    if (is_program_text(file)) {
      add_what_is_run(arg, path, "named in spine.args");
      return;
    }
    for (const std::string& hop : trusted_chain(arg, agent_writable_)) {
      if (hidden_.needs_showing(hop) && hop != file) add_link(hop, "named in spine.args");
    }
    if (hidden_.needs_showing(file)) add(file, "named in spine.args");
  }

  // Skipped below another of its writable places, where it is visible already.
  void add_configured(MountKind kind, const std::string& path, const std::string& why) {
    const std::string place = trusted_path(path, agent_writable_);
    if (place.empty() || place == "/" || is_below_any(place, writable_.own)) return;
    mounts_.push_back({kind, place, why});
  }
  // Shown only if its path is still canonical: otherwise it was replaced since the scan.
  void add_skill(const std::string& folder) {
    std::error_code failed;
    if (!fs::is_directory(folder, failed) || is_within_any(folder, agent_writable_)) return;
    if (trusted_path(folder, agent_writable_) != folder) return;
    mounts_.push_back({MountKind::show, folder, "a skill"});
  }
  // A file or folder itself. Nothing in a place that agents can write: its own places are visible
  // anyway, and the mount of a replaced link would show whatever an agent chose.
  void add(const std::string& path, const std::string& why) {
    const std::string place = trusted_path(path, agent_writable_);
    struct stat info {};
    if (place.empty() || place == "/" || is_within_any(place, agent_writable_)) return;
    if (::lstat(place.c_str(), &info) != 0) return;
    if (S_ISDIR(info.st_mode) || S_ISREG(info.st_mode))
      mounts_.push_back({MountKind::show, place, why});
  }

  // Parents before children; of two mounts of the same path, the writable one wins.
  std::vector<Mount> sorted() const {
    std::vector<Mount> mounts = mounts_;
    std::ranges::stable_sort(mounts, [](const Mount& a, const Mount& b) {
      return a.path != b.path ? a.path < b.path : a.kind > b.kind;
    });
    const auto twice = std::unique(mounts.begin(), mounts.end(),
                                   [](const Mount& a, const Mount& b) { return a.path == b.path; });
    mounts.erase(twice, mounts.end());
    return mounts;
  }

 private:
  // The symbolic link itself, as its folder may not be shown.
  void add_link(const std::string& path, const std::string& why) {
    const fs::path folder = trusted_path(fs::path(path).parent_path().string(), agent_writable_);
    const fs::path place = folder / fs::path(path).filename();
    std::error_code failed;
    const fs::path target = fs::read_symlink(place, failed);
    if (folder.empty() || failed || is_within_any(place.string(), agent_writable_)) return;
    mounts_.push_back({MountKind::show_link, place.string(), why, target.string()});
  }

  // Never the prefix itself: credentials lie in it, too (agent_view.h).
  void add_parts(const std::string& prefix, const std::string& why) {
    for (const std::string& part : program_parts(prefix, hidden_.would_uncover(prefix))) {
      const std::string place = trusted_path(part, agent_writable_);
      if (place.empty() || hidden_.would_uncover(place)) continue;
      if (place != part) add_link(part, why);  // as a lib64 that is a link to lib
      add(place, why);
    }
  }

  // The executable files of a prefix that is itself on the PATH, one by one.
  void add_programs_in(const std::string& folder, const std::string& why) {
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
  void add_program(const std::string& path, bool is_file, const std::string& why) {
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

  const HiddenPlaces& hidden_;
  const WritablePlaces& writable_;
  Paths agent_writable_;  // writable by some agent: links in there are not followed
  std::vector<Mount> mounts_{};
};

std::string reason_to_hide(const std::string& place) {
  if (place == "/tmp" || place == "/var/tmp") return "its own temporary files";
  if (place == "/run") return "sockets of the machine";
  return "the home of a user, or beside the gateway's own";
}

class ViewBuilder {
 public:
  explicit ViewBuilder(const LaunchRequest& request)
      : request_(request), hidden_(request), writable_(writable_places(request)) {}

  Status check_configured() const {
    const config::SandboxConfig& sandbox = request_.agent.process.sandbox;
    for (const std::string& path : sandbox.read) {
      SPINE_TRY_STATUS(check_path("spine.sandbox.read", path, false));
    }
    for (const std::string& path : sandbox.write) {
      SPINE_TRY_STATUS(check_path("spine.sandbox.write", path, true));
    }
    if (!request_.agent.workspace.empty()) {
      SPINE_TRY_STATUS(check_path("workspace", request_.agent.workspace, true));
    }
    return check_path("workspace", request_.places.workspace, true);
  }

  MountPlan build(const std::string& program, const std::vector<std::string>& env) const {
    const std::vector<Mount> needed = needed_mounts(program, env);
    MountPlan plan;
    for (const std::string& place : hidden_.folders())
      plan.add({MountKind::hide_folder, place, reason_to_hide(place)});
    for (const Mount& mount : needed) {
      const bool is_there = mount.kind == MountKind::show_link && plan.is_visible(mount.path);
      if (!hidden_.is_covered(mount.path) && !is_there) plan.add(mount);
    }
    cover_own(plan);
    for (const Mount& mount : needed) {
      if (hidden_.is_covered(mount.path) && may_be_uncovered(mount.path)) plan.add(mount);
    }
    return plan;
  }

 private:
  void add_what_runs(NeededPlaces& needed, const std::string& program,
                     const std::vector<std::string>& env) const {
    // resolv.conf may be a link into /run. Its folder is shown, as the file is replaced on changes.
    const std::string resolver = canonical_path("/etc/resolv.conf");
    if (!resolver.empty() && hidden_.is_hidden(resolver)) {
      const std::string folder = fs::path(resolver).parent_path().string();
      needed.add(hidden_.would_uncover(folder) ? resolver : folder, "names of hosts");
    }
    const std::string_view path = value_in(env, "PATH");
    for (const std::string& entry : path_entries(path))
      needed.add_folder_of_programs(entry, "its PATH");
    needed.add_what_is_run(program, path, "its program");
    for (const std::string& arg : request_.agent.process.args)
      needed.add_argument(arg, path);
  }

  std::vector<Mount> needed_mounts(const std::string& program,
                                   const std::vector<std::string>& env) const {
    NeededPlaces needed(hidden_, writable_);
    add_what_runs(needed, program, env);
    const config::SandboxConfig& sandbox = request_.agent.process.sandbox;
    for (const std::string& dir : request_.skill_dirs)
      needed.add_skill(dir);
    for (const std::string& path : sandbox.read)
      needed.add_configured(MountKind::show, path, "spine.sandbox.read");
    for (const std::string& path : sandbox.write)
      needed.add_configured(MountKind::show_writable, path, "spine.sandbox.write");
    needed.add_configured(MountKind::show_writable, request_.places.workspace, "its workspace");
    needed.add_configured(MountKind::show_writable, request_.places.data_dir, "its data");
    needed.add_configured(MountKind::show_writable, request_.places.home, "its home");
    return needed.sorted();
  }

  // Hides the gateway's own and other agents' places again, even if a parent was shown.
  void cover_own(MountPlan& plan) const {
    for (const std::string& place : hidden_.own().masks) {
      std::error_code failed;
      if (!plan.is_visible(place)) continue;
      plan.add({fs::is_directory(place, failed) ? MountKind::hide_folder : MountKind::hide_file,
                place, "the gateway's own"});
    }
    for (const std::string& place : hidden_.own().folders)
      plan.add({MountKind::hide_folder, place, "the gateway's own"});
    for (const std::string& place : hidden_.others()) {
      if (plan.is_visible(place)) {
        plan.add({MountKind::hide_folder, place, "workspace of another agent"});
      }
    }
  }

  // In the state directory only this agent's folders; beside the configuration and keys whatever is
  // configured or run; never the gateway's own files, nor a socket.
  bool may_be_uncovered(const std::string& path) const {
    if (hidden_.is_own(path)) return false;
    if (is_within(path, hidden_.state()) && !is_below_any(path, {agents_folder()})) return false;
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return false;
    return S_ISDIR(info.st_mode) || S_ISREG(info.st_mode);
  }

  Status check_path(std::string_view key, const std::string& path, bool writable) const {
    const std::string place = trusted_path(path, writable_.all());
    const auto refuse = [&](std::string_view reason) {
      return Error{Errc::invalid_argument,
                   fmt::format("Agent {}: {} {}: {}.", printable(request_.agent.id), key,
                               printable(path), reason)};
    };
    if (place.empty() && !canonical_path(path).empty()) {
      return refuse(
          "a link that an agent may have put there leads elsewhere; name the path it is to be");
    }
    if (place.empty())
      return refuse("there is no such file or directory; make it, or leave it out");
    if (place == "/") return refuse("that is the whole machine; name the directories it needs");
    const bool is_agents = is_below_any(place, {agents_folder()});
    if (!is_agents && (is_within(place, hidden_.state()) || hidden_.is_own(place))) {
      return refuse(
          "that belongs to the gateway, and agents must not see it; move what the agent "
          "needs to a directory of its own");
    }
    const std::string own = own_place_within(request_.gateway, place);
    if (own.empty()) return ok();
    // A hidden folder that is named here would be shown again, with the gateway's own file in it.
    if (!is_agents && hidden_.is_covered(place)) {
      return refuse(fmt::format("the gateway's own {} lies in it; name what the agent needs", own));
    }
    if (!writable) return ok();
    return refuse(
        fmt::format("the gateway's own {} lies in it, and who may write around it can replace it; "
                    "choose a directory of its own",
                    own));
  }

  std::string agents_folder() const { return hidden_.state() + "/agents/" + request_.agent.id; }

  const LaunchRequest& request_;
  HiddenPlaces hidden_;
  WritablePlaces writable_;
};

}  // namespace

OwnPlaces own_places(const GatewayPlaces& gateway) {
  OwnPlaces own;
  const std::string state = canonical_path(gateway.state_dir);
  if (!state.empty()) own.folders.push_back(state);
  add_file(own, gateway.config_path);
  for (const std::string& key : gateway.key_paths)
    add_file(own, key);
  return own;
}

std::string own_place_within(const GatewayPlaces& gateway, const std::string& folder) {
  const std::string state = canonical_path(gateway.state_dir);
  if (is_within(state, folder)) return "state directory " + printable(state);
  for (const std::string& hop : link_chain(gateway.config_path)) {
    if (is_within(hop, folder)) return "configuration " + printable(hop);
  }
  for (const std::string& key : gateway.key_paths) {
    for (const std::string& hop : link_chain(key)) {
      if (is_within(hop, folder)) return "key or token " + printable(hop);
    }
  }
  return "";
}

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

Result<MountPlan> agent_view(const LaunchRequest& request, const std::string& program,
                             const std::vector<std::string>& env) {
  const ViewBuilder builder(request);
  SPINE_TRY_STATUS(builder.check_configured());
  return builder.build(program, env);
}

}  // namespace spine::agents
