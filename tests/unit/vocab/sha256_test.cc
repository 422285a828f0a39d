// Tests of schemas/vocab/sha256.h.
#include "schemas/vocab/sha256.h"

#include <gtest/gtest.h>

#include "schemas/vocab/show.h"

namespace spine {
namespace {

TEST(Sha256Of, GivesTheDigestsOfFips180) {
  EXPECT_EQ(show_hex(sha256_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(show_hex(sha256_of("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace spine
