// Temporary files, sockets, homes, the gateway's own, and workspaces of other agents.
#include "adapters/agents/process/hidden_places.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "adapters/agents/process/mount_plan.h"
#include "adapters/agents/process/users.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

bool has(const Paths& list, const std::string& path) {
  return std::find(list.begin(), list.end(), path) != list.end();
}

}  // namespace

HiddenPlaces::HiddenPlaces(const LaunchRequest& request)
    : state_(canonical_path(request.gateway.state_dir)), own_(own_places(request.gateway)) {
  gather_folders();
  gather_others(request);
}

bool HiddenPlaces::would_uncover(const std::string& path) const {
  const auto is_inside = [&](const std::string& place) { return is_within(place, path); };
  return std::any_of(own_.folders.begin(), own_.folders.end(), is_inside) ||
         std::any_of(own_.files.begin(), own_.files.end(), is_inside) ||
         std::any_of(folders_.begin(), folders_.end(), is_inside);
}

bool HiddenPlaces::is_own(const std::string& path) const {
  return has(own_.folders, path) || has(own_.files, path);
}

void HiddenPlaces::hide(const std::string& path) {
  std::error_code failed;
  const std::string place = path.empty() ? "" : canonical_path(path);
  if (place.empty() || place == "/" || !fs::is_directory(place, failed)) return;
  if (!has(folders_, place)) folders_.push_back(place);
}

void HiddenPlaces::gather_folders() {
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
void HiddenPlaces::gather_others(const LaunchRequest& request) {
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
    if (!has(shared, place) && !has(others_, place)) others_.push_back(place);
  }
}

}  // namespace spine::agents
