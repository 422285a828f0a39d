// TestKey: an Ed25519 key of tests, made from a seed, that signs as a client's device does.
#pragma once

#include <array>
#include <memory>
#include <openssl/evp.h>
#include <string>
#include <string_view>

#include "adapters/websocket/door/device_identity.h"
#include "schemas/vocab/base64.h"
#include "schemas/vocab/sha256.h"
#include "schemas/vocab/show.h"

namespace spine::test {

class TestKey {
 public:
  // A key whose seed is 32 times this byte.
  explicit TestKey(unsigned char byte) : TestKey(seed_of(byte)) {}
  explicit TestKey(const std::array<unsigned char, 32>& seed)
      : key_(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()),
             EVP_PKEY_free) {
    std::size_t bytes = 32;
    raw_.resize(bytes);
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw_.data()), &bytes);
  }

  const std::string& raw() const { return raw_; }
  std::string device_id() const { return show_hex(sha256_of(raw_)); }
  std::string public_key() const { return encode_base64url(as_bytes(raw_)); }
  // Base64url.
  std::string sign(std::string_view text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free};
    std::string signature(64, '\0');
    std::size_t bytes = signature.size();
    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &bytes,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    return encode_base64url(as_bytes(signature));
  }
  // The proof of a device with this key; its nonce and time are what the claims are signed with.
  net::DeviceProof proof(const net::SignedClaims& claims, std::string_view nonce,
                         std::int64_t signed_at_ms, int version = 3) const {
    net::DeviceProof proof{.id = device_id(),
                           .public_key = public_key(),
                           .signed_at_ms = signed_at_ms,
                           .nonce = std::string{nonce}};
    proof.signature = sign(net::signed_payload(version, proof, claims));
    return proof;
  }

 private:
  static std::array<unsigned char, 32> seed_of(unsigned char byte) {
    std::array<unsigned char, 32> seed{};
    seed.fill(byte);
    return seed;
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::string raw_{};
};

}  // namespace spine::test
