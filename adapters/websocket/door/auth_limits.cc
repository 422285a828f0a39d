// Windows, lock-outs and delays per address.
#include "adapters/websocket/door/auth_limits.h"

#include <algorithm>
#include <array>

#include "schemas/vocab/addresses.h"
#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr std::uint64_t kFirstDelayMs = 250;
constexpr std::uint64_t kLongestDelayMs = 5'000;

std::string key_of(const AuthAttempt& attempt) {
  std::string key = attempt.what == AuthClass::shared ? "shared " : "device ";
  key += attempt.browser ? "browser " : "";
  return key + network_text(attempt.address);
}

}  // namespace

std::string_view address_class_name(AddressClass value) {
  constexpr std::array<std::string_view, 4> kNames{"loopback", "browser", "private", "public"};
  return kNames.at(static_cast<std::size_t>(value));
}

AddressClass classify_address(std::string_view address, bool browser) {
  if (browser) return AddressClass::browser;
  const auto ip = parse_ip(address);
  if (ip ? is_loopback(*ip) : address == "local") return AddressClass::loopback;
  return ip && is_private(*ip) ? AddressClass::private_ : AddressClass::public_;
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
