// getrandom, UUID text, and comparison of secrets.
#include "adapters/websocket/entropy.h"

#include <cerrno>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/random.h>

#include "schemas/vocab/check.h"

namespace spine::net {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void append_digits(std::string& out, std::uint64_t value, int from, int count) {
  for (int i = from; i < from + count; ++i)
    out += kHex[(value >> (60 - 4 * i)) & 15];
}

}  // namespace

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

Bits128 as_uuid(Bits128 bits) {
  bits.hi = (bits.hi & ~0xF000ULL) | 0x4000ULL;
  bits.lo = (bits.lo & ~(3ULL << 62)) | (2ULL << 62);
  return bits;
}

void append_uuid(std::string& out, Bits128 uuid) {
  append_digits(out, uuid.hi, 0, 8);
  out += '-';
  append_digits(out, uuid.hi, 8, 4);
  out += '-';
  append_digits(out, uuid.hi, 12, 4);
  out += '-';
  append_digits(out, uuid.lo, 0, 4);
  out += '-';
  append_digits(out, uuid.lo, 4, 12);
}

std::string uuid_text(Bits128 uuid) {
  std::string text;
  append_uuid(text, uuid);
  return text;
}

void append_hex(std::string& out, Bits128 bits) {
  append_digits(out, bits.hi, 0, 16);
  append_digits(out, bits.lo, 0, 16);
}

std::string hex_text(Bits128 bits) {
  std::string text;
  append_hex(text, bits);
  return text;
}

bool secret_equal(std::string_view given, std::string_view secret) {
  // Digests have one length, so neither content nor length of the secret shows in the time taken.
  std::array<unsigned char, SHA256_DIGEST_LENGTH> a{};
  std::array<unsigned char, SHA256_DIGEST_LENGTH> b{};
  SHA256(reinterpret_cast<const unsigned char*>(given.data()), given.size(), a.data());
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), b.data());
  const bool equal = CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
  return equal && !secret.empty();
}

}  // namespace spine::net
