// Tests of schemas/vocab/siphash.h against the vectors of the reference implementation.
#include "schemas/vocab/siphash.h"

#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace spine {
namespace {

// Key 00 01 .. 0f; the first half of the key and of the output is the low word.
constexpr Bits128 kKey{.hi = 0x0f0e0d0c0b0a0908ULL, .lo = 0x0706050403020100ULL};

struct Vector {
  std::size_t bytes{};  // message 00 01 02 ...
  const char* output{};
};

// vectors_sip128 of github.com/veorq/SipHash, also what `openssl mac -macopt size:16 SIPHASH` says.
constexpr std::array<Vector, 12> kVectors{{
    {0, "a3817f04ba25a8e66df67214c7550293"},
    {1, "da87c1d86b99af44347659119b22fc45"},
    {2, "8177228da4a45dc7fca38bdef60affe4"},
    {3, "9c70b60c5267a94e5f33b6b02985ed51"},
    {7, "a1f1ebbed8dbc153c0b84aa61ff08239"},
    {8, "3b62a9ba6258f5610f83e264f31497b4"},
    {9, "264499060ad9baabc47f8b02bb6d71ed"},
    {13, "9869e247e9c08b10d029934fc4b952f7"},
    {14, "31fcefac66d7de9c7ec7485fe4494902"},
    {15, "5493e99933b0a8117e08ec0f97cfc3d9"},
    {16, "6ee2a4ca67b054bbfd3315bf85230577"},
    {63, "5150d1772f50834a503e069a973fbd7c"},
}};

std::string hex(Bits128 value) {
  std::string text;
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const std::uint64_t word : {value.lo, value.hi}) {
    for (int shift = 0; shift < 64; shift += 8) {
      const auto byte = static_cast<unsigned>((word >> shift) & 0xFFU);
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15U];
    }
  }
  return text;
}

std::vector<std::byte> counting(std::size_t bytes) {
  std::vector<std::byte> message(bytes);
  for (std::size_t i = 0; i < bytes; ++i)
    message[i] = static_cast<std::byte>(i);
  return message;
}

TEST(SipHash, GivesTheOutputsOfTheReferenceImplementation) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(hex(siphash128(kKey, counting(vector.bytes))), vector.output) << vector.bytes;
  }
}

TEST(SipHash, DependsOnEveryBitOfTheKey) {
  const auto message = counting(20);
  const Bits128 plain = siphash128(kKey, message);
  for (int bit = 0; bit < 64; ++bit) {
    EXPECT_NE(siphash128({kKey.hi ^ (1ULL << bit), kKey.lo}, message), plain);
    EXPECT_NE(siphash128({kKey.hi, kKey.lo ^ (1ULL << bit)}, message), plain);
  }
}

}  // namespace
}  // namespace spine
