// Windows, lock-outs and delays per address.
#include "adapters/websocket/auth_limits.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>

#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr std::uint64_t kFirstDelayMs = 250;
constexpr std::uint64_t kLongestDelayMs = 5'000;

bool is_loopback4(std::uint32_t host) {
  return host >> 24U == 127;
}
bool is_private4(std::uint32_t host) {
  return host >> 24U == 10 || host >> 20U == 0xAC1 || host >> 16U == 0xC0A8 ||
         host >> 16U == 0xA9FE;
}

AddressClass class_of_v4(std::uint32_t host) {
  if (is_loopback4(host)) return AddressClass::loopback;
  return is_private4(host) ? AddressClass::private_ : AddressClass::public_;
}

AddressClass class_of_v6(const in6_addr& address) {
  const auto* octet = address.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    std::uint32_t host{};
    std::memcpy(&host, octet + 12, sizeof host);
    return class_of_v4(ntohl(host));
  }
  if (IN6_IS_ADDR_LOOPBACK(&address)) return AddressClass::loopback;
  const bool local = (octet[0] & 0xFEU) == 0xFC || IN6_IS_ADDR_LINKLOCAL(&address);
  return local ? AddressClass::private_ : AddressClass::public_;
}

std::string key_of(const AuthAttempt& attempt) {
  std::string key = attempt.what == AuthClass::shared ? "shared " : "device ";
  key += attempt.browser ? "browser " : "";
  return key + address_network(attempt.address);
}

}  // namespace

std::string address_network(std::string_view address) {
  in6_addr v6{};
  const std::string text{address};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1 || IN6_IS_ADDR_V4MAPPED(&v6)) return text;
  std::memset(v6.s6_addr + 8, 0, 8);
  char out[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(AF_INET6, &v6, out, sizeof out);
  return std::string{out} + "/64";
}

std::string_view address_class_name(AddressClass value) {
  switch (value) {
    case AddressClass::loopback:
      return "loopback";
    case AddressClass::browser:
      return "browser";
    case AddressClass::private_:
      return "private";
    case AddressClass::public_:
      break;
  }
  return "public";
}

AddressClass classify_address(std::string_view address, bool browser) {
  if (browser) return AddressClass::browser;
  const std::string text{address};
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return class_of_v4(ntohl(v4.s_addr));
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) return class_of_v6(v6);
  return text == "local" ? AddressClass::loopback : AddressClass::public_;
}

bool AuthLimits::exempt(const AuthAttempt& attempt) const {
  return limit_.exempt_loopback && attempt.loopback && !attempt.browser;
}

AuthLimits::Row& AuthLimits::row_of(const std::string& key, std::uint64_t now_ms) {
  const auto [at, is_new] = rows_.try_emplace(key);
  Row& row = at->second;
  if (is_new) {
    row.window_began_ms = now_ms;
    row.age = by_age_.insert(by_age_.end(), key);
    if (rows_.size() > limits::kAuthAddressesMax) {
      rows_.erase(by_age_.front());
      by_age_.pop_front();
    }
  } else {
    by_age_.splice(by_age_.end(), by_age_, row.age);
  }
  return row;
}

std::uint64_t AuthLimits::locked_ms(const AuthAttempt& attempt, std::uint64_t now_ms) {
  if (exempt(attempt)) return 0;
  const auto at = rows_.find(key_of(attempt));
  if (at == rows_.end() || at->second.locked_until_ms <= now_ms) return 0;
  return at->second.locked_until_ms - now_ms;
}

std::uint64_t AuthLimits::failed(const AuthAttempt& attempt, std::uint64_t now_ms) {
  Row& row = row_of(key_of(attempt), now_ms);
  if (now_ms - row.window_began_ms > limit_.window_ms) {
    row.window_began_ms = now_ms;
    row.failures = 0;
  }
  ++row.failures;
  if (exempt(attempt)) {
    const std::uint32_t doublings = std::min(row.failures - 1, 8U);
    return std::min(kFirstDelayMs << doublings, kLongestDelayMs);
  }
  if (row.failures >= limit_.max_attempts) {
    row.locked_until_ms = now_ms + limit_.lockout_ms;
    row.failures = 0;
    row.window_began_ms = now_ms;
  }
  return 0;
}

void AuthLimits::succeeded(const AuthAttempt& attempt) {
  const auto at = rows_.find(key_of(attempt));
  if (at == rows_.end()) return;
  by_age_.erase(at->second.age);
  rows_.erase(at);
}

void RefusedConnects::count(AddressClass address, std::string_view reason, std::int64_t wall_ms) {
  if (counts_.empty()) since_wall_ms_ = wall_ms;
  ++counts_[{address, std::string{reason}}];
}

}  // namespace spine::net
