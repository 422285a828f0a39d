// Tests of journal/sha256.h.
#include "journal/sha256.h"

#include <gtest/gtest.h>
#include <string>

namespace spine::journal {
namespace {

std::string hex(const Digest256& digest) {
  std::string text;
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const std::byte byte : digest) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15U];
  }
  return text;
}

// FIPS 180-2, appendix B.1 and B.2.
TEST(Sha256, GivesTheValuesOfTheStandardAgainAndAgain) {
  Sha256 sha256;
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(hex(sha256.of(as_bytes("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(sha256.of(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hex(sha256.of({})),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }
}

}  // namespace
}  // namespace spine::journal
