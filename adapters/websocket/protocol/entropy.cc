// getrandom.
#include "adapters/websocket/protocol/entropy.h"

#include <cerrno>
#include <sys/random.h>

#include "engine/state_dir/token.h"
#include "schemas/vocab/check.h"

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

}  // namespace spine::net
