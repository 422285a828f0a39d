// Place: which gateway a command is about: its files, its address, its token.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "adapters/agents/process/launch.h"
#include "adapters/client/rpc_client.h"
#include "engine/config/config.h"
#include "engine/state_dir/state_dir.h"
#include "schemas/vocab/result.h"

namespace spine::gateway {

using client::Target;

// What a command line says of the gateway that is meant; empty where it says nothing.
struct Common {
  std::string config{};
  std::string state_dir{};
  std::optional<std::uint16_t> port{};
  std::string token{};
  std::string token_file{};
  bool json{};  // and of how a verb prints
};

struct Place {
  std::filesystem::path config_path{};
  std::filesystem::path state_dir{};
  config::Config config{};              // defaults when the file is not usable
  std::optional<Error> config_error{};  // why it is not
  Target target{};

  // Who holds the state directory now; nobody, too, when that cannot be read.
  state_dir::LockInfo lock() const;
};

// Port: --port, OPENCLAW_GATEWAY_PORT, the daemon that holds the state directory, the
// configuration. State directory: --state-dir, else that of the Spine that listens on --port, else
// the default. Token: --token, --token-file, then the configuration's password where that decides,
// else OPENCLAW_GATEWAY_TOKEN, the configuration, the state directory's token file. Control socket:
// that of the daemon that holds the state directory, unless a token is given. Fails only when
// --token-file cannot be read.
Result<Place> locate(const Common& common, config::GetEnv getenv_fn);

// What the command line says beside the configuration file.
config::Given given(const Common& common);

// Where the daemon of that state directory listens for the person at the machine.
std::filesystem::path control_socket_path(const std::filesystem::path& state_dir);

// Where a gateway writes its log.
std::filesystem::path log_file(const config::Config& config,
                               const std::filesystem::path& state_dir);

// What of the gateway agents must not see. `token_file`: as given on its command line.
agents::GatewayPlaces places_of_gateway(const config::Config& config,
                                        const std::filesystem::path& state_dir,
                                        const std::filesystem::path& config_path,
                                        const std::string& token_file);

// "ws://127.0.0.1:18789", or wss:// where the gateway speaks TLS: what a client is given.
std::string address_text(const config::Config& config, std::uint16_t port);

// The environment of this process, in the shape the configuration wants it.
const char* environment(const char* name);

// Whether it is there, and not empty.
bool is_set(const char* variable, config::GetEnv getenv_fn = environment);

inline Result<Place> locate(const Common& common) {
  return locate(common, environment);
}

}  // namespace spine::gateway
