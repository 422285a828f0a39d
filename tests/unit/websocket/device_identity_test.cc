// Device identity: the signed texts, and every way a proof fails.
#include "adapters/websocket/door/device_identity.h"

#include <gtest/gtest.h>

#include "schemas/vocab/base64.h"
#include "schemas/vocab/show.h"
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
  return encode_base64url(as_bytes(text));
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
  proof.id = show_hex(sha256_of(raw));
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

// Every point of small order in every spelling, canonical ones first ("Taming the many EdDSAs",
// Chalkias, Garillot and Nikolaenko 2020, tables 1 and 2).
std::vector<std::string> small_order_points() {
  const auto padded = [](std::string_view first, char fill, std::string_view last) {
    std::string hex{first};
    hex.append(64 - first.size() - last.size(), fill);
    return from_hex(hex.append(last));
  };
  std::vector<std::string> points{
      padded("01", '0', "00"),
      padded("ec", 'f', "7f"),  // orders 1 and 2
      padded("00", '0', "00"),
      padded("00", '0', "80"),                                                       // order 4
      from_hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),  // order 8
      from_hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
      from_hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
      from_hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")};
  for (const std::string_view low : {"ec", "ed", "ee"})  // not canonical: p - 1, p and p + 1
    for (const std::string_view high : {"7f", "ff"})
      if (low != "ec" || high != "7f") points.push_back(padded(low, 'f', high));
  points.push_back(padded("01", '0', "80"));
  return points;
}

DeviceProof proof_of(const std::string& raw, const std::string& signature) {
  return {.id = show_hex(sha256_of(raw)),
          .public_key = base64url(raw),
          .signature = base64url(signature),
          .signed_at_ms = kSignedAt,
          .nonce = std::string{kNonce}};
}

TEST(DeviceIdentity, KeysOfSmallOrderAreNoKeys) {
  const std::vector<std::string> points = small_order_points();
  ASSERT_EQ(points.size(), 14U);
  for (const std::string& key : points) {
    // With S = 0, one of these as R "signs" whatever the challenge is.
    for (const std::string& r : points)
      EXPECT_EQ(verify(proof_of(key, r + std::string(32, '\0'))), DeviceFault::bad_public_key);
  }
}

TEST(DeviceIdentity, KeysThatAreNoPointsOrAnotherSpellingAreNoKeys) {
  const std::string signature(64, '\x01');
  std::string off_the_curve(32, '\0');
  off_the_curve[0] = 2;
  EXPECT_EQ(verify(proof_of(off_the_curve, signature)), DeviceFault::bad_public_key);
  EXPECT_EQ(verify(proof_of(std::string(32, '\xFF'), signature)), DeviceFault::bad_public_key);
  // A good key plus a point of order two: y and x change their signs.
  std::string mixed = TestKey{7}.raw();
  int borrow = 0;
  constexpr std::array<int, 2> kPrimeEnds{0xED, 0x7F};
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    const int of_p = i == 0 ? kPrimeEnds[0] : i == 31 ? kPrimeEnds[1] : 0xFF;
    const int byte = static_cast<unsigned char>(mixed[i]) & (i == 31 ? 0x7F : 0xFF);
    const int left = of_p - byte - borrow;
    borrow = left < 0 ? 1 : 0;
    mixed[i] = static_cast<char>(left + 256 * borrow);
  }
  const bool odd = (static_cast<unsigned char>(TestKey{7}.raw()[31]) & 0x80U) != 0;
  if (!odd) mixed[31] = static_cast<char>(static_cast<unsigned char>(mixed[31]) | 0x80U);
  EXPECT_EQ(verify(proof_of(mixed, signature)), DeviceFault::bad_public_key);
}

// S and S + L hold for the same text: only the smaller one is a signature.
TEST(DeviceIdentity, SignaturesAreNotMalleable) {
  DeviceProof proof = TestKey{7}.proof(kClaims, kNonce, kSignedAt);
  std::string signature = *decode_base64url(proof.signature);
  const std::string order =
      from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned char>(signature[32 + i]);
    carry += static_cast<unsigned char>(order[i]);
    signature[32 + i] = static_cast<char>(carry & 0xFFU);
    carry >>= 8U;
  }
  proof.signature = base64url(signature);
  EXPECT_EQ(verify(proof), DeviceFault::bad_signature);
}

}  // namespace
}  // namespace spine::net
