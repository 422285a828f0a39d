// Tests of schemas/vocab/base64.h.
#include "schemas/vocab/base64.h"

#include <gtest/gtest.h>

namespace spine {
namespace {

TEST(Base64Url, IsItsOwnInverse) {
  EXPECT_EQ(encode_base64url(as_bytes("")), "");
  EXPECT_EQ(encode_base64url(as_bytes("f")), "Zg");
  EXPECT_EQ(encode_base64url(as_bytes("fo")), "Zm8");
  EXPECT_EQ(encode_base64url(as_bytes("foo")), "Zm9v");
  EXPECT_EQ(encode_base64url(as_bytes("\xFB\xEF\xBE\xFF")), "----_w");
  std::string text;
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(decode_base64url(encode_base64url(as_bytes(text))), text);
    text.push_back(static_cast<char>(i * 37));
  }
}

TEST(Base64Url, OtherSpellingsAreRefused) {
  EXPECT_EQ(decode_base64url("Zg"), "f");
  for (const std::string_view bad :
       {"Zg==", "Zh", "Zm9", "Zm9v=", "Z", "Zm+v", "Zm/v", "Zm9 v", "Zm9v\n", "Zm9vZ"}) {
    EXPECT_EQ(decode_base64url(bad), std::nullopt) << bad;
  }
}

TEST(Base64, IsPadded) {
  EXPECT_EQ(encode_base64(as_bytes("")), "");
  EXPECT_EQ(encode_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(encode_base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(encode_base64(as_bytes("foo")), "Zm9v");
  EXPECT_EQ(encode_base64(as_bytes("\xFB\xEF\xBE\xFF")), "++++/w==");
}

}  // namespace
}  // namespace spine
