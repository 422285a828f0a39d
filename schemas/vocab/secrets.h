// Secrets: their comparison.
#pragma once

#include <openssl/crypto.h>
#include <string_view>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/sha256.h"

namespace spine {

// Whether the two are equal, compared in constant time. An empty secret equals nothing.
inline bool secret_equal(std::string_view given, std::string_view secret) {
  // Digests have one length, so neither content nor length of the secret shows in the time taken.
  const Digest256 a = sha256_of(given);
  const Digest256 b = sha256_of(secret);
  const bool equal = CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
  return equal && !secret.empty();
}

}  // namespace spine
