// AuthLimits and DeviceRequests: what addresses may try, and how many devices may ask.
#include "adapters/websocket/door/auth_limits.h"

#include <gtest/gtest.h>

#include "adapters/websocket/protocol/devices.h"
#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr config::AuthRateLimit kLimit{
    .max_attempts = 3, .window_ms = 60'000, .lockout_ms = 300'000, .exempt_loopback = true};
constexpr std::uint64_t kStart = 1'000'000;

AuthAttempt from(std::string_view address, AuthClass what = AuthClass::shared) {
  return {.address = address, .what = what};
}

// A program on this machine, or a page in a browser on it.
AuthAttempt from_here(bool browser = false, bool straight = true) {
  return {.address = "127.0.0.1", .browser = browser, .loopback = straight};
}

void fail(AuthLimits& limits, const AuthAttempt& attempt, int times,
          std::uint64_t now_ms = kStart) {
  for (int i = 0; i < times; ++i)
    EXPECT_EQ(limits.failed(attempt, now_ms), 0U);
}

TEST(AuthLimits, TooManyFailuresInTheWindowLockOut) {
  AuthLimits limits{kLimit};
  fail(limits, from("192.0.2.1"), 2);
  EXPECT_EQ(limits.locked_ms(from("192.0.2.1"), kStart), 0U);
  fail(limits, from("192.0.2.1"), 1);
  EXPECT_EQ(limits.locked_ms(from("192.0.2.1"), kStart), 300'000U);
  EXPECT_EQ(limits.locked_ms(from("192.0.2.1"), kStart + 299'999), 1U);
  EXPECT_EQ(limits.locked_ms(from("192.0.2.1"), kStart + 300'000), 0U);
  EXPECT_EQ(limits.locked_ms(from("192.0.2.2"), kStart), 0U) << "others go on";
  EXPECT_EQ(limits.locked_ms(from("192.0.2.1", AuthClass::device), kStart), 0U)
      << "each class counts by itself";
}

TEST(AuthLimits, FailuresOutsideTheWindowAreForgotten) {
  AuthLimits limits{kLimit};
  fail(limits, from("192.0.2.1"), 2);
  fail(limits, from("192.0.2.1"), 2, kStart + 60'001);
  EXPECT_EQ(limits.locked_ms(from("192.0.2.1"), kStart + 60'001), 0U);
  fail(limits, from("192.0.2.1"), 1, kStart + 60'002);
  EXPECT_NE(limits.locked_ms(from("192.0.2.1"), kStart + 60'002), 0U);
}

TEST(AuthLimits, SuccessClearsTheCount) {
  AuthLimits limits{kLimit};
  fail(limits, from("192.0.2.1"), 2);
  limits.succeeded(from("192.0.2.1"));
  EXPECT_EQ(limits.addresses(), 0U);
  limits.succeeded(from("192.0.2.1"));
  fail(limits, from("192.0.2.1"), 2);
  EXPECT_EQ(limits.locked_ms(from("192.0.2.1"), kStart), 0U);
}

TEST(AuthLimits, ThisMachineIsDelayedAndNeverLockedOut) {
  AuthLimits limits{kLimit};
  for (const std::uint64_t delay : {250U, 500U, 1'000U, 2'000U, 4'000U, 5'000U, 5'000U, 5'000U})
    EXPECT_EQ(limits.failed(from_here(), kStart), delay);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(limits.failed(from_here(), kStart), 5'000U);
  EXPECT_EQ(limits.locked_ms(from_here(), kStart), 0U);
  EXPECT_EQ(limits.failed(from_here(), kStart + 60'001), 250U) << "another window";
}

TEST(AuthLimits, PagesInBrowsersAreNeverExempt) {
  AuthLimits limits{kLimit};
  fail(limits, from_here(true), 3);
  EXPECT_NE(limits.locked_ms(from_here(true), kStart), 0U);
  EXPECT_EQ(limits.locked_ms(from_here(), kStart), 0U) << "programs are not punished for it";
}

TEST(AuthLimits, WhatComesThroughAProxyHereIsNotExempt) {
  AuthLimits limits{kLimit};
  fail(limits, from_here(false, false), 3);
  EXPECT_NE(limits.locked_ms(from_here(false, false), kStart), 0U);
}

TEST(AuthLimits, WithoutTheExemptionThisMachineIsLockedOutToo) {
  config::AuthRateLimit limit = kLimit;
  limit.exempt_loopback = false;
  AuthLimits limits{limit};
  fail(limits, from_here(), 3);
  EXPECT_NE(limits.locked_ms(from_here(), kStart), 0U);
}

TEST(AuthLimits, OneNetworkOfIpv6IsOneAddress) {
  AuthLimits limits{kLimit};
  fail(limits, from("2001:db8:1:2::1"), 1);
  fail(limits, from("2001:db8:1:2:ffff::9"), 1);
  fail(limits, from("2001:0db8:0001:0002::a"), 1);
  EXPECT_EQ(limits.addresses(), 1U);
  EXPECT_NE(limits.locked_ms(from("2001:db8:1:2:3:4:5:6"), kStart), 0U);
  EXPECT_EQ(limits.locked_ms(from("2001:db8:1:3::1"), kStart), 0U);
  fail(limits, from("::ffff:192.0.2.1"), 3);
  EXPECT_EQ(limits.locked_ms(from("::ffff:192.0.2.2"), kStart), 0U)
      << "IPv4 in IPv6's clothes is no network of IPv6";
}

TEST(AuthLimits, AddressesInMindAreBounded) {
  AuthLimits limits{kLimit};
  fail(limits, from("192.0.2.1"), 3);
  for (std::size_t i = 1; i < limits::kAuthAddressesMax; ++i)
    fail(limits, from("h" + std::to_string(i)), 1);
  EXPECT_EQ(limits.addresses(), limits::kAuthAddressesMax);
  fail(limits, from("h1"), 1);  // is now the latest
  EXPECT_NE(limits.locked_ms(from("192.0.2.1"), kStart), 0U);
  fail(limits, from("one more"), 1);
  EXPECT_EQ(limits.addresses(), limits::kAuthAddressesMax);
  EXPECT_EQ(limits.locked_ms(from("192.0.2.1"), kStart), 0U) << "the oldest is forgotten";
  fail(limits, from("h1"), 1);
  EXPECT_NE(limits.locked_ms(from("h1"), kStart), 0U);
}

TEST(AuthLimits, AddressesHaveClasses) {
  EXPECT_EQ(classify_address("127.8.9.1", false), AddressClass::loopback);
  EXPECT_EQ(classify_address("::1", false), AddressClass::loopback);
  EXPECT_EQ(classify_address("127.0.0.1", true), AddressClass::browser);
  for (const std::string_view address : {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1",
                                         "169.254.1.1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"}) {
    EXPECT_EQ(classify_address(address, false), AddressClass::private_) << address;
  }
  for (const std::string_view address : {"172.32.0.1", "8.8.8.8", "2001:db8::1", "nonsense", ""}) {
    EXPECT_EQ(classify_address(address, false), AddressClass::public_) << address;
  }
}

TEST(RefusedConnects, AreCountedByClassAndReason) {
  RefusedConnects refused;
  EXPECT_TRUE(refused.empty());
  refused.count(AddressClass::public_, "A", 5);
  refused.count(AddressClass::public_, "A", 6);
  refused.count(AddressClass::browser, "A", 7);
  EXPECT_EQ(refused.since_wall_ms(), 5);
  EXPECT_EQ(refused.counts().size(), 2U);
  EXPECT_EQ(refused.counts().at({AddressClass::public_, "A"}), 2U);
  refused.clear();
  EXPECT_TRUE(refused.empty());
}

DeviceRequest request_of(const std::string& device, const std::string& address,
                         ScopeSet scopes = {}) {
  DeviceRequest request{};
  request.id = "id-" + device;
  request.code = "CODE" + device;
  request.device_id = device;
  request.scopes = scopes;
  request.address = address;
  request.reason = "not-paired";
  return request;
}

const DeviceRequest* ask(DeviceRequests& requests, DeviceRequest request,
                         std::uint64_t now_ms = kStart) {
  bool is_new = false;
  return requests.ask(std::move(request), now_ms, is_new);
}

TEST(DeviceRequests, OneNetworkMayAskForSome) {
  DeviceRequests requests;
  for (std::size_t i = 0; i < limits::kDeviceRequestsPerNetworkMax; ++i) {
    ASSERT_NE(ask(requests, request_of(std::to_string(i), "2001:db8::" + std::to_string(i))),
              nullptr);
  }
  EXPECT_EQ(ask(requests, request_of("x", "2001:db8::ffff")), nullptr);
  EXPECT_NE(ask(requests, request_of("x", "2001:db8:0:1::1")), nullptr);
  EXPECT_NE(ask(requests, request_of("0", "2001:db8::0")), nullptr) << "who waits may ask again";
}

TEST(DeviceRequests, AFullListMakesRoomAtTheCostOfWhoAskedMost) {
  DeviceRequests requests;
  std::size_t made = 0;
  for (std::size_t i = 0; i < limits::kDeviceRequestsPerNetworkMax; ++i)
    ask(requests, request_of(std::to_string(made++), "192.0.2.1"));
  while (made < limits::kDeviceRequestsMax) {
    ask(requests, request_of(std::to_string(made), "198.51.100." + std::to_string(made)));
    ++made;
  }
  EXPECT_NE(ask(requests, request_of("new", "203.0.113.1")), nullptr);
  EXPECT_EQ(requests.all(kStart).size(), limits::kDeviceRequestsMax);
  EXPECT_EQ(requests.find("id-0", kStart), nullptr) << "its oldest";
  EXPECT_NE(requests.find("id-1", kStart), nullptr);
}

TEST(DeviceRequests, AskingAgainForTheSameChangesNothing) {
  DeviceRequests requests;
  bool is_new = false;
  requests.ask(request_of("d", "a", 1), kStart, is_new);
  EXPECT_TRUE(is_new);
  DeviceRequest again = request_of("d", "b", 1);
  again.id = "other";
  again.code = "OTHER";
  const DeviceRequest* known = requests.ask(std::move(again), kStart + 1'000, is_new);
  EXPECT_FALSE(is_new);
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->id, "id-d");
  EXPECT_EQ(known->code, "CODEd");
  EXPECT_EQ(known->expires_ms, kStart + limits::kDeviceRequestMs);
  EXPECT_EQ(requests.all(kStart).size(), 1U);
}

// Who approves has seen what is asked for: more is another request.
TEST(DeviceRequests, AskingForMoreIsAnotherRequest) {
  DeviceRequests requests;
  bool is_new = false;
  requests.ask(request_of("d", "a", 1), kStart, is_new);
  DeviceRequest more = request_of("d", "a", 3);
  more.id = "other";
  more.code = "OTHER";
  ASSERT_NE(requests.ask(std::move(more), kStart, is_new), nullptr);
  EXPECT_TRUE(is_new);
  EXPECT_EQ(requests.find("id-d", kStart), nullptr);
  EXPECT_EQ(requests.find_code("CODEd", kStart), nullptr);
  EXPECT_NE(requests.find("other", kStart), nullptr);
  EXPECT_EQ(requests.all(kStart).size(), 1U);
}

TEST(DeviceRequests, EndAfterTheirTime) {
  DeviceRequests requests;
  ask(requests, request_of("d", "a"));
  const std::uint64_t end = kStart + limits::kDeviceRequestMs;
  EXPECT_NE(requests.find("id-d", end - 1), nullptr);
  EXPECT_NE(requests.find_code("coded", end - 1), nullptr) << "without regard to case";
  EXPECT_EQ(requests.find("id-x", end - 1), nullptr);
  EXPECT_EQ(requests.find("id-d", end), nullptr);
  EXPECT_EQ(requests.find_code("CODEd", end), nullptr);
  ask(requests, request_of("e", "a"));
  requests.remove("id-e");
  EXPECT_TRUE(requests.all(kStart).empty());
}

TEST(DeviceRequests, CodesUseLettersThatCannotBeMistaken) {
  EXPECT_EQ(pairing_code({}), "AAAAAAAA");
  EXPECT_EQ(pairing_code({.lo = ~std::uint64_t{0}}), "99999999");
  EXPECT_EQ(pairing_code({.hi = 77, .lo = 0b00001'00000}), "ABAAAAAA");
  std::uint64_t seed = 1;
  for (int i = 0; i < 200; ++i) {
    seed = seed * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    const std::string code = pairing_code({.lo = seed});
    EXPECT_EQ(code.size(), 8U);
    EXPECT_EQ(code.find_first_not_of("ABCDEFGHJKLMNPQRSTUVWXYZ23456789"), std::string::npos);
  }
}

}  // namespace
}  // namespace spine::net
