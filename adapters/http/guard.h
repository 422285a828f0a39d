// Guard: whether a request's Host and Origin may be served at all (DNS rebinding, foreign pages).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spine::http {

// A name or IP address with its port, in canonical form: lower case, no trailing dot, addresses as
// inet_ntop writes them and without brackets.
struct Authority {
  std::string name{};
  std::uint16_t port{};  // 0 = none was given
  bool address{};        // an IP address, not a name
  bool operator==(const Authority&) const = default;
};

// Reads what stands in a Host header, or between "//" and the path of an address. None for anything
// but <name>[:<port>] or [<IPv6>][:<port>]: user names, paths, spaces, empty or large ports.
std::optional<Authority> parse_authority(std::string_view text);

struct Origin {
  bool https{};
  Authority authority{};  // the port always given
  bool operator==(const Origin&) const = default;
};

// Reads "http://host[:port]" or "https://..."; none for everything else, "null" among it.
std::optional<Origin> parse_origin(std::string_view text);

// Which names this gateway answers to, and which pages may speak to it.
struct Site {
  std::vector<std::string> names{};      // beyond loopback
  std::vector<std::string> addresses{};  // IP addresses it is bound to
  bool any_address{};                    // bound to a wildcard
  std::vector<Origin> origins{};         // gateway.controlUi.allowedOrigins, gateway.publicOrigin
  bool tls{};                            // its own TLS: HSTS is sent
};

struct SiteOptions {
  std::vector<std::string> addresses{};  // it listens on
  std::vector<std::string> origins{};    // what does not parse is left out: the config refuses it
  std::string hostname{};                // counts only when bound beyond loopback
  bool tls{};
};
Site make_site(const SiteOptions& options);

// Whether `host` (the Host header, port allowed) names this machine by loopback: localhost, a name
// under .localhost, 127.0.0.0/8, [::1]. A page that uses DNS rebinding sends the name of its own
// site, and is refused.
bool loopback_host(std::string_view host);

// loopback_host(), or a name or address of the site.
bool host_allowed(const Site& site, std::string_view host);

// How a request came in, as far as its scheme goes.
enum class Scheme : std::uint8_t { http, https, either };

// Whether `origin` (the Origin header; empty = absent, not a browser) is the same site as `host`.
bool same_origin(std::string_view origin, std::string_view host, Scheme scheme = Scheme::http);

// same_origin(), or one of the site's origins.
bool origin_allowed(const Site& site, std::string_view origin, std::string_view host,
                    Scheme scheme);

// Whether the query string (without '?') tries to pass a secret.
bool query_has_secret(std::string_view query);

}  // namespace spine::http
