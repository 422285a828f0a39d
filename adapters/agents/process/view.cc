// agent_view: what an agent sees of this machine. Hide first, then show what it needs.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

#include "adapters/agents/process/find_program.h"
#include "adapters/agents/process/sandbox.h"
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

// "/a/b" has two.
std::ptrdiff_t depth_of(const std::string& path) {
  return path == "/" ? 0 : std::count(path.begin(), path.end(), '/');
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
        config_(real_path(request.gateway.config_path)) {
    gather_hidden();
  }

  Status check_configured() const;
  MountPlan build(const std::vector<std::string>& programs, const std::vector<std::string>& env);

 private:
  void hide(const std::string& path);
  void gather_hidden();
  void want(MountKind kind, const std::string& path);
  void want_folder_of_programs(const std::string& folder);
  void want_program(const std::string& path);
  void want_everything(const std::vector<std::string>& programs,
                       const std::vector<std::string>& env);
  Status check_path(std::string_view key, const std::string& path, bool writable) const;

  // Below a place that is hidden, so that it has to be shown.
  bool is_hidden(const std::string& path) const {
    return std::any_of(hidden_.begin(), hidden_.end(),
                       [&](const std::string& place) { return is_within(path, place); });
  }
  // Showing it would show a hidden place, or the gateway's own.
  bool would_uncover(const std::string& path) const {
    return is_within(state_, path) || is_within(config_, path) ||
           std::any_of(hidden_.begin(), hidden_.end(),
                       [&](const std::string& place) { return is_within(place, path); });
  }
  // In a place of the gateway itself, which is hidden once more after everything is shown.
  bool is_gateways(const std::string& path) const {
    return std::any_of(own_.begin(), own_.end(),
                       [&](const std::string& place) { return is_within(path, place); });
  }
  bool is_own(const std::string& path) const {
    return std::find(own_.begin(), own_.end(), path) != own_.end();
  }

  const LaunchRequest& request_;
  std::string state_;
  std::string config_;
  std::vector<std::string> hidden_{};
  std::vector<std::string> own_{};
  std::vector<Mount> wanted_{};
};

void ViewBuilder::hide(const std::string& path) {
  std::error_code failed;
  const std::string place = path.empty() ? "" : real_path(path);
  if (place.empty() || place == "/" || !fs::is_directory(place, failed)) return;
  if (std::find(hidden_.begin(), hidden_.end(), place) == hidden_.end()) hidden_.push_back(place);
}

void ViewBuilder::gather_hidden() {
  for (const char* place : {"/tmp", "/var/tmp", "/run", "/var/run", "/root"})
    hide(place);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
  if (const char* home = std::getenv("HOME")) hide(home);
  hide(home_of_current_user());
  if (!state_.empty()) own_.push_back(state_);
  // A folder of its own holds what the file includes, too; /etc cannot be hidden.
  const std::string folder = fs::path(config_).parent_path().string();
  if (depth_of(folder) < 2) return;
  hide(folder);
  own_.push_back(folder);
}

void ViewBuilder::want(MountKind kind, const std::string& path) {
  const std::string place = real_path(path);
  if (!place.empty() && place != "/") wanted_.push_back({kind, place});
}

// A folder of a PATH: its programs use what lies beside it.
void ViewBuilder::want_folder_of_programs(const std::string& folder) {
  const std::string place = real_path(folder);
  if (place.empty() || !is_hidden(place)) return;
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

void ViewBuilder::want_program(const std::string& path) {
  if (!is_hidden(path)) return;
  if (const std::string modules = outermost_node_modules(path); !modules.empty()) {
    want(MountKind::show, modules);
    return;
  }
  want_folder_of_programs(fs::path(path).parent_path().string());
  want(MountKind::show, path);
}

void ViewBuilder::want_everything(const std::vector<std::string>& programs,
                                  const std::vector<std::string>& env) {
  // The resolver's file may be a link into /run; its folder, as it is replaced when it changes.
  const std::string resolver = real_path("/etc/resolv.conf");
  if (!resolver.empty() && is_hidden(resolver)) {
    const std::string folder = fs::path(resolver).parent_path().string();
    want(MountKind::show, would_uncover(folder) ? resolver : folder);
  }
  for (const std::string& entry : path_entries(value_in(env, "PATH"))) {
    want_folder_of_programs(entry);
  }
  for (const std::string& program : programs)
    want_program(program);
  // Scripts the configuration names; never what a message may have put into the command line.
  for (const std::string& arg : request_.agent.process.args) {
    std::error_code failed;
    if (arg.starts_with('/') && fs::is_regular_file(arg, failed)) {
      for (const std::string& hop : link_chain(arg))
        want_program(hop);
    }
  }
  const config::SandboxConfig& sandbox = request_.agent.process.sandbox;
  for (const std::string& dir : request_.skill_dirs)
    want(MountKind::show, dir);
  for (const std::string& path : sandbox.read)
    want(MountKind::show, path);
  for (const std::string& path : sandbox.write)
    want(MountKind::show_writable, path);
  want(MountKind::show_writable, request_.places.workspace);
  want(MountKind::show_writable, request_.places.data_dir);
  want(MountKind::show_writable, request_.places.home);
}

MountPlan ViewBuilder::build(const std::vector<std::string>& programs,
                             const std::vector<std::string>& env) {
  want_everything(programs, env);
  // What is above comes first; where one path is wanted twice, writable wins.
  std::stable_sort(wanted_.begin(), wanted_.end(), [](const Mount& a, const Mount& b) {
    return a.path != b.path ? a.path < b.path : a.kind > b.kind;
  });
  const auto twice = std::unique(wanted_.begin(), wanted_.end(),
                                 [](const Mount& a, const Mount& b) { return a.path == b.path; });
  wanted_.erase(twice, wanted_.end());
  MountPlan plan;
  for (const std::string& place : hidden_)
    plan.add(MountKind::hide_folder, place);
  for (const Mount& mount : wanted_) {
    if (!is_gateways(mount.path)) plan.add(mount.kind, mount.path);
  }
  // The gateway's own, whatever was shown around them.
  std::vector<std::string> files = request_.gateway.key_paths;
  files.push_back(request_.gateway.config_path);
  for (const std::string& file : files) {
    const std::string place = real_path(file);
    if (!place.empty() && plan.is_visible(place)) plan.add(MountKind::hide_file, place);
  }
  for (const std::string& place : own_)
    plan.add(MountKind::hide_folder, place);
  for (const Mount& mount : wanted_) {
    if (is_gateways(mount.path) && !is_own(mount.path)) plan.add(mount.kind, mount.path);
  }
  return plan;
}

Status ViewBuilder::check_path(std::string_view key, const std::string& path, bool writable) const {
  const std::string place = real_path(path);
  const auto refuse = [&](std::string_view reason) {
    return Error{Errc::invalid_argument,
                 fmt::format("Agent {}: {} {}: {}.", printable(request_.agent.id), key,
                             printable(path), reason)};
  };
  if (place.empty()) return refuse("there is no such file or directory; make it, or leave it out");
  if (place == "/") return refuse("that is the whole machine; name the directories it needs");
  const std::string own = fs::path(real_path(request_.places.home)).parent_path().string();
  const bool is_agents = is_within(place, own);
  if (!is_agents && (is_within(place, state_) || is_within(place, config_) || is_own(place))) {
    return refuse(
        "that belongs to the gateway, and agents must not see it; move what the agent "
        "needs to a directory of its own");
  }
  const std::vector<std::string> links = link_chain(request_.gateway.config_path);
  const bool holds_config = std::any_of(
      links.begin(), links.end(), [&](const std::string& link) { return is_within(link, place); });
  if (writable && (is_within(state_, place) || holds_config)) {
    return refuse(
        fmt::format("the gateway's own {} lies in it, and who may write around it can replace it; "
                    "choose a directory of its own",
                    is_within(state_, place) ? "state directory" : "configuration"));
  }
  return ok();
}

Status ViewBuilder::check_configured() const {
  const config::SandboxConfig& sandbox = request_.agent.process.sandbox;
  for (const std::string& path : sandbox.read) {
    SPINE_TRY_STATUS(check_path("spine.sandbox.read", path, false));
  }
  for (const std::string& path : sandbox.write) {
    SPINE_TRY_STATUS(check_path("spine.sandbox.write", path, true));
  }
  return check_path("workspace", request_.places.workspace, true);
}

}  // namespace

Result<MountPlan> agent_view(const LaunchRequest& request, const std::vector<std::string>& programs,
                             const std::vector<std::string>& env) {
  ViewBuilder builder(request);
  SPINE_TRY_STATUS(builder.check_configured());
  return builder.build(programs, env);
}

}  // namespace spine::agents
