// Host and Origin comparison, ASCII case-insensitive as host names are.
#include "adapters/http/guard.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "schemas/vocab/addresses.h"
#include "schemas/vocab/ascii.h"

namespace spine::http {
namespace {

constexpr std::size_t kNameBytesMax = 253;  // RFC 1035 section 2.3.4

// One spelling of an IP address; none when it is no such thing.
std::optional<std::string> address_text(std::string_view text) {
  const auto address = parse_ip(text);
  return address ? std::optional{show_ip(*address)} : std::nullopt;
}

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// Browsers take a name whose last label is a number for an IPv4 address, however it is written.
bool looks_like_number(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return !last.empty() && last.front() >= '0' && last.front() <= '9';
}

bool read_name(std::string_view text, Authority& out) {
  std::string name{text};
  std::transform(name.begin(), name.end(), name.begin(), lower);
  if (!name.empty() && name.front() == '[') {
    if (name.back() != ']' || name.find(':') == std::string::npos) return false;
    const auto address = address_text(name.substr(1, name.size() - 2));
    if (!address) return false;
    out.name = *address;
    out.address = true;
    return true;
  }
  if (!name.empty() && name.back() == '.') name.pop_back();
  if (name.empty() || name.size() > kNameBytesMax || name.front() == '.' || name.back() == '.') {
    return false;
  }
  if (!std::all_of(name.begin(), name.end(), name_char)) return false;
  const auto address = address_text(name);
  if (!address && looks_like_number(name)) return false;
  out.address = address.has_value();
  out.name = address.value_or(name);
  return true;
}

bool read_port(std::string_view text, std::uint16_t& port) {
  if (text.empty() || text.size() > 5) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

bool loopback(const Authority& authority) {
  constexpr std::string_view kSuffix = ".localhost";
  const std::string& name = authority.name;
  if (authority.address) return name == "::1" || name.substr(0, 4) == "127.";
  return name == "localhost" ||
         (name.size() > kSuffix.size() && name.substr(name.size() - kSuffix.size()) == kSuffix);
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::uint16_t default_port(bool https) {
  return https ? 443 : 80;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  Authority result{};
  std::size_t end = text.size();
  if (!text.empty() && text.front() == '[') {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    end = bracket + 1;
  } else {
    end = std::min(text.find(':'), text.size());
  }
  if (!read_name(text.substr(0, end), result)) return std::nullopt;
  if (end == text.size()) return result;
  if (text[end] != ':' || !read_port(text.substr(end + 1), result.port)) return std::nullopt;
  return result;
}

std::optional<Origin> parse_origin(std::string_view text) {
  Origin result{};
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = text.substr(0, colon);
  result.https = same_but_case(scheme, "https");
  if (!result.https && !same_but_case(scheme, "http")) return std::nullopt;
  if (text.substr(colon, 3) != "://") return std::nullopt;
  auto authority = parse_authority(text.substr(colon + 3));
  if (!authority) return std::nullopt;
  result.authority = *std::move(authority);
  if (result.authority.port == 0) result.authority.port = default_port(result.https);
  return result;
}

Site make_site(const SiteOptions& options) {
  Site site{};
  site.tls = options.tls;
  bool beyond = false;
  for (const std::string& text : options.addresses) {
    const auto address = address_text(text);
    if (!address) continue;
    site.any_address |= *address == "0.0.0.0" || *address == "::";
    beyond |= !loopback({.name = *address, .address = true});
    site.addresses.push_back(*address);
  }
  for (const std::string& text : options.origins) {
    const auto origin = parse_origin(text);
    if (!origin) continue;
    site.origins.push_back(*origin);
    auto& list = origin->authority.address ? site.addresses : site.names;
    list.push_back(origin->authority.name);
  }
  const auto hostname = parse_authority(options.hostname);
  if (beyond && hostname && !hostname->address) {
    site.names.push_back(hostname->name);
    site.names.push_back(hostname->name + ".local");
  }
  return site;
}

bool loopback_host(std::string_view host) {
  const auto authority = parse_authority(host);
  return authority.has_value() && loopback(*authority);
}

bool host_allowed(const Site& site, std::string_view host) {
  const auto authority = parse_authority(host);
  if (!authority) return false;
  if (loopback(*authority)) return true;
  if (!authority->address) return contains(site.names, authority->name);
  return site.any_address || contains(site.addresses, authority->name);
}

bool same_origin(std::string_view origin, std::string_view host, Scheme scheme) {
  if (origin.empty()) return true;
  const auto theirs = parse_origin(origin);
  auto ours = parse_authority(host);
  if (!theirs || !ours) return false;
  if (scheme != Scheme::either && theirs->https != (scheme == Scheme::https)) return false;
  if (ours->port == 0) ours->port = default_port(theirs->https);
  return theirs->authority == *ours;
}

bool origin_allowed(const Site& site, std::string_view origin, std::string_view host,
                    Scheme scheme) {
  if (same_origin(origin, host, scheme)) return true;
  const auto theirs = parse_origin(origin);
  return theirs &&
         std::find(site.origins.begin(), site.origins.end(), *theirs) != site.origins.end();
}

bool query_has_secret(std::string_view query) {
  constexpr std::array<std::string_view, 4> kNames{"token", "password", "auth", "access_token"};
  const auto is_secret = [&](std::string_view pair) {
    const std::string_view name = take_part(pair, '=');
    return std::ranges::any_of(
        kNames, [name](std::string_view secret) { return same_but_case(name, secret); });
  };
  return any_part(query, '&',
                  [&](std::string_view pairs) { return any_part(pairs, ';', is_secret); });
}

}  // namespace spine::http
