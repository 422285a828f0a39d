// agent_view: what an agent sees of this machine. Hide first, then show what it needs.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>

#include "adapters/agents/process/find_program.h"
#include "adapters/agents/process/own_places.h"
#include "adapters/agents/process/sandbox.h"
#include "adapters/agents/process/trusted.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

// "" when it is not there.
std::string real_path(const std::string& path) {
  std::error_code failed;
  const fs::path whole = fs::canonical(path, failed);
  return failed ? "" : whole.string();
}

bool has(const Paths& list, const std::string& path) {
  return std::find(list.begin(), list.end(), path) != list.end();
}

// The path up to and with its first component "node_modules"; "" = none.
std::string outermost_node_modules(const std::string& path) {
  const std::string whole = path + "/";
  const std::size_t at = whole.find("/node_modules/");
  return at == std::string::npos ? "" : whole.substr(0, at + sizeof("/node_modules") - 1);
}

class ViewBuilder {
 public:
  explicit ViewBuilder(const LaunchRequest& request)
      : request_(request),
        state_(real_path(request.gateway.state_dir)),
        own_(own_places(request.gateway)),
        writable_(writable_places(request)),
        bent_(writable_.all()) {
    gather_hidden();
    gather_others();
  }

  Status check_configured() const;
  MountPlan build(const std::string& program, const std::vector<std::string>& env);

 private:
  void hide(const std::string& path);
  void gather_hidden();
  void gather_others();
  void want(MountKind kind, const std::string& path);
  void want_configured(MountKind kind, const std::string& path);
  void want_folder_of_programs(const std::string& folder);
  void want_program(const std::string& path);
  void want_skill(const std::string& folder);
  void want_what_runs(const std::string& program, const std::vector<std::string>& env);
  void want_everything(const std::string& program, const std::vector<std::string>& env);
  void sort_wanted();
  void cover_own(MountPlan& plan) const;
  bool may_be_uncovered(const std::string& path) const;
  Status check_path(std::string_view key, const std::string& path, bool writable) const;

  // Below a place that is hidden, so that it has to be shown.
  bool is_hidden(const std::string& path) const { return is_within_any(path, hidden_); }
  // Showing it would show a hidden place, or the gateway's own.
  bool would_uncover(const std::string& path) const {
    const auto is_inside = [&](const std::string& place) { return is_within(place, path); };
    return std::any_of(own_.folders.begin(), own_.folders.end(), is_inside) ||
           std::any_of(own_.files.begin(), own_.files.end(), is_inside) ||
           std::any_of(hidden_.begin(), hidden_.end(), is_inside);
  }
  // In a place that is hidden once more after everything is shown.
  bool is_covered(const std::string& path) const {
    return is_within_any(path, own_.folders) || is_within_any(path, others_);
  }
  bool is_own(const std::string& path) const {
    return has(own_.folders, path) || has(own_.files, path);
  }
  std::string agents_folder() const { return state_ + "/agents/" + request_.agent.id; }

  const LaunchRequest& request_;
  std::string state_;
  OwnPlaces own_;
  WritablePlaces writable_;
  Paths bent_;  // links in there are some agent's
  Paths hidden_{};
  Paths others_{};  // workspaces of other agents this one is not to see
  std::vector<Mount> wanted_{};
};

void ViewBuilder::hide(const std::string& path) {
  std::error_code failed;
  const std::string place = path.empty() ? "" : real_path(path);
  if (place.empty() || place == "/" || !fs::is_directory(place, failed)) return;
  if (!has(hidden_, place)) hidden_.push_back(place);
}

void ViewBuilder::gather_hidden() {
  for (const char* place : {"/tmp", "/var/tmp", "/run", "/var/run", "/root"})
    hide(place);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
  if (const char* home = std::getenv("HOME")) hide(home);
  hide(home_of_current_user());
  for (const std::string& folder : own_.folders) {
    if (folder != state_) hide(folder);
  }
}

// But those the configuration shows to this agent, or that it shares.
void ViewBuilder::gather_others() {
  const config::SandboxConfig& sandbox = request_.agent.process.sandbox;
  const std::string own = real_path(request_.places.workspace);
  Paths shared;
  for (const auto* list : {&sandbox.read, &sandbox.write}) {
    for (const std::string& path : *list)
      shared.push_back(real_path(path));
  }
  for (const std::string& workspace : request_.gateway.other_workspaces) {
    const std::string place = real_path(workspace);
    if (place.empty() || place == "/" || is_within(own, place) || is_within(place, own)) continue;
    if (!has(shared, place) && !has(others_, place)) others_.push_back(place);
  }
}

// What the agent needs to run. What it can write itself is seen already, and nothing an agent can
// exchange is a source: it would lead to wherever that agent likes.
void ViewBuilder::want(MountKind kind, const std::string& path) {
  const std::string place = trusted_path(path, bent_);
  struct stat info {};
  if (place.empty() || place == "/" || is_within_any(place, bent_)) return;
  if (::lstat(place.c_str(), &info) != 0) return;
  if (S_ISDIR(info.st_mode) || S_ISREG(info.st_mode)) wanted_.push_back({kind, place});
}

// Below another of its writable places it is seen already.
void ViewBuilder::want_configured(MountKind kind, const std::string& path) {
  const std::string place = trusted_path(path, bent_);
  if (place.empty() || place == "/" || is_below_any(place, writable_.own)) return;
  wanted_.push_back({kind, place});
}

// A folder of a PATH: its programs use what lies beside it.
void ViewBuilder::want_folder_of_programs(const std::string& folder) {
  const std::string place = trusted_path(folder, bent_);
  if (place.empty() || !(is_hidden(place) || is_covered(place))) return;
  if (const std::string modules = outermost_node_modules(place); !modules.empty()) {
    want(MountKind::show, modules);
    return;
  }
  const fs::path path = place;
  const fs::path prefix = path.parent_path();
  const bool has_prefix = path.filename() == "bin" || path.filename() == "sbin" ||
                          path.filename() == "shims" || path.filename() == "condabin";
  // ~/.local holds more than programs.
  const bool is_prefix = has_prefix && prefix.filename() != ".local";
  if (is_prefix && !would_uncover(prefix.string())) {
    want(MountKind::show, prefix.string());
  } else if (!would_uncover(place)) {
    want(MountKind::show, place);
    if (has_prefix) want(MountKind::show, (prefix / "lib").string());
  }
}

// `path`: one hop of trusted_chain().
void ViewBuilder::want_program(const std::string& path) {
  if (!is_hidden(path) && !is_covered(path)) return;
  if (const std::string modules = outermost_node_modules(path); !modules.empty()) {
    want(MountKind::show, modules);
    return;
  }
  want_folder_of_programs(fs::path(path).parent_path().string());
  want(MountKind::show, path);
}

// It was found at that very place, or somebody has moved it since.
void ViewBuilder::want_skill(const std::string& folder) {
  std::error_code failed;
  if (real_path(folder) != folder || !fs::is_directory(folder, failed)) return;
  if (trusted_path(folder, bent_) != folder || is_within_any(folder, bent_)) return;
  wanted_.push_back({MountKind::show, folder});
}

void ViewBuilder::want_what_runs(const std::string& program, const std::vector<std::string>& env) {
  // The resolver's file may be a link into /run; its folder, as it is replaced when it changes.
  const std::string resolver = real_path("/etc/resolv.conf");
  if (!resolver.empty() && is_hidden(resolver)) {
    const std::string folder = fs::path(resolver).parent_path().string();
    want(MountKind::show, would_uncover(folder) ? resolver : folder);
  }
  for (const std::string& entry : path_entries(value_in(env, "PATH"))) {
    want_folder_of_programs(entry);
  }
  for (const std::string& hop : trusted_chain(program, bent_))
    want_program(hop);
  // Scripts the configuration names; never what a message may have put into the command line.
  for (const std::string& arg : request_.agent.process.args) {
    std::error_code failed;
    const std::string file = trusted_path(arg, bent_);
    if (file.empty() || !fs::is_regular_file(file, failed)) continue;
    for (const std::string& hop : trusted_chain(arg, bent_))
      want_program(hop);
  }
}

void ViewBuilder::want_everything(const std::string& program, const std::vector<std::string>& env) {
  want_what_runs(program, env);
  const config::SandboxConfig& sandbox = request_.agent.process.sandbox;
  for (const std::string& dir : request_.skill_dirs)
    want_skill(dir);
  for (const std::string& path : sandbox.read)
    want_configured(MountKind::show, path);
  for (const std::string& path : sandbox.write)
    want_configured(MountKind::show_writable, path);
  want_configured(MountKind::show_writable, request_.places.workspace);
  want_configured(MountKind::show_writable, request_.places.data_dir);
  want_configured(MountKind::show_writable, request_.places.home);
}

// What is above comes first; where one path is wanted twice, writable wins.
void ViewBuilder::sort_wanted() {
  std::stable_sort(wanted_.begin(), wanted_.end(), [](const Mount& a, const Mount& b) {
    return a.path != b.path ? a.path < b.path : a.kind > b.kind;
  });
  const auto twice = std::unique(wanted_.begin(), wanted_.end(),
                                 [](const Mount& a, const Mount& b) { return a.path == b.path; });
  wanted_.erase(twice, wanted_.end());
}

// The gateway's own and other agents', whatever was shown around them.
void ViewBuilder::cover_own(MountPlan& plan) const {
  for (const std::string& place : own_.masks) {
    std::error_code failed;
    if (!plan.is_visible(place)) continue;
    plan.add(fs::is_directory(place, failed) ? MountKind::hide_folder : MountKind::hide_file,
             place);
  }
  for (const std::string& place : own_.folders)
    plan.add(MountKind::hide_folder, place);
  for (const std::string& place : others_) {
    if (plan.is_visible(place)) plan.add(MountKind::hide_folder, place);
  }
}

// Of the state directory only what is this agent's; beside the configuration and keys what was
// named, and what runs; never the gateway's files, or a socket.
bool ViewBuilder::may_be_uncovered(const std::string& path) const {
  if (is_own(path)) return false;
  if (is_within(path, state_) && !is_below_any(path, {agents_folder()})) return false;
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return false;
  return S_ISDIR(info.st_mode) || S_ISREG(info.st_mode);
}

MountPlan ViewBuilder::build(const std::string& program, const std::vector<std::string>& env) {
  want_everything(program, env);
  sort_wanted();
  MountPlan plan;
  for (const std::string& place : hidden_)
    plan.add(MountKind::hide_folder, place);
  for (const Mount& mount : wanted_) {
    if (!is_covered(mount.path)) plan.add(mount.kind, mount.path);
  }
  cover_own(plan);
  for (const Mount& mount : wanted_) {
    if (is_covered(mount.path) && may_be_uncovered(mount.path)) plan.add(mount.kind, mount.path);
  }
  return plan;
}

Status ViewBuilder::check_path(std::string_view key, const std::string& path, bool writable) const {
  const std::string place = trusted_path(path, bent_);
  const auto refuse = [&](std::string_view reason) {
    return Error{Errc::invalid_argument,
                 fmt::format("Agent {}: {} {}: {}.", printable(request_.agent.id), key,
                             printable(path), reason)};
  };
  if (place.empty() && !real_path(path).empty()) {
    return refuse(
        "a link that an agent may have put there leads elsewhere; name the path it is to be");
  }
  if (place.empty()) return refuse("there is no such file or directory; make it, or leave it out");
  if (place == "/") return refuse("that is the whole machine; name the directories it needs");
  const bool is_agents = is_below_any(place, {agents_folder()});
  if (!is_agents && (is_within(place, state_) || is_own(place))) {
    return refuse(
        "that belongs to the gateway, and agents must not see it; move what the agent "
        "needs to a directory of its own");
  }
  if (!writable) return ok();
  const std::string own = own_place_within(request_.gateway, place);
  if (own.empty()) return ok();
  return refuse(
      fmt::format("the gateway's own {} lies in it, and who may write around it can replace it; "
                  "choose a directory of its own",
                  own));
}

Status ViewBuilder::check_configured() const {
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

}  // namespace

Result<MountPlan> agent_view(const LaunchRequest& request, const std::string& program,
                             const std::vector<std::string>& env) {
  ViewBuilder builder(request);
  SPINE_TRY_STATUS(builder.check_configured());
  return builder.build(program, env);
}

}  // namespace spine::agents
