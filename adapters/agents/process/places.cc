// The directories of one agent.
#include "adapters/agents/process/places.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "adapters/agents/process/agent_view.h"
#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/users.h"
#include "engine/config/source/deciding_file.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

// Whether it is a single path component, and not "." or "..".
bool is_plain_id(std::string_view id) {
  return is_plain(id, "-_.") && id[0] != '.';
}

Result<UniqueFd> open_directory(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return config::io_error("open", path);
  return fd;
}

// Makes it with `mode` if it is not there; true = this call made it.
Result<bool> make_directory(const fs::path& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) return true;
  if (errno == EEXIST) return false;
  return config::io_error("make", path);
}

// Sets owner and mode of the directory itself, never of what a link there leads to.
Status give_to(const fs::path& path, const SystemUser& user, mode_t mode) {
  SPINE_TRY(const UniqueFd fd, open_directory(path));
  if (::geteuid() == 0 && ::fchown(fd.get(), user.uid, user.gid) != 0) {
    return config::io_error("set the owner of", path);
  }
  if (::fchmod(fd.get(), mode) != 0) return config::io_error("set the mode of", path);
  return ok();
}

// Lets other users pass through a directory of ours (o+x); files in it stay 0600.
Status open_way(const fs::path& path) {
  SPINE_TRY(const UniqueFd fd, open_directory(path));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return config::io_error("look at", path);
  if ((info.st_mode & 0001U) != 0) return ok();
  if (::fchmod(fd.get(), (info.st_mode & 07777U) | 0001U) != 0) {
    return config::io_error("set the mode of", path);
  }
  return ok();
}

Status check_workspace(const fs::path& path, const SystemUser& user) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return config::io_error("look at", path);
  const std::string name = printable(path.string());
  if (!S_ISDIR(info.st_mode)) {
    return Error{Errc::io, fmt::format("The workspace {} is not a directory. Name another in "
                                       "agents.entries.<id>.workspace.",
                                       name)};
  }
  if (user_may(user, info, 7)) return ok();
  return Error{Errc::io,
               fmt::format("The agent runs as {0}, who may not write its workspace {1}. Give it to "
                           "that user: chown -R {0} {1}, or name its owner in spine.sandbox.user.",
                           user.name, name)};
}

// The configured workspace: made with its parents if it does not exist, else only checked.
Result<std::string> configured_workspace(const fs::path& path, const SystemUser& user) {
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  if (failed) {
    return Error{Errc::io,
                 fmt::format("Cannot make {}: {}.", printable(path.string()), failed.message())};
  }
  SPINE_TRY(const bool made, make_directory(path, 0700));
  if (made) {
    SPINE_TRY_STATUS(give_to(path, user, 0700));
  } else {
    SPINE_TRY_STATUS(check_workspace(path, user));
  }
  const fs::path real = fs::canonical(path, failed);
  return failed ? path.string() : real.string();
}

// Whoever can write in a folder above the gateway's files can replace them, whatever their mode.
Status check_apart(const GatewayPlaces& gateway, const config::AgentConfig& agent,
                   const std::string& workspace) {
  const std::string own = own_place_within(gateway, workspace);
  if (own.empty()) return ok();
  return Error{
      Errc::invalid_argument,
      fmt::format("The workspace {} cannot be agent {}'s: the gateway's own {} lies in it. "
                  "Name another in agents.entries.{}.workspace, or move that elsewhere.",
                  printable(workspace), printable(agent.id), own, printable(agent.id))};
}

// Without bubblewrap the agent's own user must be able to pass to its directories.
bool walks_itself(const config::AgentConfig& agent) {
  const SeparationMeans means = find_separation_means();
  return means.is_root &&
         (agent.process.sandbox.separation == config::Separation::user || means.bubblewrap.empty());
}

// Below `state`, which is canonical. A configured workspace is taken as it is.
AgentPlaces places_below(const fs::path& state, const config::AgentConfig& agent) {
  const fs::path own = state / "agents" / agent.id;
  return {.workspace = agent.workspace.empty() ? (own / "workspace").string() : agent.workspace,
          .data_dir = (own / "data").string(),
          .home = (own / "home").string()};
}

}  // namespace

Result<AgentPlaces> make_places(const GatewayPlaces& gateway, const config::AgentConfig& agent) {
  if (!is_plain_id(agent.id)) {
    return Error{Errc::io,
                 fmt::format("The agent id {} cannot name a directory.", printable(agent.id))};
  }
  SystemUser user = current_user();
  if (user.uid == 0) {
    SPINE_TRY(user, find_user(agent.process.sandbox.user));
  }
  std::error_code failed;
  const fs::path state = fs::canonical(gateway.state_dir, failed);
  if (failed) return config::io_error("find the state directory", gateway.state_dir);
  const fs::path agents = state / "agents";
  const fs::path own = agents / agent.id;
  SPINE_TRY_STATUS(make_directory(agents, 0700));
  SPINE_TRY_STATUS(make_directory(own, 0700));
  if (walks_itself(agent)) {
    for (const fs::path& path : {state, agents, own})
      SPINE_TRY_STATUS(open_way(path));
  }
  AgentPlaces places = places_below(state, agent);
  places.uid = user.uid;
  places.gid = user.gid;
  for (const std::string& path : {places.data_dir, places.home}) {
    SPINE_TRY_STATUS(make_directory(path, 0700));
    SPINE_TRY_STATUS(give_to(path, user, 0700));
  }
  if (!agent.workspace.empty()) {
    SPINE_TRY(places.workspace, configured_workspace(agent.workspace, user));
    SPINE_TRY_STATUS(check_apart(gateway, agent, places.workspace));
    return places;
  }
  SPINE_TRY_STATUS(make_directory(places.workspace, 0700));
  SPINE_TRY_STATUS(give_to(places.workspace, user, 0700));
  return places;
}

std::optional<AgentPlaces> find_places(const GatewayPlaces& gateway,
                                       const config::AgentConfig& agent) {
  std::error_code failed;
  AgentPlaces places = places_below(fs::canonical(gateway.state_dir, failed), agent);
  for (const std::string& path : {places.workspace, places.data_dir, places.home}) {
    if (!fs::is_directory(path, failed)) return std::nullopt;
  }
  places.workspace = fs::canonical(places.workspace, failed).string();
  return places;
}

}  // namespace spine::agents
