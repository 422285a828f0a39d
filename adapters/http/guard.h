// Guard: whether a request's Host and Origin may be served at all (DNS rebinding, foreign pages).
#pragma once

#include <string_view>

namespace spine::http {

// Whether `host` (the Host header, port allowed) names this machine by loopback: localhost, a name
// under .localhost, 127.0.0.0/8, [::1]. A page of another site that makes its own name point here
// sends that name, and is told no.
bool loopback_host(std::string_view host);

// Whether `origin` (the Origin header; empty = absent, not a browser) is the same site as `host`.
bool same_origin(std::string_view origin, std::string_view host);

// Whether the query string (without '?') tries to pass a secret.
bool query_has_secret(std::string_view query);

}  // namespace spine::http
