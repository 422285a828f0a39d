// AuthLimits: how often an address may show wrong credentials, and how long it then has to wait.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/config/config.h"

namespace spine::net {

// Where an attempt comes from, as far as limits go.
enum class AddressClass : std::uint8_t {
  loopback,  // a program on this machine
  browser,   // a page in a browser, wherever: it sent an Origin
  private_,  // RFC 1918, RFC 4193 and link-local
  public_,
};
std::string_view address_class_name(AddressClass value);
AddressClass classify_address(std::string_view address, bool browser);

// What was tried: each has limits of its own.
enum class AuthClass : std::uint8_t { shared, device };

struct AuthAttempt {
  std::string_view address{};
  bool browser{};
  bool loopback{};  // a program on this machine, not through a proxy
  AuthClass what{AuthClass::shared};
};

// Bounded: beyond kAuthAddressesMax the address that failed longest ago is evicted. Times are
// boot-time milliseconds. Thread: net.
class AuthLimits {
 public:
  explicit AuthLimits(const config::AuthRateLimit& limit) : limit_(limit) {}

  // Milliseconds until it may try again; 0 = now.
  std::uint64_t locked_ms(const AuthAttempt& attempt, std::uint64_t now_ms);
  // Counts a failure. Returns how long its answer is to be held back, milliseconds.
  std::uint64_t failed(const AuthAttempt& attempt, std::uint64_t now_ms);
  // Clears what was counted.
  void succeeded(const AuthAttempt& attempt);

  std::size_t addresses() const { return rows_.size(); }

 private:
  struct Row {
    std::uint64_t window_began_ms{};
    std::uint64_t locked_until_ms{};
    std::uint32_t failures{};
    std::list<std::string>::iterator age{};
  };
  bool exempt(const AuthAttempt& attempt) const {
    return limit_.exempt_loopback && attempt.loopback && !attempt.browser;
  }
  Row& row_of(const std::string& key, std::uint64_t now_ms);

  config::AuthRateLimit limit_;
  std::unordered_map<std::string, Row> rows_{};
  std::list<std::string> by_age_{};  // latest failure last
};

// Connects that were refused since the last event about them.
class RefusedConnects {
 public:
  void count(AddressClass address, std::string_view reason, std::int64_t wall_ms);
  bool empty() const { return counts_.empty(); }
  std::int64_t since_wall_ms() const { return since_wall_ms_; }
  void clear() { counts_.clear(); }
  using Counts = std::map<std::pair<AddressClass, std::string>, std::uint64_t>;
  const Counts& counts() const { return counts_; }

 private:
  Counts counts_{};  // bounded by the reasons there are
  std::int64_t since_wall_ms_{};
};

}  // namespace spine::net
