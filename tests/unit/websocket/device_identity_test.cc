// Device identity: base64url, the signed texts, and every way a proof fails.
#include "adapters/websocket/device_identity.h"

#include <gtest/gtest.h>

#include "tests/support/test_key.h"

namespace spine::net {
namespace {

using test::TestKey;

constexpr std::int64_t kSignedAt = 1'700'000'000'000;
constexpr std::string_view kNonce = "9f0c6d1e-nonce";
constexpr SignedClaims kClaims{.client_id = "openclaw-tui",
                               .client_mode = "ui",
                               .role = "operator",
                               .scopes = "operator.read,operator.write",
                               .token = "tok",
                               .platform = "  Linux\t",
                               .device_family = "LinUX"};

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16)));
  return out;
}

std::string base64url(std::string_view text) {
  return encode_base64url({reinterpret_cast<const std::byte*>(text.data()), text.size()});
}

DeviceFault verify(const DeviceProof& proof, std::string_view nonce = kNonce,
                   std::int64_t now_ms = kSignedAt) {
  return verify_device(proof, kClaims, {.nonce = nonce, .now_ms = now_ms});
}

// RFC 8032 section 7.1, test 1.
TEST(DeviceIdentity, KeysAreThoseOfRfc8032) {
  std::array<unsigned char, 32> seed{};
  const std::string bytes =
      from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  std::copy(bytes.begin(), bytes.end(), seed.begin());
  const TestKey key{seed};
  const std::string raw =
      from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(key.raw(), raw);
  EXPECT_EQ(key.sign(""), base64url(from_hex(
                              "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                              "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")));
  EXPECT_EQ(key.public_key(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
  EXPECT_EQ(key.device_id(), "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9");
  EXPECT_EQ(verify(key.proof(kClaims, kNonce, kSignedAt)), DeviceFault::none);
}

TEST(DeviceIdentity, SignedTextsAreTheObservedOnes) {
  const DeviceProof proof{.id = "abc", .signed_at_ms = 17, .nonce = "n-1"};
  EXPECT_EQ(signed_payload(3, proof, kClaims),
            "v3|abc|openclaw-tui|ui|operator|operator.read,operator.write|17|tok|n-1|linux|linux");
  EXPECT_EQ(signed_payload(2, proof, kClaims),
            "v2|abc|openclaw-tui|ui|operator|operator.read,operator.write|17|tok|n-1");
  EXPECT_EQ(signed_payload(3, proof, {.client_id = "cli", .client_mode = "cli"}),
            "v3|abc|cli|cli|||17||n-1||");
  // ASCII alone is made small: other letters are signed as they are.
  EXPECT_EQ(signed_payload(3, proof, {.platform = "\xC3\x84 X ", .device_family = " \n "}),
            "v3|abc|||||17||n-1|\xC3\x84 x|");
}

TEST(DeviceIdentity, BothVersionsAreAccepted) {
  const TestKey key{7};
  EXPECT_EQ(verify(key.proof(kClaims, kNonce, kSignedAt, 3)), DeviceFault::none);
  EXPECT_EQ(verify(key.proof(kClaims, kNonce, kSignedAt, 2)), DeviceFault::none);
}

TEST(DeviceIdentity, EveryMemberIsSigned) {
  const TestKey key{7};
  const DeviceProof proof = key.proof(kClaims, kNonce, kSignedAt);
  const auto with = [&](auto change) {
    SignedClaims claims = kClaims;
    change(claims);
    return verify_device(proof, claims, {.nonce = kNonce, .now_ms = kSignedAt});
  };
  const DeviceFault bad = DeviceFault::bad_signature;
  EXPECT_EQ(with([](SignedClaims& c) { c.client_id = "cli"; }), bad);
  EXPECT_EQ(with([](SignedClaims& c) { c.client_mode = "cli"; }), bad);
  EXPECT_EQ(with([](SignedClaims& c) { c.role = "node"; }), bad);
  EXPECT_EQ(with([](SignedClaims& c) { c.scopes = "operator.admin"; }), bad);
  EXPECT_EQ(with([](SignedClaims& c) { c.token = "other"; }), bad);
  EXPECT_EQ(with([](SignedClaims& c) { c.platform = "macos"; }), bad);
  EXPECT_EQ(with([](SignedClaims& c) { c.device_family = ""; }), bad);
  EXPECT_EQ(with([](SignedClaims& c) { c.platform = "LINUX"; }), DeviceFault::none);
}

TEST(DeviceIdentity, FaultsAreFoundInOrder) {
  const TestKey key{7};
  const DeviceProof good = key.proof(kClaims, kNonce, kSignedAt);
  DeviceProof proof = good;
  proof.signature = base64url(std::string(64, 's'));
  EXPECT_EQ(verify(proof), DeviceFault::bad_signature);
  proof.nonce = "another";
  EXPECT_EQ(verify(proof), DeviceFault::nonce_mismatch);
  proof.nonce = "";
  EXPECT_EQ(verify(proof), DeviceFault::nonce_missing);
  EXPECT_EQ(verify(proof, kNonce, kSignedAt + kSignatureAgeMsMax + 1),
            DeviceFault::signature_expired);
  proof.id = TestKey{8}.device_id();
  EXPECT_EQ(verify(proof, kNonce, kSignedAt + kSignatureAgeMsMax + 1), DeviceFault::id_mismatch);
}

TEST(DeviceIdentity, KeysOfAnotherLengthAreNoKeys) {
  DeviceProof proof = TestKey{7}.proof(kClaims, kNonce, kSignedAt);
  const std::string raw(31, 'k');
  proof.public_key = base64url(raw);
  proof.id = hex_of(sha256_of(raw));
  EXPECT_EQ(verify(proof), DeviceFault::bad_public_key);
  proof.public_key = "";
  EXPECT_EQ(verify(proof), DeviceFault::id_mismatch);
}

TEST(DeviceIdentity, SignaturesAgeIsBoundedBothWays) {
  const DeviceProof proof = TestKey{7}.proof(kClaims, kNonce, kSignedAt);
  for (const std::int64_t off : {-kSignatureAgeMsMax, std::int64_t{0}, kSignatureAgeMsMax}) {
    EXPECT_EQ(verify(proof, kNonce, kSignedAt + off), DeviceFault::none) << off;
  }
  for (const std::int64_t off : {-kSignatureAgeMsMax - 1, kSignatureAgeMsMax + 1}) {
    EXPECT_EQ(verify(proof, kNonce, kSignedAt + off), DeviceFault::signature_expired) << off;
  }
}

TEST(DeviceIdentity, SignaturesHaveOneSpelling) {
  const TestKey key{7};
  const DeviceProof good = key.proof(kClaims, kNonce, kSignedAt);
  DeviceProof proof = good;
  proof.signature += "==";
  EXPECT_EQ(verify(proof), DeviceFault::bad_signature) << "padded";
  proof = good;
  proof.signature.pop_back();
  EXPECT_EQ(verify(proof), DeviceFault::bad_signature) << "short";
  proof = good;
  proof.id[0] = static_cast<char>(proof.id[0] ^ 1);
  EXPECT_EQ(verify(proof), DeviceFault::id_mismatch);
}

TEST(Base64Url, IsItsOwnInverse) {
  EXPECT_EQ(base64url(""), "");
  EXPECT_EQ(base64url("f"), "Zg");
  EXPECT_EQ(base64url("fo"), "Zm8");
  EXPECT_EQ(base64url("foo"), "Zm9v");
  EXPECT_EQ(base64url("\xFB\xEF\xBE\xFF"), "----_w");
  std::string text;
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(decode_base64url(base64url(text)), text);
    text.push_back(static_cast<char>(i * 37));
  }
}

TEST(Base64Url, OtherSpellingsAreRefused) {
  EXPECT_EQ(decode_base64url("Zg"), "f");
  for (const std::string_view bad :
       {"Zg==", "Zh", "Zm9", "Zm9v=", "Z", "Zm+v", "Zm/v", "Zm9 v", "Zm9v\n", "Zm9vZ"}) {
    EXPECT_EQ(decode_base64url(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace spine::net
