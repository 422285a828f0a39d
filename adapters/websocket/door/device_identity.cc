// The signed payload, and Ed25519 through libsodium (RFC 8032).
#include "adapters/websocket/door/device_identity.h"

#include <openssl/evp.h>
#include <sodium.h>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/base64.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/show.h"

namespace spine::net {
namespace {

constexpr std::size_t kKeyBytes = crypto_sign_PUBLICKEYBYTES;
constexpr std::size_t kSignatureBytes = crypto_sign_BYTES;

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Ed25519 is libsodium's: OpenSSL takes keys and points of small order, under which anybody can
// sign (the key 01 00 .. 00 holds with R = 01 00 .. 00 and S = 0, for every text), and more than
// one encoding of a point. A signature under such a "key" proves nothing.
void ready_sodium() {
  static const int ready = sodium_init();
  SPINE_CHECK(ready >= 0);
}

// Whether a private key can belong to it: a point of the large prime order, canonically encoded.
bool is_key(std::string_view raw) {
  ready_sodium();
  return raw.size() == kKeyBytes && crypto_core_ed25519_is_valid_point(octets(raw)) == 1;
}

// REQUIRES: is_key(key), a signature of kSignatureBytes.
bool signature_holds(std::string_view key, std::string_view signature, std::string_view payload) {
  return crypto_sign_verify_detached(octets(signature), octets(payload), payload.size(),
                                     octets(key)) == 0;
}

// Trimmed of white space, ASCII letters in lower case.
std::string folded_name(std::string_view text) {
  return lower_case(trimmed(text, " \t\r\n\v\f"));
}

}  // namespace

std::string raw_public_key(const DeviceProof& proof) {
  return decode_base64url(proof.public_key).value_or("");
}

std::string signed_payload(int version, const DeviceProof& proof, const SignedClaims& claims) {
  std::string out = version == 3 ? "v3" : "v2";
  const std::string signed_at = std::to_string(proof.signed_at_ms);
  for (const std::string_view field :
       {std::string_view{proof.id}, claims.client_id, claims.client_mode, claims.role,
        claims.scopes, std::string_view{signed_at}, claims.token, std::string_view{proof.nonce}}) {
    out += '|';
    out += field;
  }
  if (version == 3) {
    out += '|' + folded_name(claims.platform);
    out += '|' + folded_name(claims.device_family);
  }
  return out;
}

DeviceFault verify_device(const DeviceProof& proof, const SignedClaims& claims,
                          const ChallengeFacts& challenge) {
  const std::string raw = raw_public_key(proof);
  if (raw.empty() || show_hex(sha256_of(raw)) != proof.id) return DeviceFault::id_mismatch;
  // Without subtracting: the client chooses the number, so a difference could overflow.
  if (proof.signed_at_ms > challenge.now_ms + kSignatureAgeMsMax ||
      proof.signed_at_ms < challenge.now_ms - kSignatureAgeMsMax) {
    return DeviceFault::signature_expired;
  }
  if (proof.nonce.empty()) return DeviceFault::nonce_missing;
  if (proof.nonce != challenge.nonce) return DeviceFault::nonce_mismatch;
  if (!is_key(raw)) return DeviceFault::bad_public_key;
  const std::optional<std::string> signature = decode_base64url(proof.signature);
  if (!signature || signature->size() != kSignatureBytes) return DeviceFault::bad_signature;
  for (const int version : {3, 2}) {
    if (signature_holds(raw, *signature, signed_payload(version, proof, claims))) {
      return DeviceFault::none;
    }
  }
  return DeviceFault::bad_signature;
}

}  // namespace spine::net
