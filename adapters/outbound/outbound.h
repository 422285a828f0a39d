// Outbound: which URLs and addresses the gateway may call, so that nobody who can name a URL
// reaches what only this machine can reach (server-side request forgery).
#pragma once

#include <cstdint>
#include <curl/curl.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "schemas/vocab/addresses.h"
#include "schemas/vocab/result.h"

namespace spine::http {

// What may be called besides public addresses, and how. An empty policy allows http and https to
// public addresses on ports 80, 443 and from 1024 on.
struct OutboundPolicy {
  // Names as they stand in the URL, in lower case; whatever address they have is allowed.
  std::vector<std::string> hosts{};
  std::vector<IpRange> addresses{};
  std::vector<std::uint16_t> ports{};  // when not empty, these alone
  bool https_only{};
  std::uint32_t redirects_max{3};
};

// The parts of a URL that decide. A host that is an IPv6 address has no brackets.
struct OutboundUrl {
  std::string scheme{};
  std::string host{};  // lower case, without a dot at the end; numbers as 127.0.0.1
  std::uint16_t port{};
};

// Reads the URL as libcurl would. Refused: other schemes than http and https, user and password in
// it, no host, names with other characters than letters, digits, dots, - and _ (write them in
// punycode), zones, ports that the policy does not have, "localhost" and addresses that
// check_address() refuses. Errors: invalid_argument, refused; the message names no part of a path
// or query. Thread: any.
Result<OutboundUrl> check_url(std::string_view text, const OutboundPolicy& policy);

// To be called for every address a name resolves to, just before connecting: a name server may
// give another answer each time. `host` is the name that was resolved. Refused, unless the
// policy lists host or address: loopback, private, link-local (with 169.254.169.254, where clouds
// keep credentials), shared (100.64/10), multicast, unspecified, documentation, benchmark and
// reserved ones, and IPv6 that carries such an IPv4 inside. Errors: refused. Thread: any.
Status check_address(const sockaddr& address, std::string_view host, const OutboundPolicy& policy);
Status check_address(const IpAddress& address, std::string_view host, const OutboundPolicy& policy);

// Applies a policy to one libcurl transfer and its redirects. Outlives the transfer, as the policy
// does. Transfers that share connections (a multi handle) must have equal policies: a connection
// that is reused is not checked again. Thread: the transfer's.
class OutboundGuard {
 public:
  explicit OutboundGuard(const OutboundPolicy& policy) : policy_(policy) {}
  OutboundGuard(const OutboundGuard&) = delete;
  OutboundGuard& operator=(const OutboundGuard&) = delete;

  // Sets the URL and what guards it on `easy`, to be called before the transfer and after the
  // caller's own options: of these it sets protocols, redirects, proxy and the opening of sockets.
  // Errors: those of check_url(); invalid_argument when libcurl does not take an option.
  Status attach(CURL* easy, std::string_view url);

  // Why an address was not connected to; empty when none was refused. Only of meaning when the
  // transfer failed: a host may have other addresses.
  const std::string& refusal() const { return refusal_; }

 private:
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  Status judge(const sockaddr& address) const;

  const OutboundPolicy& policy_;
  CURL* easy_{};
  std::string refusal_{};
};

}  // namespace spine::http
