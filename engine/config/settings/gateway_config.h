// The gateway section: its port, who may come in and how fast, TLS, where it listens, its pages,
// and who may answer pairing requests from a channel.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace spine::config {

struct Reading;
struct SettingTable;

enum class AuthMode : std::uint8_t { token, password, pairing, none };

// Paths are absolute. When enabled, both files could be read, and the key is not for others.
struct TlsConfig {
  bool enabled{};
  std::filesystem::path cert_path{};  // PEM, the certificate first, then those that signed it
  std::filesystem::path key_path{};   // PEM, without a passphrase
  // Addresses and CIDR blocks (addresses.h) of proxies that speak TLS for the gateway, and whose
  // X-Forwarded-For and X-Forwarded-Proto are believed. gateway.trustedProxies is the same list.
  std::vector<std::string> terminated_by_proxy{};
};

struct ControlUiConfig {
  bool enabled{true};
  std::string base_path{};       // "" or "/x/y": no slash at the end
  std::filesystem::path root{};  // of files that replace the built-in ones; empty = none
  // "scheme://host[:port]" in lower case, as an Origin header has it.
  std::vector<std::string> allowed_origins{};
};

// Failed attempts of one address: after max_attempts within window_ms it waits lockout_ms.
struct AuthRateLimit {
  std::uint32_t max_attempts{10};
  std::uint64_t window_ms{60'000};
  std::uint64_t lockout_ms{300'000};
  bool exempt_loopback{true};

  bool operator==(const AuthRateLimit&) const = default;
};

extern const SettingTable kGatewayTable;
void read_gateway(Reading& reading);
// Refuses to run agents where they could connect without a credential; after read_agents().
void check_agents_need_credentials(Reading& reading);

}  // namespace spine::config
