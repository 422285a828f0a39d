// Cases for judge(): what a client shows, what is known of it, and what comes of it.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <utility>

#include "adapters/websocket/door/credentials.h"
#include "adapters/websocket/door/device_identity.h"

namespace spine::net::judging {

using Mode = config::AuthMode;
using V = Verdict;

inline constexpr auto kRead = static_cast<ScopeSet>(Scope::read);
inline constexpr auto kWrite = static_cast<ScopeSet>(Scope::write);
inline constexpr auto kAdmin = static_cast<ScopeSet>(Scope::admin);

// What a client shows.
struct Shown {
  std::string token{};
  std::string password{};
  std::string device_token{};
  bool device{};
  std::string client{"cli"};
  std::string role{"operator"};
  ScopeSet scopes{kRead};
  std::string platform{"linux"};
};

// What is known of its device.
struct Known {
  bool found{};
  std::string role{"operator"};
  ScopeSet scopes{kWrite};
  std::string token{"devtok"};  // empty = it has none
  bool revoked{};
};

struct Case {
  const char* what{};
  Mode mode{Mode::token};
  bool loopback{true};
  bool shared_locked{};
  bool device_locked{};
  Shown shown{};
  Known known{};
  V verdict{V::granted};
  std::string method{};
  std::string reason{};
  bool by_device{};
  bool pair{};
  bool mint{};
};

inline ConnectParams params_of(const Shown& shown) {
  ConnectParams params{};
  params.client_id = shown.client;
  params.client_mode = "cli";
  params.platform = shown.platform;
  params.role = shown.role;
  params.scopes = shown.scopes;
  params.token = shown.token;
  params.password = shown.password;
  params.device_token = shown.device_token;
  params.has_device = shown.device;
  return params;
}

inline Judgement judged(const Case& at, bool control_socket = false) {
  const Digest256 digest = sha256_of(at.known.token);
  const KnownDevice device{
      .found = at.known.found,
      .role = at.known.role,
      .scopes = at.known.scopes,
      .platform = "Linux",
      .device_family = "",
      .token_hash = at.known.found && !at.known.token.empty() ? ByteSpan{digest} : ByteSpan{},
      .revoked = at.known.revoked};
  return judge(params_of(at.shown),
               {.mode = at.mode,
                .shared_locked = at.shared_locked,
                .device_locked = at.device_locked,
                .token = "secret",
                .password = "pass"},
               {.loopback = at.loopback, .control_socket = control_socket}, device);
}

inline void check(const Case& at) {
  const Judgement got = judged(at);
  EXPECT_EQ(got.verdict, at.verdict) << at.what;
  EXPECT_EQ(got.method, at.method) << at.what;
  EXPECT_EQ(got.reason, at.reason) << at.what;
  EXPECT_EQ(got.by_device, at.by_device) << at.what;
  EXPECT_EQ(got.pair, at.pair) << at.what;
  EXPECT_EQ(got.mint, at.mint) << at.what;
}

inline Shown token(std::string text) {
  return {.token = std::move(text)};
}
inline Shown with_device(std::string text = {}) {
  return {.token = std::move(text), .device = true};
}
inline constexpr bool kRemote = false;
inline constexpr bool kLocal = true;

}  // namespace spine::net::judging
