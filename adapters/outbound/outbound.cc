// The table of addresses that are not public, and how libcurl is made to obey it.
#include "adapters/outbound/outbound.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <memory>
#include <netinet/in.h>
#include <unistd.h>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::http {
namespace {

struct Block {
  std::string_view range{};
  std::string_view what{};
};

// IANA's special-purpose registries, and what is no unicast address.
constexpr std::array kBlocks{
    Block{"0.0.0.0/8", "unspecified"},
    Block{"10.0.0.0/8", "private"},
    Block{"100.64.0.0/10", "shared"},
    Block{"127.0.0.0/8", "loopback"},
    Block{"169.254.0.0/16", "link-local"},
    Block{"172.16.0.0/12", "private"},
    Block{"192.0.0.0/24", "reserved"},
    Block{"192.0.2.0/24", "documentation"},
    Block{"192.88.99.0/24", "reserved"},
    Block{"192.168.0.0/16", "private"},
    Block{"198.18.0.0/15", "benchmark"},
    Block{"198.51.100.0/24", "documentation"},
    Block{"203.0.113.0/24", "documentation"},
    Block{"224.0.0.0/4", "multicast"},
    Block{"240.0.0.0/4", "reserved"},
    Block{"::/128", "unspecified"},
    Block{"::1/128", "loopback"},
    Block{"::/96", "reserved"},
    Block{"64:ff9b:1::/48", "private"},
    Block{"100::/64", "reserved"},
    Block{"2001:2::/48", "benchmark"},
    Block{"2001:10::/28", "reserved"},
    Block{"2001:20::/28", "reserved"},
    Block{"2001:db8::/32", "documentation"},
    Block{"3fff::/20", "documentation"},
    Block{"5f00::/16", "reserved"},
    Block{"fc00::/7", "private"},
    Block{"fe80::/10", "link-local"},
    Block{"fec0::/10", "private"},
    Block{"ff00::/8", "multicast"},
};

struct ParsedBlock {
  IpRange range{};
  std::string_view what{};
};

const std::vector<ParsedBlock>& parsed_blocks() {
  static const std::vector<ParsedBlock> blocks = [] {
    std::vector<ParsedBlock> out;
    for (const Block& block : kBlocks)
      out.push_back({*parse_ip_range(block.range), block.what});
    return out;
  }();
  return blocks;
}

// Where an IPv6 address carries an IPv4 one.
struct Embedding {
  std::string_view range{};
  std::uint8_t offset{};  // of its four bytes
  std::uint8_t flip{};    // that they are XORed with
};

constexpr std::array kEmbeddings{
    Embedding{"64:ff9b::/96", 12, 0},     // NAT64
    Embedding{"2002::/16", 2, 0},         // 6to4
    Embedding{"2001::/32", 4, 0},         // Teredo: its server
    Embedding{"2001::/32", 12, 0xff},     // Teredo: its client
    Embedding{"::ffff:0:0:0/96", 12, 0},  // translated
};

IpAddress embedded_at(const IpAddress& address, std::size_t offset, std::uint8_t flip) {
  IpAddress out = *parse_ip("0.0.0.0");
  for (std::size_t i = 0; i < 4; ++i)
    out.bytes[12 + i] = static_cast<std::uint8_t>(address.bytes[offset + i] ^ flip);
  return out;
}

// What kind of address it is when it is no public one; empty when it is.
std::string_view own_kind(const IpAddress& address) {
  for (const ParsedBlock& block : parsed_blocks()) {
    if (contains(block.range, address)) return block.what;
  }
  return {};
}

bool is_isatap(const IpAddress& address) {
  const auto& bytes = address.bytes;
  return (bytes[8] & 0xfdU) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
}

std::string_view kind_of(const IpAddress& address) {
  const std::string_view own = own_kind(address);
  if (!own.empty() || address.is_v4()) return own;
  static const std::vector<IpRange> ranges = [] {
    std::vector<IpRange> out;
    for (const Embedding& embedding : kEmbeddings)
      out.push_back(*parse_ip_range(embedding.range));
    return out;
  }();
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (!contains(ranges[i], address)) continue;
    const Embedding& embedding = kEmbeddings[i];
    const auto inner = own_kind(embedded_at(address, embedding.offset, embedding.flip));
    if (!inner.empty()) return inner;
  }
  return is_isatap(address) ? own_kind(embedded_at(address, 12, 0)) : std::string_view{};
}

bool is_listed(std::string_view host, const OutboundPolicy& policy) {
  return std::ranges::find(policy.hosts, host) != policy.hosts.end();
}

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, FreeUrl>;

// Empty when the URL has no such part.
std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

Error bad_url(std::string_view why) {
  return {Errc::invalid_argument, fmt::format("This URL cannot be called: {}.", why)};
}

Result<std::string> host_of(CURLU* url) {
  std::string host = lower_case(part_of(url, CURLUPART_HOST));
  if (host.starts_with('[') && host.ends_with(']')) {
    if (!part_of(url, CURLUPART_ZONEID).empty()) return bad_url("its address has a zone");
    host = host.substr(1, host.size() - 2);
    const auto address = parse_ip(host);
    if (!address) return bad_url("its host is no address");
    return show_ip(*address);
  }
  if (host.ends_with('.')) host.pop_back();
  const bool plain = std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
  if (host.empty() || host.size() > 253 || !plain) {
    return bad_url("its host is not a name of letters, digits, dots, - and _");
  }
  return host;
}

Status check_port(const OutboundUrl& url, const OutboundPolicy& policy) {
  const bool usual = url.port == 80 || url.port == 443 || url.port >= 1024;
  const bool allowed = policy.ports.empty()
                           ? usual
                           : std::ranges::find(policy.ports, url.port) != policy.ports.end();
  if (allowed) return ok();
  return Error{Errc::refused, fmt::format("Port {} of {} may not be called.", url.port, url.host)};
}

Status check_host(const OutboundUrl& url, const OutboundPolicy& policy) {
  if (const auto address = parse_ip(url.host)) {
    return check_address(*address, url.host, policy);
  }
  const bool here = url.host == "localhost" || url.host.ends_with(".localhost");
  if (!here || is_listed(url.host, policy)) return ok();
  return Error{Errc::refused,
               fmt::format("{} is this machine, which may not be called.", url.host)};
}

}  // namespace

Result<OutboundUrl> check_url(std::string_view text, const OutboundPolicy& policy) {
  if (text.size() > limits::kOutboundUrlBytesMax) {
    return bad_url(fmt::format("it has more than {} bytes", limits::kOutboundUrlBytesMax));
  }
  const bool odd = std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\'; });
  if (odd) return bad_url("it has spaces, control characters or backslashes");
  // libcurl would take what follows for the host, others would not.
  const std::size_t slashes = text.find("//");
  if (slashes != std::string_view::npos && text.substr(slashes + 2).starts_with('/')) {
    return bad_url("it has no host");
  }
  const UrlHandle handle(curl_url());
  const std::string whole(text);
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, whole.c_str(),
                              CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return bad_url("it is not one such as https://example.org/path");
  }
  OutboundUrl url;
  url.scheme = lower_case(part_of(handle.get(), CURLUPART_SCHEME));
  if (url.scheme != "https" && (url.scheme != "http" || policy.https_only)) {
    return bad_url(policy.https_only ? "it must be https" : "it must be http or https");
  }
  if (!part_of(handle.get(), CURLUPART_USER).empty() ||
      !part_of(handle.get(), CURLUPART_PASSWORD).empty()) {
    return bad_url("it has a user or password; give them in a header");
  }
  SPINE_TRY(url.host, host_of(handle.get()));
  const std::string port = part_of(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  const auto read = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (read.ec != std::errc{} || url.port == 0) return bad_url("its port is none");
  SPINE_TRY_STATUS(check_port(url, policy));
  SPINE_TRY_STATUS(check_host(url, policy));
  return url;
}

Status check_address(const IpAddress& address, std::string_view host,
                     const OutboundPolicy& policy) {
  const std::string_view kind = kind_of(address);
  if (kind.empty() || is_listed(host, policy)) return ok();
  const auto holds = [&](const IpRange& range) { return contains(range, address); };
  if (std::ranges::any_of(policy.addresses, holds)) return ok();
  return Error{Errc::refused, fmt::format("{} has the address {} ({}), which may not be called.",
                                          printable(host), show_ip(address), kind)};
}

Status check_address(const sockaddr& address, std::string_view host, const OutboundPolicy& policy) {
  if (const auto ip = ip_of(address)) return check_address(*ip, host, policy);
  return Error{Errc::refused, "Only IPv4 and IPv6 may be called."};
}

Status OutboundGuard::attach(CURL* easy, std::string_view url) {
  SPINE_TRY(OutboundUrl checked, check_url(url, policy_));
  easy_ = easy;
  refusal_.clear();
  const std::string whole(url);
  const char* protocols = policy_.https_only ? "https" : "http,https";
  CURLcode code = CURLE_OK;
  const auto set = [&](CURLoption option, auto value) {
    if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value);
  };
  set(CURLOPT_URL, whole.c_str());
  set(CURLOPT_PROTOCOLS_STR, protocols);
  set(CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  set(CURLOPT_FOLLOWLOCATION, policy_.redirects_max == 0 ? 0L : 1L);
  set(CURLOPT_MAXREDIRS, static_cast<long>(policy_.redirects_max));
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_PROXY, "");  // no proxy, not even one that the environment names
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_UNIX_SOCKET_PATH, static_cast<char*>(nullptr));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_OPENSOCKETFUNCTION, &OutboundGuard::open_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  if (code == CURLE_OK) return ok();
  return Error{Errc::invalid_argument,
               fmt::format("libcurl does not take an option: {}.", curl_easy_strerror(code))};
}

// The URL is the one of this hop: after a redirect libcurl has put the new one in its place before
// it connects.
Status OutboundGuard::judge(const sockaddr& address) const {
  const char* now = nullptr;
  if (curl_easy_getinfo(easy_, CURLINFO_EFFECTIVE_URL, &now) != CURLE_OK || now == nullptr) {
    return Error{Errc::refused, "It is not known which URL is called."};
  }
  SPINE_TRY(OutboundUrl url, check_url(now, policy_));
  return check_address(address, url.host, policy_);
}

curl_socket_t OutboundGuard::open_socket(void* self, curlsocktype purpose, curl_sockaddr* address) {
  auto* guard = static_cast<OutboundGuard*>(self);
  const Status judged = purpose == CURLSOCKTYPE_IPCXN
                            ? guard->judge(address->addr)
                            : Status{Error{Errc::refused, "No other sockets are opened."}};
  if (judged) {
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }
  guard->refusal_ = judged.error().message;
  return CURL_SOCKET_BAD;
}

}  // namespace spine::http
