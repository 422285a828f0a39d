// Tests of schemas/vocab/bytes.h.
#include "schemas/vocab/bytes.h"

#include <array>
#include <cstdint>
#include <gtest/gtest.h>

namespace spine {
namespace {

TEST(Bytes, Align8RoundsUpAndKeepsMultiples) {
  EXPECT_EQ(align8(0), 0U);
  EXPECT_EQ(align8(1), 8U);
  EXPECT_EQ(align8(7), 8U);
  EXPECT_EQ(align8(8), 8U);
  EXPECT_EQ(align8(9), 16U);
}

TEST(Bytes, IsAligned8LooksAtTheAddress) {
  alignas(8) std::array<std::byte, 16> storage{};
  EXPECT_TRUE(is_aligned8(storage.data()));
  for (std::size_t i = 1; i < 8; ++i)
    EXPECT_FALSE(is_aligned8(storage.data() + i));
  EXPECT_TRUE(is_aligned8(storage.data() + 8));
}

TEST(Bytes, LoadGivesBackWhatStorePutAtAnyAddress) {
  std::array<std::byte, 32> storage{};
  for (std::size_t at = 0; at < 8; ++at) {
    store(storage.data() + at, std::uint64_t{0x0123456789abcdef} + at);
    EXPECT_EQ(load<std::uint64_t>(storage.data() + at), 0x0123456789abcdefULL + at);
  }
}

TEST(Bytes, StoredIntegersAreLittleEndian) {
  std::array<std::byte, 4> storage{};
  store(storage.data(), std::uint32_t{0x04030201});
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(storage[i], static_cast<std::byte>(i + 1));
}

TEST(Bytes, TextAndBytesAreViewsOfTheSameMemory) {
  const std::string_view text = "a\0b";
  const ByteSpan bytes = as_bytes(text);
  EXPECT_EQ(static_cast<const void*>(bytes.data()), text.data());
  EXPECT_EQ(as_text(bytes), text);
}

}  // namespace
}  // namespace spine
