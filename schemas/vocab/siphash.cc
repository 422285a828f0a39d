// SipHash-2-4-128.
#include "schemas/vocab/siphash.h"

#include <bit>

namespace spine {
namespace {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }

  std::uint64_t finish() {
    for (int i = 0; i < 4; ++i)
      round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

}  // namespace

Bits128 siphash128(Bits128 key, ByteSpan data) {
  // lo is the first half of the key in the reference's byte order.
  SipState s{key.lo ^ 0x736f6d6570736575ULL, key.hi ^ 0x646f72616e646f6dULL ^ 0xeeULL,
             key.lo ^ 0x6c7967656e657261ULL, key.hi ^ 0x7465646279746573ULL};
  const std::size_t whole = data.size() & ~std::size_t{7};
  for (std::size_t i = 0; i < whole; i += 8)
    s.absorb(load<std::uint64_t>(data.data() + i));
  std::uint64_t tail = std::uint64_t{data.size()} << 56;
  for (std::size_t i = whole; i < data.size(); ++i) {
    tail |= std::to_integer<std::uint64_t>(data[i]) << (8 * (i - whole));
  }
  s.absorb(tail);
  s.v2 ^= 0xee;
  const std::uint64_t first = s.finish();
  s.v1 ^= 0xdd;
  const std::uint64_t second = s.finish();
  return Bits128{.hi = second, .lo = first};
}

}  // namespace spine
