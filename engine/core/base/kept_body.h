// KeptBody: a copy of one event's body, aligned as FlatBuffers want it.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "schemas/vocab/bytes.h"

namespace spine::core {

// Thread: whoever owns it.
class KeptBody {
 public:
  KeptBody() = default;
  explicit KeptBody(ByteSpan body)
      : words_(body.size() / 8 + (body.size() % 8 != 0 ? 1 : 0)), bytes_(body.size()) {
    if (!body.empty()) std::memcpy(words_.data(), body.data(), body.size());
  }

  bool empty() const { return bytes_ == 0; }
  // 8-aligned. Borrowed until the copy is assigned to or goes away.
  ByteSpan view() const { return {reinterpret_cast<const std::byte*>(words_.data()), bytes_}; }

 private:
  std::vector<std::uint64_t> words_{};
  std::size_t bytes_{};
};

}  // namespace spine::core
