// Host and Origin comparison, ASCII case-insensitive as host names are.
#include "adapters/http/guard.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace spine::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_nocase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

struct Authority {
  std::string_view name{};
  std::string_view port{};  // empty = the scheme's own
};

bool digits(std::string_view text) {
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

std::optional<Authority> split(std::string_view host) {
  Authority result{};
  std::size_t end = std::string_view::npos;
  if (!host.empty() && host.front() == '[') {
    const std::size_t bracket = host.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    end = bracket + 1;
  } else {
    end = host.find(':');
    if (end == std::string_view::npos) end = host.size();
  }
  result.name = host.substr(0, end);
  std::string_view rest = host.substr(end);
  if (!rest.empty()) {
    if (rest.front() != ':' || !digits(rest.substr(1))) return std::nullopt;
    result.port = rest.substr(1);
  }
  if (result.name.empty()) return std::nullopt;
  return result;
}

// Four decimal numbers, the first of them 127.
bool loopback_ipv4(std::string_view name) {
  std::uint32_t first = 0;
  int parts = 0;
  while (true) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc{} || number > 255) return false;
    if (parts == 0) first = number;
    ++parts;
    name.remove_prefix(static_cast<std::size_t>(end - name.data()));
    if (name.empty()) break;
    if (name.front() != '.' || parts == 4) return false;
    name.remove_prefix(1);
  }
  return parts == 4 && first == 127;
}

bool loopback_name(std::string_view name) {
  constexpr std::string_view kSuffix = ".localhost";
  if (equal_nocase(name, "localhost") || equal_nocase(name, "[::1]")) return true;
  if (name.size() > kSuffix.size() &&
      equal_nocase(name.substr(name.size() - kSuffix.size()), kSuffix)) {
    return true;
  }
  return loopback_ipv4(name);
}

}  // namespace

bool loopback_host(std::string_view host) {
  const auto authority = split(host);
  return authority.has_value() && loopback_name(authority->name);
}

bool same_origin(std::string_view origin, std::string_view host) {
  if (origin.empty()) return true;
  constexpr std::string_view kScheme = "http://";
  if (origin.size() <= kScheme.size() || !equal_nocase(origin.substr(0, kScheme.size()), kScheme)) {
    return false;
  }
  const auto theirs = split(origin.substr(kScheme.size()));
  const auto ours = split(host);
  if (!theirs.has_value() || !ours.has_value()) return false;
  const std::string_view their_port = theirs->port.empty() ? "80" : theirs->port;
  const std::string_view our_port = ours->port.empty() ? "80" : ours->port;
  return equal_nocase(theirs->name, ours->name) && their_port == our_port;
}

bool query_has_secret(std::string_view query) {
  constexpr std::array<std::string_view, 4> kNames{"token", "password", "auth", "access_token"};
  while (!query.empty()) {
    const std::size_t end = query.find_first_of("&;");
    const std::string_view pair = query.substr(0, end);
    const std::string_view name = pair.substr(0, pair.find('='));
    for (const std::string_view secret : kNames) {
      if (equal_nocase(name, secret)) return true;
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace spine::http
