// Place: looks at options, environment, lock file, /proc and configuration, in this order.
#include "adapters/gateway/gateway_place.h"

#include <cstdlib>

#include "adapters/websocket/net/port_owner.h"
#include "engine/state_dir/token.h"
#include "schemas/vocab/addresses.h"

namespace spine::gateway {
namespace {

namespace fs = std::filesystem;

// Clients cannot connect to a wildcard address: use the loopback address.
std::string address_of(const config::Config& config) {
  const std::string& first = config.bind_addresses.front();
  if (first == "0.0.0.0") return "127.0.0.1";
  return first == "::" ? "::1" : first;
}

// The state directory of a Spine process, by the lock file that it holds open
// (engine/state_dir/state_dir.h); empty if it has none, or may not be inspected.
fs::path state_dir_of_process(std::uint32_t pid) {
  std::error_code error;
  fs::directory_iterator entry("/proc/" + std::to_string(pid) + "/fd", error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code unreadable;
    const fs::path target = fs::read_symlink(entry->path(), unreadable);
    if (target.filename() == "spine.lock") return target.parent_path();
  }
  return {};
}

fs::path state_dir_of(const Common& common, config::GetEnv getenv_fn) {
  if (!common.state_dir.empty()) return fs::absolute(common.state_dir);
  if (common.port) {
    const auto owner = net::find_port_owner(*common.port);
    fs::path dir = owner ? state_dir_of_process(owner->pid) : fs::path{};
    if (!dir.empty()) return dir;
  }
  return config::default_state_dir(getenv_fn);
}

Result<std::string> token_of(const Common& common, const Place& place) {
  if (!common.token.empty()) return common.token;
  if (!common.token_file.empty()) return state_dir::read_token_file(common.token_file);
  const config::Config& config = place.config;
  // In password mode the gateway accepts nothing else.
  if (config.auth_mode == config::AuthMode::password) return config.password;
  // The configuration already includes the environment's token.
  if (!config.token.empty()) return config.token;
  auto kept = state_dir::read_token_file(state_dir::token_path(place.state_dir));
  return kept ? std::move(*kept) : std::string();
}

}  // namespace

state_dir::LockInfo Place::lock() const {
  const auto lock = state_dir::read_lock(state_dir);
  return lock ? *lock : state_dir::LockInfo{};
}

config::Given given(const Common& common) {
  return {.token = !common.token.empty() || !common.token_file.empty()};
}

std::filesystem::path control_socket_path(const std::filesystem::path& state_dir) {
  return state_dir / "control.sock";
}

std::filesystem::path log_file(const config::Config& config,
                               const std::filesystem::path& state_dir) {
  return config.log_file.empty() ? state_dir / "logs" / "spine.log"
                                 : std::filesystem::path(config.log_file);
}

agents::GatewayPlaces places_of_gateway(const config::Config& config,
                                        const std::filesystem::path& state_dir,
                                        const std::filesystem::path& config_path,
                                        const std::string& token_file) {
  agents::GatewayPlaces places{.state_dir = state_dir.string(),
                               .config_path = config_path.string()};
  if (config.tls.enabled) places.key_paths.push_back(config.tls.key_path.string());
  if (!token_file.empty()) places.key_paths.push_back(token_file);
  for (const config::AgentConfig& agent : config.agents) {
    if (!agent.workspace.empty()) places.other_workspaces.push_back(agent.workspace);
  }
  return places;
}

std::string address_text(const config::Config& config, std::uint16_t port) {
  return (config.tls.enabled ? "wss://" : "ws://") + show_host_port(address_of(config), port);
}

const char* environment(const char* name) {
  return std::getenv(name);
}

bool is_set(const char* variable, config::GetEnv getenv_fn) {
  const char* value = getenv_fn(variable);
  return value != nullptr && *value != '\0';
}

Result<Place> locate(const Common& common, config::GetEnv getenv_fn) {
  Place place;
  place.config_path =
      common.config.empty() ? config::default_config_path(getenv_fn) : fs::absolute(common.config);
  auto loaded = config::load(place.config_path, getenv_fn, given(common));
  if (loaded) {
    place.config = std::move(*loaded);
  } else {
    place.config_error = loaded.error();
  }
  place.state_dir = state_dir_of(common, getenv_fn);
  place.target.address = address_of(place.config);
  const state_dir::LockInfo lock = place.lock();
  // The configuration already includes the environment's port.
  const bool by_lock =
      lock.running && lock.port != 0 && !is_set("OPENCLAW_GATEWAY_PORT", getenv_fn);
  place.target.port = common.port.value_or(by_lock ? lock.port : place.config.port);
  SPINE_TRY(place.target.token, token_of(common, place));
  // A given token is to be checked: no control socket, unless TLS, unsupported here, needs it.
  const bool locally = !given(common).token || place.config.tls.enabled;
  const fs::path socket = control_socket_path(place.state_dir);
  std::error_code ignored;
  if (locally && lock.running && lock.port == place.target.port && fs::is_socket(socket, ignored)) {
    place.target.control = socket.string();
  }
  return place;
}

}  // namespace spine::gateway
