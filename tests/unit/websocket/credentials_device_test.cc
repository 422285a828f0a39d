// Credentials with a device: what it may by its key, its token, or beside the shared secret.
#include <gtest/gtest.h>

#include "adapters/websocket/door/credentials.h"
#include "tests/unit/websocket/judge_cases.h"

namespace spine::net {
namespace {

using namespace judging;

TEST(Judge, SecretsWithADeviceOnThisMachine) {
  const Known known{.found = true};
  const Case cases[] = {
      {.what = "new",
       .shown = with_device("secret"),
       .method = "token",
       .by_device = true,
       .pair = true,
       .mint = true},
      {.what = "known",
       .shown = with_device("secret"),
       .known = known,
       .method = "token",
       .by_device = true},
      {.what = "known without a token",
       .shown = with_device("secret"),
       .known = {.found = true, .token = ""},
       .method = "token",
       .by_device = true,
       .mint = true},
      {.what = "more scopes",
       .shown = {.token = "secret", .device = true, .scopes = kAdmin},
       .known = known,
       .method = "token",
       .by_device = true,
       .pair = true,
       .mint = true},
      {.what = "a wrong token, new", .shown = with_device("wrong"), .verdict = V::token_mismatch},
      {.what = "no token, new", .shown = with_device(), .verdict = V::token_missing},
      {.what = "no token, known",
       .shown = with_device(),
       .known = known,
       .verdict = V::token_missing},
      {.what = "no password",
       .mode = Mode::password,
       .shown = with_device(),
       .verdict = V::password_missing},
  };
  for (const Case& at : cases)
    check(at);
}

TEST(Judge, SecretsWithADeviceFromAfar) {
  const Known known{.found = true};
  const Case cases[] = {
      {.what = "new",
       .loopback = kRemote,
       .shown = with_device("secret"),
       .verdict = V::pairing_required,
       .reason = "not-paired"},
      {.what = "known",
       .loopback = kRemote,
       .shown = with_device("secret"),
       .known = known,
       .method = "token",
       .by_device = true},
      {.what = "more scopes",
       .loopback = kRemote,
       .shown = {.token = "secret", .device = true, .scopes = kAdmin},
       .known = known,
       .verdict = V::pairing_required,
       .reason = "scope-upgrade"},
      {.what = "another role",
       .loopback = kRemote,
       .shown = {.token = "secret", .device = true, .role = "node"},
       .known = known,
       .verdict = V::pairing_required,
       .reason = "role-upgrade"},
      {.what = "another platform",
       .loopback = kRemote,
       .shown = {.token = "secret", .device = true, .platform = "macos"},
       .known = known,
       .verdict = V::pairing_required,
       .reason = "metadata-upgrade"},
      {.what = "the same platform in other letters",
       .loopback = kRemote,
       .shown = {.token = "secret", .device = true, .platform = "LINUX"},
       .known = known,
       .method = "token",
       .by_device = true},
  };
  for (const Case& at : cases)
    check(at);
}

TEST(Judge, TokensOfDevices) {
  const Known known{.found = true};
  Shown apart = with_device();
  apart.device_token = "devtok";
  Shown wrong_apart = with_device();
  wrong_apart.device_token = "wrong";
  Shown both = with_device("stale");
  both.device_token = "devtok";
  Shown upgrade = with_device("devtok");
  upgrade.scopes = kAdmin;
  for (const bool loopback : {kLocal, kRemote}) {
    for (const Mode mode : {Mode::token, Mode::password, Mode::pairing}) {
      const Case cases[] = {
          {.what = "as token",
           .mode = mode,
           .loopback = loopback,
           .shown = with_device("devtok"),
           .known = known,
           .method = "device-token",
           .by_device = true},
          {.what = "as deviceToken",
           .mode = mode,
           .loopback = loopback,
           .shown = apart,
           .known = known,
           .method = "device-token",
           .by_device = true},
          {.what = "beside a stale one",
           .mode = mode,
           .loopback = loopback,
           .shown = both,
           .known = known,
           .method = "device-token",
           .by_device = true},
          {.what = "wrong",
           .mode = mode,
           .loopback = loopback,
           .shown = wrong_apart,
           .known = known,
           .verdict = V::device_token_mismatch},
          {.what = "of no device",
           .mode = mode,
           .loopback = loopback,
           .shown = apart,
           .verdict = V::device_token_mismatch},
          {.what = "revoked",
           .mode = mode,
           .loopback = loopback,
           .shown = apart,
           .known = {.found = true, .token = ""},
           .verdict = V::device_token_mismatch},
          {.what = "for more scopes",
           .mode = mode,
           .loopback = loopback,
           .shown = upgrade,
           .known = known,
           .verdict = V::pairing_required,
           .reason = "scope-upgrade"},
      };
      for (const Case& at : cases)
        check(at);
    }
  }
}

TEST(Judge, DevicesThatAreApprovedOneByOne) {
  const Known known{.found = true};
  for (const bool loopback : {kLocal, kRemote}) {
    const Case cases[] = {
        {.what = "unknown",
         .mode = Mode::pairing,
         .loopback = loopback,
         .shown = with_device(),
         .verdict = V::pairing_required,
         .reason = "not-paired"},
        {.what = "unknown with any word",
         .mode = Mode::pairing,
         .loopback = loopback,
         .shown = with_device("word"),
         .verdict = V::pairing_required,
         .reason = "not-paired"},
        {.what = "by its signature",
         .mode = Mode::pairing,
         .loopback = loopback,
         .shown = with_device(),
         .known = known,
         .method = "device",
         .by_device = true},
        {.what = "its first time",
         .mode = Mode::pairing,
         .loopback = loopback,
         .shown = with_device(),
         .known = {.found = true, .token = ""},
         .method = "device",
         .by_device = true,
         .mint = true},
        {.what = "no device",
         .mode = Mode::pairing,
         .loopback = loopback,
         .verdict = V::device_required},
    };
    for (const Case& at : cases)
      check(at);
  }
}

TEST(Judge, ARevokedDeviceIsAStranger) {
  const Known known{.found = true, .revoked = true};
  Shown apart = with_device();
  apart.device_token = "devtok";
  const Case cases[] = {
      {.what = "its token", .shown = apart, .known = known, .verdict = V::device_token_mismatch},
      {.what = "its signature",
       .mode = Mode::pairing,
       .shown = with_device(),
       .known = known,
       .verdict = V::pairing_required,
       .reason = "not-paired"},
      {.what = "the secret from afar",
       .loopback = kRemote,
       .shown = with_device("secret"),
       .known = known,
       .verdict = V::pairing_required,
       .reason = "not-paired"},
      {.what = "the secret here",
       .shown = with_device("secret"),
       .known = known,
       .method = "token",
       .by_device = true,
       .pair = true,
       .mint = true},
  };
  for (const Case& at : cases)
    check(at);
}

}  // namespace
}  // namespace spine::net
