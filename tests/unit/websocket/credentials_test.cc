// Credentials: what each secret shown is worth, as tables of cases.
#include "adapters/websocket/door/credentials.h"

#include <gtest/gtest.h>

#include "tests/unit/websocket/judge_cases.h"

namespace spine::net {
namespace {

using namespace judging;

TEST(Judge, SecretsWithoutADevice) {
  const Case cases[] = {
      {.what = "the token", .shown = token("secret"), .method = "token"},
      {.what = "the token as password", .shown = {.password = "secret"}, .method = "token"},
      {.what = "a wrong token", .shown = token("wrong"), .verdict = V::token_mismatch},
      {.what = "its beginning", .shown = token("secre"), .verdict = V::token_mismatch},
      {.what = "the other mode's secret", .shown = token("pass"), .verdict = V::token_mismatch},
      {.what = "nothing", .verdict = V::device_required},
      {.what = "the page, nothing",
       .shown = {.client = "openclaw-control-ui"},
       .verdict = V::control_ui_device_required},
      {.what = "the page, the token",
       .shown = {.token = "secret", .client = "openclaw-control-ui"},
       .verdict = V::control_ui_device_required},
      {.what = "from afar",
       .loopback = kRemote,
       .shown = token("secret"),
       .verdict = V::device_required},
      {.what = "wrong from afar",
       .loopback = kRemote,
       .shown = token("wrong"),
       .verdict = V::token_mismatch},
      {.what = "the password",
       .mode = Mode::password,
       .shown = {.password = "pass"},
       .method = "password"},
      {.what = "the password as token",
       .mode = Mode::password,
       .shown = token("pass"),
       .method = "password"},
      {.what = "a wrong password",
       .mode = Mode::password,
       .shown = {.password = "no"},
       .verdict = V::password_mismatch},
      {.what = "the token, by password",
       .mode = Mode::password,
       .shown = token("secret"),
       .verdict = V::password_mismatch},
      {.what = "the token, by pairing",
       .mode = Mode::pairing,
       .shown = token("secret"),
       .method = "token"},
      {.what = "a wrong one, by pairing",
       .mode = Mode::pairing,
       .shown = token("wrong"),
       .verdict = V::token_mismatch},
      {.what = "open", .mode = Mode::none, .method = "none"},
      {.what = "open, anything", .mode = Mode::none, .shown = token("wrong"), .method = "none"},
      {.what = "open, from afar",
       .mode = Mode::none,
       .loopback = kRemote,
       .verdict = V::device_required},
      {.what = "a device's token without the device",
       .shown = {.device_token = "devtok"},
       .verdict = V::device_token_mismatch},
  };
  for (const Case& at : cases)
    check(at);
}

TEST(Judge, TheControlSocketIsProofEnough) {
  for (const Mode mode : {Mode::token, Mode::password, Mode::pairing, Mode::none}) {
    const Judgement got = judged({.mode = mode, .loopback = kRemote, .shown = token("no")}, true);
    EXPECT_EQ(got.verdict, V::granted);
    EXPECT_EQ(got.method, "control-socket");
    EXPECT_FALSE(got.by_device || got.pair || got.mint);
  }
}

TEST(Judge, AGatewayWithoutASecretTakesNone) {
  for (const Mode mode : {Mode::token, Mode::password, Mode::pairing}) {
    for (const Shown& shown : {Shown{}, token("x"), with_device()}) {
      const Judgement got = judge(params_of(shown), {.mode = mode}, {.loopback = true}, {});
      EXPECT_NE(got.verdict, V::granted);
    }
  }
}

TEST(Judge, SaysWhetherTheDevicesTokenIsWorthATry) {
  EXPECT_TRUE(judged({.shown = with_device("wrong"), .known = {.found = true}})
                  .may_retry_with_device_token);
  EXPECT_FALSE(judged({.shown = with_device("wrong"), .known = {.found = true, .token = ""}})
                   .may_retry_with_device_token);
  EXPECT_FALSE(judged({.shown = token("wrong")}).may_retry_with_device_token);
}

TEST(Judge, SaysWhenWhatWasShownIsNoSecret) {
  const Known known{.found = true};
  EXPECT_TRUE(judged({.shown = token("wrong")}).wrong_secret);
  EXPECT_TRUE(judged({.shown = {.password = "wrong"}}).wrong_secret);
  EXPECT_TRUE(judged({.shown = with_device("wrong"), .known = known}).wrong_secret);
  // Whatever the verdict: a word that lets in nobody may be a guess.
  const Judgement asked = judged({.mode = Mode::pairing, .shown = with_device("word")});
  EXPECT_EQ(asked.verdict, V::pairing_required);
  EXPECT_TRUE(asked.wrong_secret);
  EXPECT_FALSE(judged({.shown = token("secret")}).wrong_secret);
  EXPECT_FALSE(judged({.shown = with_device("devtok"), .known = known}).wrong_secret);
  EXPECT_FALSE(judged({.shown = with_device(), .known = known}).wrong_secret);
  EXPECT_FALSE(judged({.shared_locked = true, .shown = token("wrong")}).wrong_secret)
      << "was not compared";
}

TEST(Judge, ALockKeepsOutWhatItIsFor) {
  const Known known{.found = true};
  Shown apart = with_device();
  apart.device_token = "devtok";
  const Case cases[] = {
      {.what = "the right secret",
       .shared_locked = true,
       .shown = token("secret"),
       .verdict = V::locked},
      {.what = "a wrong one", .shared_locked = true, .shown = token("wrong"), .verdict = V::locked},
      {.what = "nothing", .shared_locked = true, .verdict = V::device_required},
      {.what = "a device's token goes on",
       .shared_locked = true,
       .shown = apart,
       .known = known,
       .method = "device-token",
       .by_device = true},
      {.what = "a signature goes on",
       .mode = Mode::pairing,
       .shared_locked = true,
       .shown = with_device(),
       .known = known,
       .method = "device",
       .by_device = true},
      {.what = "a device's token",
       .device_locked = true,
       .shown = apart,
       .known = known,
       .verdict = V::locked},
      {.what = "the secret goes on",
       .device_locked = true,
       .shown = token("secret"),
       .method = "token"},
  };
  for (const Case& at : cases)
    check(at);
}

TEST(Scopes, AreCoveredByThoseThatIncludeThem) {
  EXPECT_TRUE(covers(0, 0));
  EXPECT_TRUE(covers(kWrite, kRead));
  EXPECT_TRUE(covers(kAdmin, 0xFF));
  EXPECT_FALSE(covers(kRead, kWrite));
  EXPECT_FALSE(covers(kRead, static_cast<ScopeSet>(kRead | kAdmin)));
  EXPECT_FALSE(covers(kWrite, static_cast<ScopeSet>(Scope::pairing)));
}

}  // namespace
}  // namespace spine::net
