// Tests of schemas/vocab/sha256.h.
#include "schemas/vocab/sha256.h"

#include <gtest/gtest.h>

#include "schemas/vocab/show.h"

namespace spine {
namespace {

// FIPS 180-2, appendix B.1 and B.2.
TEST(Sha256Of, GivesTheDigestsOfTheStandardAgainAndAgain) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(show_hex(sha256_of("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(show_hex(sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(show_hex(sha256_of("")),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }
}

}  // namespace
}  // namespace spine
