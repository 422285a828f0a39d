// Sha256: the hash that chains blocks, through OpenSSL, without allocation once constructed.
#pragma once

#include <memory>

#include "journal/block.h"
#include "schemas/vocab/bytes.h"

struct evp_md_ctx_st;

namespace spine::journal {

// Thread: one at a time. Constructing fetches the algorithm (microseconds); keep one where many
// blocks are hashed.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept = default;
  Sha256& operator=(Sha256&&) noexcept = default;

  // A failure inside OpenSSL is fatal: there is no answer to give.
  Digest256 of(ByteSpan bytes);

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_{};
};

}  // namespace spine::journal
