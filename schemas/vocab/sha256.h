// SHA-256, for those who link OpenSSL.
#pragma once

#include <memory>
#include <openssl/evp.h>
#include <string_view>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/check.h"

namespace spine {

// The SHA-256 of bytes that come one after the other. A failure inside OpenSSL is fatal. Thread:
// one.
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    SPINE_CHECK(context_ != nullptr);
    SPINE_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(ByteSpan bytes) {
    SPINE_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  // Of all that was added; nothing can be added after it.
  Digest256 finish() {
    Digest256 digest{};
    SPINE_CHECK(EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()),
                                   nullptr) == 1);
    return digest;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// A failure inside OpenSSL is fatal: there is no answer to give. Thread: any. Each keeps a context,
// as fetching the algorithm takes microseconds and allocates.
inline Digest256 sha256_of(ByteSpan bytes) {
  using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
  thread_local const Context context = [] {
    Context fresh{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    SPINE_CHECK(fresh != nullptr);
    SPINE_CHECK(EVP_DigestInit_ex(fresh.get(), EVP_sha256(), nullptr) == 1);
    return fresh;
  }();
  Digest256 digest{};
  // A null type: starts again with the algorithm of the context.
  SPINE_CHECK(EVP_DigestInit_ex(context.get(), nullptr, nullptr) == 1);
  SPINE_CHECK(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  SPINE_CHECK(EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()),
                                 nullptr) == 1);
  return digest;
}
inline Digest256 sha256_of(std::string_view text) {
  return sha256_of(as_bytes(text));
}

}  // namespace spine
