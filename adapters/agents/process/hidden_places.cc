// Temporary files, sockets, homes, workspaces of other agents; and which folders hold the state,
// the configuration, and keys.
#include "adapters/agents/process/hidden_places.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>
#include <system_error>

#include "adapters/agents/process/mount_plan.h"
#include "adapters/agents/process/program.h"
#include "adapters/agents/process/sandbox.h"
#include "adapters/agents/process/trusted.h"
#include "adapters/agents/process/users.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

// Programs read in them: they cannot be hidden as a whole.
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

// What stands beside it under its name: backups, what is about to replace it. And ".env".
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
  add_once(folders_, place);
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
    if (!has(shared, place)) add_once(others_, place);
  }
}

}  // namespace spine::agents
