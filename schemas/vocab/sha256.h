// SHA-256 of a text, for those who link OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <openssl/sha.h>
#include <string_view>

#include "schemas/vocab/check.h"

namespace spine {

using Digest256 = std::array<std::byte, 32>;

inline Digest256 sha256_of(std::string_view text) {
  Digest256 digest{};
  // A failure inside OpenSSL is fatal: there is no answer to give.
  SPINE_CHECK(::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       reinterpret_cast<unsigned char*>(digest.data())) != nullptr);
  return digest;
}

}  // namespace spine
