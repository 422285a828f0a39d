// Tests of where the gateway listens, TLS, proxies, origins and limits of attempts.
#include <array>
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kCertificate = "-----BEGIN CERTIFICATE-----\nMII\n";
constexpr std::string_view kKey = "-----BEGIN PRIVATE KEY-----\nMII\n";

class Listening : public ConfigTest {};
class Tls : public ConfigTest {
 protected:
  void SetUp() override {
    ConfigTest::SetUp();
    write("cert.pem", kCertificate);
    std::filesystem::permissions(write("key.pem", kKey), std::filesystem::perms{0600});
  }

  Result<Config> read(std::string_view text) { return parse(text, dir_ / "o.json", test_getenv); }

  std::string refused(std::string_view text) {
    const Result<Config> config = read(text);
    EXPECT_FALSE(config) << text;
    return config ? std::string{} : config.error().message;
  }
};
class Browser : public ConfigTest {};
class Addresses : public ConfigTest {};

constexpr std::string_view kFiles =
    "{gateway: {tls: {enabled: true, certPath: 'cert.pem', keyPath: 'key.pem'}}}";

TEST_F(Listening, BeyondThisMachineNeedsTlsAndSaysHowToGetIt) {
  constexpr std::array<std::string_view, 5> kOpen{
      "{gateway: {bind: 'lan'}}", "{gateway: {bind: 'custom', customBindHost: '192.168.1.2'}}",
      "{gateway: {host: '0.0.0.0'}}", "{gateway: {host: '::'}}",
      "{gateway: {host: '::ffff:10.0.0.1', tls: {enabled: false, terminatedByProxy: []}}}"};
  for (const std::string_view text : kOpen) {
    EXPECT_THAT(refusal(text), AllOf(HasSubstr("c.json:1:"), HasSubstr("there is no TLS"),
                                     HasSubstr("gateway.tls.certPath"), HasSubstr("SSH tunnel")))
        << text;
  }
}

TEST_F(Listening, BeyondThisMachineNeedsSomethingToShow) {
  EXPECT_THAT(refusal("{gateway: {bind: 'lan', auth: {mode: 'none'},"
                      "  tls: {terminatedByProxy: ['10.0.0.7']}}}"),
              HasSubstr("gateway.auth.mode is \"none\""));
  EXPECT_EQ(parsed("{gateway: {auth: {mode: 'none'}}}").auth_mode, AuthMode::none);
}

TEST_F(Listening, ProxyThatSpeaksTlsOpensTheWay) {
  const Config config =
      parsed("{gateway: {bind: 'lan', tls: {terminatedByProxy: ['10.0.0.7', 'fd00::/64']}}}");
  EXPECT_THAT(config.bind_addresses, ElementsAre("0.0.0.0", "::"));
  EXPECT_THAT(config.tls.terminated_by_proxy, ElementsAre("10.0.0.7", "fd00::/64"));
  const Config other = parsed(
      "{gateway: {bind: 'custom', customBindHost: '10.0.0.1', trustedProxies: ['10.0.0.0/24']}}");
  EXPECT_THAT(other.bind_addresses, ElementsAre("10.0.0.1"));
  EXPECT_THAT(other.tls.terminated_by_proxy, ElementsAre("10.0.0.0/24"));
}

TEST_F(Listening, TrustedProxiesAreOneListOfNarrowBlocks) {
  EXPECT_THAT(
      refusal("{gateway: {trustedProxies: ['10.0.0.1'], tls: {terminatedByProxy: ['10.0.0.2']}}}"),
      HasSubstr("both mean the same setting"));
  for (const char* wide : {"0.0.0.0/0", "::/0", "128.0.0.0/1", "::ffff:0.0.0.0/96"}) {
    EXPECT_THAT(refusal("{gateway: {trustedProxies: ['" + std::string(wide) + "']}}"),
                HasSubstr("is a large part of all addresses"))
        << wide;
  }
  for (const char* bad : {"proxy.local", "*", "10.0.0.1/33", "10.0.0.1:80", ""}) {
    EXPECT_THAT(refusal("{gateway: {trustedProxies: ['" + std::string(bad) + "']}}"),
                HasSubstr("is not an address"))
        << bad;
  }
}

TEST_F(Listening, AutoIsThisMachineAndTailnetIsNotGuessed) {
  EXPECT_THAT(parsed("{gateway: {bind: 'auto'}}").bind_addresses, ElementsAre("127.0.0.1", "::1"));
  EXPECT_THAT(refusal("{gateway: {bind: 'tailnet'}}"), HasSubstr("does not look for a tailnet"));
  EXPECT_THAT(refusal("{gateway: {bind: 'custom'}}"),
              HasSubstr("there is no gateway.customBindHost"));
  for (const char* name : {"example.org", "", "fe80::1%eth0", "0"}) {
    EXPECT_THAT(refusal("{gateway: {host: '" + std::string(name) + "'}}"),
                HasSubstr("it must be an address"));
  }
}

TEST_F(Tls, FilesAreTakenFromTheFoldersOfTheFileAndHome) {
  const Result<Config> config = read(kFiles);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->tls.enabled);
  EXPECT_EQ(config->tls.cert_path, dir_ / "cert.pem");
  EXPECT_EQ(config->tls.key_path, dir_ / "key.pem");
  test_env()["HOME"] = dir_.string();
  EXPECT_TRUE(
      read("{gateway: {tls: {enabled: true, certPath: '~/cert.pem', keyPath: '~/key.pem'}}}"));
}

TEST_F(Tls, OpensTheWayToOthers) {
  const Result<Config> config = read(
      "{gateway: {bind: 'lan', tls: {enabled: true, certPath: 'cert.pem', keyPath: 'key.pem'}}}");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->bind_addresses, ElementsAre("0.0.0.0", "::"));
}

TEST_F(Tls, FilesThatAreMissingAreNamed) {
  EXPECT_THAT(refused("{gateway: {tls: {enabled: true}}}"),
              AllOf(HasSubstr("there is no gateway.tls.certPath"),
                    HasSubstr("there is no gateway.tls.keyPath")));
  EXPECT_THAT(refused("{gateway: {tls: {enabled: true, certPath: 'no.pem', keyPath: 'key.pem'}}}"),
              HasSubstr("gateway.tls.certPath: Cannot open " + (dir_ / "no.pem").string()));
  EXPECT_THAT(refused("{gateway: {tls: {enabled: true, certPath: '.', keyPath: 'key.pem'}}}"),
              HasSubstr("is not a regular file"));
  EXPECT_THAT(refused("{gateway: {tls: {enabled: true, certPath: 'key.pem', keyPath: 'key.pem'}}}"),
              HasSubstr("holds no certificate"));
  EXPECT_TRUE(read("{gateway: {tls: {enabled: false, certPath: 'no.pem'}}}"));
}

TEST_F(Tls, KeyOfOthersIsRefused) {
  for (const unsigned mode : {0644U, 0640U, 0602U}) {
    std::filesystem::permissions(dir_ / "key.pem", std::filesystem::perms{mode});
    EXPECT_THAT(refused(kFiles), HasSubstr("can be read or changed by others")) << mode;
  }
}

TEST_F(Tls, KeyMustBeOneWithoutAPassphrase) {
  write("key.pem", kCertificate);
  EXPECT_THAT(refused(kFiles), HasSubstr("holds no private key"));
  write("key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
  EXPECT_THAT(refused(kFiles), HasSubstr("has a passphrase"));
}

TEST_F(Tls, WhatIsNotDoneIsSaid) {
  EXPECT_THAT(refused("{gateway: {tls: {enabled: true, autoGenerate: true}}}"),
              HasSubstr("makes no certificates"));
  EXPECT_THAT(refused("{gateway: {tls: {enabled: true, certPath: 'cert.pem', keyPath: 'key.pem', "
                      "caPath: 'cert.pem'}}}"),
              HasSubstr("does not ask clients for certificates"));
}

TEST_F(Browser, OriginsAreTakenExactly) {
  const Config config = parsed(
      "{gateway: {publicOrigin: 'https://Gate.example.org/', controlUi: {enabled: false,"
      " basePath: '/a/b/', allowedOrigins: ['HTTPS://x.org:443', 'http://[::1]:8080']}}}");
  EXPECT_FALSE(config.control_ui.enabled);
  EXPECT_EQ(config.control_ui.base_path, "/a/b");
  EXPECT_THAT(config.control_ui.allowed_origins, ElementsAre("https://x.org", "http://[::1]:8080"));
  EXPECT_EQ(config.public_origin, "https://gate.example.org");
  EXPECT_TRUE(parsed("{}").control_ui.enabled);
  EXPECT_THAT(parsed("{}").control_ui.allowed_origins, IsEmpty());
}

TEST_F(Browser, OriginsThatAreMoreOrLessThanOneAreRefused) {
  for (const char* bad : {"*", "https://*.example.org", "null", "example.org", "https://",
                          "https:", "https://x/", "https://u@x", "https://x:0", "https://x:99999",
                          "https://x y", "https://[::1", "https://x?y", ""}) {
    EXPECT_THAT(refusal("{gateway: {controlUi: {allowedOrigins: ['" + std::string(bad) + "']}}}"),
                HasSubstr("c.json:1:"))
        << bad;
  }
  EXPECT_THAT(refusal("{gateway: {publicOrigin: 'wss://x'}}"), HasSubstr("gateway.publicOrigin"));
}

TEST_F(Browser, PathsAreChecked) {
  for (const char* bad : {"spine", "/a//b", "/../x", "/a?b", "/a b", "/<x>"}) {
    EXPECT_THAT(refusal("{gateway: {controlUi: {basePath: '" + std::string(bad) + "'}}}"),
                HasSubstr("gateway.controlUi.basePath must be"))
        << bad;
  }
  EXPECT_THAT(refusal("{gateway: {controlUi: {root: '/nonexistent'}}}"),
              HasSubstr("is not a directory"));
  EXPECT_EQ(parsed("{gateway: {controlUi: {root: '" + dir_.string() + "'}}}").control_ui.root,
            dir_);
}

TEST_F(Browser, LimitsOfAttemptsCannotBeTakenAway) {
  const Config config = parsed(
      "{gateway: {auth: {rateLimit: {maxAttempts: 3, windowMs: 20000, lockoutMs: 600000,"
      " exemptLoopback: false}}}}");
  EXPECT_EQ(config.auth_rate_limit.max_attempts, 3U);
  EXPECT_EQ(config.auth_rate_limit.window_ms, 20'000U);
  EXPECT_EQ(config.auth_rate_limit.lockout_ms, 600'000U);
  EXPECT_FALSE(config.auth_rate_limit.exempt_loopback);
  for (const char* weak : {"maxAttempts: 101", "maxAttempts: 0", "windowMs: 1", "lockoutMs: 0"}) {
    EXPECT_THAT(refusal("{gateway: {auth: {rateLimit: {" + std::string(weak) + "}}}}"),
                HasSubstr("it must be a whole number from"))
        << weak;
  }
}

}  // namespace
}  // namespace spine::config
