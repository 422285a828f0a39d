// Tests of journal/crc32c.h.
#include "journal/crc32c.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace spine::journal {
namespace {

std::vector<std::byte> noise(std::size_t bytes) {
  std::vector<std::byte> out(bytes);
  std::uint64_t x = 88172645463325252ULL;
  for (std::byte& byte : out) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    byte = static_cast<std::byte>(x);
  }
  return out;
}

// RFC 3720, appendix B.4.
TEST(Crc32c, GivesTheValuesOfTheStandard) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0})), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0xFF})), 0x62A8AB43U);
  EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, TheInstructionAndTheTablesAgreeAtEveryLengthAndAddress) {
  const auto bytes = noise(40'000);
  const ByteSpan all(bytes);
  for (std::size_t n = 0; n < 1'700; ++n) {
    const ByteSpan part = all.subspan(n % 9, n);
    ASSERT_EQ(crc32c(part), detail::crc32c_extend_portable(0, part)) << n;
  }
  for (std::size_t n = 12'200; n < 40'000 - 9; n += 997) {
    const ByteSpan part = all.subspan(n % 9, n);
    ASSERT_EQ(crc32c(part), detail::crc32c_extend_portable(0, part)) << n;
  }
}

TEST(Crc32c, ExtendingIsTheSameAsOnePass) {
  const auto bytes = noise(30'000);
  const ByteSpan all(bytes);
  const std::uint32_t whole = crc32c(all);
  for (std::size_t cut = 0; cut < all.size(); cut += 1'213) {
    EXPECT_EQ(crc32c_extend(crc32c(all.first(cut)), all.subspan(cut)), whole);
  }
}

}  // namespace
}  // namespace spine::journal
