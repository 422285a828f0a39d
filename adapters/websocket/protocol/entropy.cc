// getrandom, and comparison of secrets.
#include "adapters/websocket/protocol/entropy.h"

#include <cerrno>
#include <openssl/crypto.h>
#include <sys/random.h>

#include "engine/state_dir/token.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/sha256.h"

namespace spine::net {

Bits128 Entropy::next() {
  if (left_ == 0) {
    auto* at = reinterpret_cast<std::byte*>(pool_.data());
    std::size_t missing = sizeof(pool_);
    while (missing != 0) {
      const ssize_t got = ::getrandom(at, missing, 0);
      SPINE_CHECK(got > 0 || errno == EINTR);
      if (got <= 0) continue;
      at += got;
      missing -= static_cast<std::size_t>(got);
    }
    left_ = pool_.size();
  }
  return pool_[--left_];
}

std::string new_device_token() {
  Result<std::string> token = state_dir::make_token();
  SPINE_CHECK(token && "the kernel gives no random numbers");
  return std::move(*token);
}

bool secret_equal(std::string_view given, std::string_view secret) {
  // Digests have one length, so neither content nor length of the secret shows in the time taken.
  const Digest256 a = sha256_of(given);
  const Digest256 b = sha256_of(secret);
  const bool equal = CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
  return equal && !secret.empty();
}

}  // namespace spine::net
