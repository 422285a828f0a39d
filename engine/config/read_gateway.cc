// The gateway section in both spellings: where to listen, who may come in, how fast.
#include <arpa/inet.h>
#include <charconv>
#include <fmt/format.h>

#include "engine/config/reading.h"
#include "engine/config/schema.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

constexpr std::string_view kOnlyLoopback =
    "This version listens on this machine only: take it out, or use \"loopback\", and reach the "
    "gateway from elsewhere through an SSH tunnel.";

// What a spelling says about the addresses to listen on.
struct Listen {
  NodeId id{};
  std::string_view key{};
  std::vector<std::string> addresses{};  // empty: not loopback
};

// "localhost", 127.0.0.0/8 and ::1, else empty. The usual names all mean both loopback addresses.
std::vector<std::string> loopback_addresses(std::string_view host) {
  const std::string name = lower_case(host);
  if (name == "localhost" || name == "127.0.0.1" || name == "::1" || name == "[::1]") {
    return Config{}.bind_addresses;
  }
  in_addr address{};
  if (::inet_pton(AF_INET, name.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24U) == 127U) {
    return {name};
  }
  return {};
}

// bind, with customBindHost where bind asks for it.
Listen listen_of_bind(const Reading& reading) {
  const NodeId bind = reading.at("gateway.bind");
  const NodeId custom = reading.at("gateway.customBindHost");
  const auto mode = reading.text(bind);
  if (mode == "custom") {
    if (custom != 0) {
      return {custom, "gateway.customBindHost", loopback_addresses(*reading.text(custom))};
    }
    reading.error(bind,
                  "gateway.bind is \"custom\" and there is no gateway.customBindHost; add "
                  "it, or use \"loopback\".");
    return {};
  }
  if (custom != 0) {
    reading.warn(custom,
                 "gateway.customBindHost is used only with gateway.bind \"custom\"; it is "
                 "ignored.");
  }
  if (!mode) return {};
  return {bind, "gateway.bind",
          mode == "loopback" ? Config{}.bind_addresses : std::vector<std::string>{}};
}

bool refuse_if_open(const Reading& reading, const Listen& listen) {
  if (listen.id == 0 || !listen.addresses.empty()) return false;
  reading.error(listen.id,
                fmt::format("{} is {}, which is not an address of this machine alone. {}",
                            listen.key, describe(reading.document, listen.id), kOnlyLoopback));
  return true;
}

void disagree(const Reading& reading, NodeId a, std::string_view a_key, NodeId b,
              std::string_view b_key) {
  reading.error(a, fmt::format("{} is {}, but {} is {} ({}); both mean the same setting: keep one.",
                               a_key, describe(reading.document, a), b_key,
                               describe(reading.document, b), reading.where(b)));
}

void read_listen(Reading& reading) {
  const NodeId host = reading.at("gateway.host");
  Listen by_host;
  if (host != 0) by_host = {host, "gateway.host", loopback_addresses(*reading.text(host))};
  const Listen by_bind = listen_of_bind(reading);
  if (by_host.id != 0 && by_bind.id != 0 && by_host.addresses != by_bind.addresses) {
    return disagree(reading, by_host.id, by_host.key, by_bind.id, by_bind.key);
  }
  if (refuse_if_open(reading, by_host) || refuse_if_open(reading, by_bind)) return;
  if (by_host.id != 0) reading.config.bind_addresses = by_host.addresses;
  if (by_bind.id != 0) reading.config.bind_addresses = by_bind.addresses;
}

void read_port(Reading& reading) {
  if (const auto port = reading.integer(reading.at("gateway.port"))) {
    reading.config.port = static_cast<std::uint16_t>(*port);
  }
  const char* wanted = reading.getenv_fn("OPENCLAW_GATEWAY_PORT");
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
std::string read_secret(const Reading& reading, std::string_view path) {
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
  config.token = read_secret(reading, "gateway.auth.token");
  config.password = read_secret(reading, "gateway.auth.password");
  const char* token = reading.getenv_fn("OPENCLAW_GATEWAY_TOKEN");
  if (token != nullptr && *token != '\0') config.token = token;
  config.admin_channels = reading.texts(reading.at("gateway.auth.admin_channels"));
  const auto type_name = reading.text(type);
  const auto mode_name = reading.text(mode);
  if (type_name && mode_name && type_name != mode_name) {
    return disagree(reading, type, "gateway.auth.type", mode, "gateway.auth.mode");
  }
  if (mode_name || type_name) {
    config.auth_mode = auth_mode_of(mode_name ? *mode_name : *type_name);
  } else if (!config.password.empty() && config.token.empty()) {
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

void read_tls(Reading& reading) {
  const NodeId enabled = reading.at("gateway.tls.enabled");
  if (reading.flag(enabled).value_or(false)) {
    reading.error(enabled,
                  "this version does not speak TLS; set gateway.tls.enabled to false. It "
                  "listens on this machine only.");
  }
}

}  // namespace

void read_gateway(Reading& reading) {
  read_listen(reading);
  read_port(reading);
  read_auth(reading);
  read_tls(reading);
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
