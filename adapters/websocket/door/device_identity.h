// DeviceIdentity: proof that a client holds the Ed25519 key of the device it says it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/sha256.h"

namespace spine::net {

// connect's `device`.
struct DeviceProof {
  std::string id{};          // lower-case hex SHA-256 of the raw public key
  std::string public_key{};  // base64url of the raw 32 bytes
  std::string signature{};   // base64url
  std::int64_t signed_at_ms{};
  std::string nonce{};
};

// What the signature covers besides the device's own members. Borrowed.
struct SignedClaims {
  std::string_view client_id{};
  std::string_view client_mode{};
  std::string_view role{};
  std::string_view scopes{};  // joined with ","
  std::string_view token{};   // auth.token, else deviceToken, else bootstrapToken
  std::string_view platform{};
  std::string_view device_family{};
};

// What the challenge of this connection was, and what time it is.
struct ChallengeFacts {
  std::string_view nonce{};
  std::int64_t now_ms{};
};

// In the order in which they are checked.
enum class DeviceFault : std::uint8_t {
  none,
  id_mismatch,
  signature_expired,
  nonce_missing,
  nonce_mismatch,
  bad_public_key,
  bad_signature,
};

// How far signedAt may be from this machine's clock.
inline constexpr std::int64_t kSignatureAgeMsMax = 120'000;

// Checks id, age, nonce and signature, the latter over the payload of version 3 or of version 2.
DeviceFault verify_device(const DeviceProof& proof, const SignedClaims& claims,
                          const ChallengeFacts& challenge);

// The text that is signed: version 3, or version 2 without platform and device family.
std::string signed_payload(int version, const DeviceProof& proof, const SignedClaims& claims);

// The raw key of a proof that was verified.
std::string raw_public_key(const DeviceProof& proof);

}  // namespace spine::net
