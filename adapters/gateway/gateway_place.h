// Place: the gateway that a command is about: its files, its address, its token.
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

// Options of a command line that select the gateway; empty = not given.
struct Common {
  std::string config{};
  std::string state_dir{};
  std::optional<std::uint16_t> port{};
  std::string token{};
  std::string token_file{};
  bool json{};          // not of the gateway: verbs print JSON
  std::string as_of{};  // nor this: a moment of the past that is read from; empty = now
};

struct Place {
  std::filesystem::path config_path{};
  std::filesystem::path state_dir{};
  config::Config config{};              // defaults when the file is not usable
  std::optional<Error> config_error{};  // why it is not
  Target target{};

  // The process that holds the state directory's lock; none also if that cannot be read.
  state_dir::LockInfo lock() const;
};

// Port: --port, OPENCLAW_GATEWAY_PORT, the daemon that holds the state directory, the
// configuration. State directory: --state-dir, else that of the Spine that listens on --port, else
// the default. Token: --token, --token-file, then the configuration's password where that decides,
// else OPENCLAW_GATEWAY_TOKEN, the configuration, the state directory's token file. Control socket:
// that of the daemon that holds the state directory, unless a token is given. Fails only when
// --token-file cannot be read.
Result<Place> locate(const Common& common, config::GetEnv getenv_fn);

// The command line's overrides of the configuration file.
config::Given given(const Common& common);

// The Unix socket of that state directory's daemon, for local control without a token.
std::filesystem::path control_socket_path(const std::filesystem::path& state_dir);

// Where a gateway writes its log.
std::filesystem::path log_file(const config::Config& config,
                               const std::filesystem::path& state_dir);

// The gateway's paths that agents must not see. `token_file`: of its command line.
agents::GatewayPlaces places_of_gateway(const config::Config& config,
                                        const std::filesystem::path& state_dir,
                                        const std::filesystem::path& config_path,
                                        const std::string& token_file);

// The URL for clients: "ws://127.0.0.1:18789", or wss:// if the gateway uses TLS.
std::string address_text(const config::Config& config, std::uint16_t port);

// getenv(3), in the form that config::GetEnv needs.
const char* environment(const char* name);

// Whether the variable is set, and not empty.
bool is_set(const char* variable, config::GetEnv getenv_fn = environment);

inline Result<Place> locate(const Common& common) {
  return locate(common, environment);
}

}  // namespace spine::gateway
