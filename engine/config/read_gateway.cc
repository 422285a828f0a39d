// The gateway section: the port, who may come in, how fast.
#include <charconv>
#include <fmt/format.h>

#include "engine/config/reading.h"
#include "engine/config/schema.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

void read_port(Reading& reading) {
  if (const auto port = reading.integer(reading.at("gateway.port"))) {
    reading.config.port = static_cast<std::uint16_t>(*port);
  }
  const char* wanted = reading.environment.find("OPENCLAW_GATEWAY_PORT");
  if (wanted == nullptr || *wanted == '\0') return;
  const std::string_view text = wanted;
  std::uint16_t port{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
    reading.findings.error(
        fmt::format("The environment variable OPENCLAW_GATEWAY_PORT is \"{}\"; it must be a whole "
                    "number from 0 to 65535.",
                    printable(text.substr(0, 60))));
    return;
  }
  reading.config.port = port;
}

AuthMode auth_mode_of(std::string_view name) {
  if (name == "token") return AuthMode::token;
  if (name == "password") return AuthMode::password;
  if (name == "none") return AuthMode::none;
  return AuthMode::pairing;
}

// A secret that is set to nothing is a mistake nobody should run with.
std::string read_secret(const Reading& reading, std::string_view key) {
  // It may hold a variable that is not set: it is not what clients must show.
  if (reading.environment.stands_in_for(key)) return {};
  const std::string path = fmt::format("gateway.auth.{}", key);
  const NodeId id = reading.at(path);
  const auto secret = reading.text(id);
  if (secret && secret->empty()) {
    reading.error(id, fmt::format("{} is empty; write the secret, or take the key out.", path));
  }
  return secret.value_or("");
}

void read_auth(Reading& reading) {
  Config& config = reading.config;
  const NodeId type = reading.at("gateway.auth.type");
  const NodeId mode = reading.at("gateway.auth.mode");
  config.token = read_secret(reading, "token");
  config.password = read_secret(reading, "password");
  const char* token = reading.environment.find("OPENCLAW_GATEWAY_TOKEN");
  if (token != nullptr && *token != '\0') config.token = token;
  const char* password = reading.environment.find("OPENCLAW_GATEWAY_PASSWORD");
  if (password != nullptr && *password != '\0') config.password = password;
  const auto type_name = reading.text(type);
  const auto mode_name = reading.text(mode);
  if (type_name && mode_name && type_name != mode_name) {
    return disagree(reading, {type, "gateway.auth.type"}, {mode, "gateway.auth.mode"});
  }
  if (mode_name || type_name) {
    config.auth_mode = auth_mode_of(mode_name ? *mode_name : *type_name);
  } else if (!config.password.empty() && config.token.empty() &&
             !reading.environment.given().token) {
    config.auth_mode = AuthMode::password;
  }
  if (config.auth_mode == AuthMode::password && config.password.empty()) {
    reading.error(mode != 0 ? mode : type,
                  "the gateway is to ask for a password and there is no gateway.auth.password; add "
                  "it, or use \"token\".");
  }
}

void warn_of_remote_mode(const Reading& reading) {
  const NodeId mode = reading.at("gateway.mode");
  if (reading.text(mode) != "remote") return;
  reading.warn(mode, "gateway.mode \"remote\" has no effect in this version.");
}

void read_auth_limits(Reading& reading) {
  AuthRateLimit& limit = reading.config.auth_rate_limit;
  if (const auto attempts = reading.integer(reading.at("gateway.auth.rateLimit.maxAttempts"))) {
    limit.max_attempts = static_cast<std::uint32_t>(*attempts);
  }
  if (const auto window = reading.integer(reading.at("gateway.auth.rateLimit.windowMs"))) {
    limit.window_ms = static_cast<std::uint64_t>(*window);
  }
  if (const auto lockout = reading.integer(reading.at("gateway.auth.rateLimit.lockoutMs"))) {
    limit.lockout_ms = static_cast<std::uint64_t>(*lockout);
  }
  limit.exempt_loopback =
      reading.flag(reading.at("gateway.auth.rateLimit.exemptLoopback")).value_or(true);
}

}  // namespace

void read_gateway(Reading& reading) {
  read_port(reading);
  read_auth(reading);
  read_auth_limits(reading);
  read_tls(reading);
  read_listen(reading);
  read_control_ui(reading);
  warn_of_remote_mode(reading);
  Config& config = reading.config;
  if (const auto rate = reading.integer(reading.at("gateway.rate_limit.requests_per_minute"))) {
    config.messages_per_minute = static_cast<std::uint32_t>(*rate);
  }
  if (const auto burst = reading.integer(reading.at("gateway.rate_limit.burst"))) {
    config.messages_burst = static_cast<std::uint32_t>(*burst);
  }
}

}  // namespace spine::config
