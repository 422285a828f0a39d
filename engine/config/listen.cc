// Where the gateway listens, in both spellings; beyond this machine only when nobody can read along
// and everybody has to show who they are.
#include <algorithm>
#include <fmt/format.h>

#include "engine/config/ip_range.h"
#include "engine/config/reading.h"
#include "engine/config/schema.h"

namespace spine::config {
namespace {

// What a spelling says about the addresses to listen on.
struct Listen {
  NodeId id{};
  std::string_view key{};
  std::vector<std::string> addresses{};  // empty: not known what is meant
};

bool is_loopback_name(std::string_view address) {
  const auto ip = parse_ip(address);
  return ip && is_loopback(*ip);
}

// "localhost" or an address; the usual names of loopback all mean both loopback addresses. Else
// empty.
std::vector<std::string> addresses_of(std::string_view host) {
  const std::string name = lower_case(host);
  if (name == "localhost" || name == "127.0.0.1" || name == "::1" || name == "[::1]") {
    return Config{}.bind_addresses;
  }
  const auto ip = parse_ip(name);
  if (!ip) return {};
  return {show_ip(*ip)};
}

std::vector<std::string> addresses_of_mode(std::string_view mode) {
  // OpenClaw's "auto" prefers loopback, which is always there.
  if (mode == "loopback" || mode == "auto") return Config{}.bind_addresses;
  if (mode == "lan") return {"0.0.0.0", "::"};
  return {};
}

// bind, with customBindHost where bind asks for it.
Listen listen_of_bind(const Reading& reading) {
  const NodeId bind = reading.at("gateway.bind");
  const NodeId custom = reading.at("gateway.customBindHost");
  const auto mode = reading.text(bind);
  if (mode == "custom") {
    if (custom != 0) {
      return {custom, "gateway.customBindHost", addresses_of(*reading.text(custom))};
    }
    reading.error(bind,
                  "gateway.bind is \"custom\" and there is no gateway.customBindHost; add it, or "
                  "use \"loopback\".");
    return {};
  }
  if (custom != 0) {
    reading.warn(
        custom, "gateway.customBindHost is used only with gateway.bind \"custom\"; it is ignored.");
  }
  if (!mode) return {};
  return {bind, "gateway.bind", addresses_of_mode(*mode)};
}

bool refuse_if_unknown(const Reading& reading, const Listen& listen) {
  if (listen.id == 0 || !listen.addresses.empty()) return false;
  if (listen.key == "gateway.bind") {
    reading.error(listen.id,
                  "gateway.bind is \"tailnet\", and this version does not look for a tailnet's "
                  "address; use \"custom\" with the address in gateway.customBindHost, or "
                  "\"loopback\" behind `tailscale serve`.");
    return true;
  }
  reading.error(
      listen.id,
      "{} is {}; it must be an address such as \"192.168.1.2\" or \"::1\", or \"localhost\".",
      listen.key, describe(reading.document, listen.id));
  return true;
}

// What others than this machine's users would need to be kept out; empty when nothing is missing.
std::string missing_for_others(const Config& config) {
  std::string missing;
  if (config.auth_mode == AuthMode::none) {
    missing =
        "gateway.auth.mode is \"none\", so everybody who can reach it would be let in (use "
        "\"token\", \"password\" or \"pairing\")";
  }
  if (!config.tls.enabled && config.tls.terminated_by_proxy.empty()) {
    if (!missing.empty()) missing += "; and ";
    missing += "there is no TLS, so secrets and messages could be read on the way";
  }
  return missing;
}

void refuse_if_open(const Reading& reading, const Listen& listen) {
  const bool beyond = std::ranges::any_of(
      listen.addresses, [](const std::string& address) { return !is_loopback_name(address); });
  if (listen.id == 0 || !beyond) return;
  const std::string missing = missing_for_others(reading.config);
  if (missing.empty()) return;
  reading.error(listen.id,
                "{} is {}, which others than this machine can reach: {}. Either give the gateway a "
                "certificate (gateway.tls.enabled, gateway.tls.certPath and gateway.tls.keyPath), "
                "or use \"loopback\" and come in through an SSH tunnel or a proxy that speaks TLS "
                "(its address in gateway.tls.terminatedByProxy).",
                listen.key, describe(reading.document, listen.id), missing);
}

}  // namespace

Value show_bind(const void* config) {
  const std::vector<std::string>& addresses = static_cast<const Config*>(config)->bind_addresses;
  if (addresses == Config{}.bind_addresses) return std::string{"loopback"};
  return fmt::format("{}", fmt::join(addresses, ", "));
}

Value show_host(const void* config) {
  return static_cast<const Config*>(config)->bind_addresses.front();
}

void read_listen(Reading& reading) {
  const NodeId host = reading.at("gateway.host");
  Listen by_host;
  if (host != 0) by_host = {host, "gateway.host", addresses_of(*reading.text(host))};
  const Listen by_bind = listen_of_bind(reading);
  if (by_host.id != 0 && by_bind.id != 0 && by_host.addresses != by_bind.addresses) {
    return disagree(reading, {by_host.id, by_host.key}, {by_bind.id, by_bind.key});
  }
  if (refuse_if_unknown(reading, by_host) || refuse_if_unknown(reading, by_bind)) return;
  refuse_if_open(reading, by_bind.id != 0 ? by_bind : by_host);
  if (by_host.id != 0) reading.config.bind_addresses = by_host.addresses;
  if (by_bind.id != 0) reading.config.bind_addresses = by_bind.addresses;
}

}  // namespace spine::config
