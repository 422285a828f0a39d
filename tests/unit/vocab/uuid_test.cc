// Tests of schemas/vocab/uuid.h.
#include "schemas/vocab/uuid.h"

#include <gtest/gtest.h>

namespace spine {
namespace {

TEST(Uuid, IsWrittenWithItsHighHalfFirst) {
  constexpr Bits128 kId{.hi = 0x8f14e45fceea467fULL, .lo = 0x9d4e8f14e45fceeaULL};
  std::string text{"id "};
  append_uuid(text, kId);
  EXPECT_EQ(text, "id 8f14e45f-ceea-467f-9d4e-8f14e45fceea");
  text.clear();
  append_hex(text, kId);
  EXPECT_EQ(text, "8f14e45fceea467f9d4e8f14e45fceea");
}

TEST(Uuid, HasVersionAndVariant) {
  EXPECT_EQ(as_uuid({.hi = ~0ULL, .lo = ~0ULL}),
            (Bits128{.hi = 0xffffffffffff4fffULL, .lo = 0xbfffffffffffffffULL}));
  EXPECT_EQ(as_uuid({}), (Bits128{.hi = 0x4000ULL, .lo = 0x8000000000000000ULL}));
}

}  // namespace
}  // namespace spine
