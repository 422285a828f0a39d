// Which folders hold the state, the configuration, and keys.
#include "adapters/agents/process/own_places.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>
#include <system_error>

#include "adapters/agents/process/find_program.h"
#include "adapters/agents/process/sandbox.h"
#include "adapters/agents/process/trusted.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

// Programs read in them: they cannot be hidden as a whole.
constexpr std::array<std::string_view, 10> kSharedFolders{
    "/",          "/etc",     "/usr",         "/etc/ssl",           "/etc/ssl/certs",
    "/usr/local", "/etc/pki", "/etc/pki/tls", "/etc/pki/tls/certs", "/etc/ca-certificates"};
constexpr std::string_view kCertificatesOfLetsEncrypt = "/etc/letsencrypt";

void add_once(std::vector<std::string>& list, const std::string& entry) {
  if (std::find(list.begin(), list.end(), entry) == list.end()) list.push_back(entry);
}

bool is_shared(const std::string& folder) {
  return std::find(kSharedFolders.begin(), kSharedFolders.end(), folder) != kSharedFolders.end();
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
    } else if (!is_shared(folder)) {
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

}  // namespace spine::agents
