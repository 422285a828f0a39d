// SHA-256 through OpenSSL's EVP interface.
#include "journal/sha256.h"

#include <openssl/evp.h>

namespace spine::journal {

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  SPINE_CHECK(context_ != nullptr);
  SPINE_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

Digest256 Sha256::of(ByteSpan bytes) {
  Digest256 digest{};
  // Without a type the context starts again with the one it has.
  SPINE_CHECK(EVP_DigestInit_ex(context_.get(), nullptr, nullptr) == 1);
  SPINE_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  SPINE_CHECK(EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()),
                                 nullptr) == 1);
  return digest;
}

}  // namespace spine::journal
