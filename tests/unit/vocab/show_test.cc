// Tests of schemas/vocab/show.h: what people read, and what a terminal must not get.
#include "schemas/vocab/show.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include "schemas/vocab/uuid.h"

namespace spine {
namespace {

// Sets the zone for one test.
class Zone {
 public:
  explicit Zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

TEST(Show, TimesCarryTheirOffsetFromUtc) {
  {
    const Zone zone("EAST-05:30");
    EXPECT_EQ(show_time(1'700'000'000'123), "2023-11-15 03:43:20.123+05:30");
  }
  {
    const Zone zone("WEST08");
    EXPECT_EQ(show_time(-1), "1969-12-31 15:59:59.999-08:00");
  }
}

TEST(Show, SizesDurationsAndCountsAreShort) {
  EXPECT_EQ(show_bytes(1023), "1023 B");
  EXPECT_EQ(show_bytes(1536), "1.5 KiB");
  EXPECT_EQ(show_bytes(UINT64_MAX), "16.0 EiB");
  EXPECT_EQ(show_duration_ms(999), "999 ms");
  EXPECT_EQ(show_duration_ms(12'345), "12.3 s");
  EXPECT_EQ(show_duration_ms(90'061'000), "1 d 1 h");
  EXPECT_EQ(show_count(999), "999");
  EXPECT_EQ(show_count(1'000), "1,000");
  EXPECT_EQ(show_count(12'345'678), "12,345,678");
}

TEST(Show, IdsAreHexadecimal) {
  const Bits128 id{0x0123456789ABCDEF, 0xFEDCBA9876543210};
  EXPECT_EQ(uuid_string(id), "01234567-89ab-cdef-fedc-ba9876543210");
  EXPECT_EQ(show_hex(id), "0123456789abcdeffedcba9876543210");
  EXPECT_EQ(show_hex(as_bytes(std::string_view("\x00\xff", 2))), "00ff");
}

TEST(Neutralise, ControlCharactersAndReorderingMarksBecomeVisible) {
  EXPECT_EQ(printable("a\x1b[31mb\x7f"), "a\\x1b[31mb\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\x9b");
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\u202e");
  EXPECT_EQ(printable("a\nb\tc"), "a\\nb\\tc");
  EXPECT_EQ(printable("a\nb\tc\r", true), "a\nb\tc\\r");
}

TEST(Neutralise, TextStaysAndWhatIsNotUtf8IsEscaped) {
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f \xf0\x9f\x99\x82"),
            "gr\xc3\xbc\xc3\x9f \xf0\x9f\x99\x82");
  EXPECT_EQ(printable("\x9b"
                      "31m"),
            "\\x9b31m");
  EXPECT_EQ(printable("\xc0\xaf\xed\xa0\x80\xf5"), "\\xc0\\xaf\\xed\\xa0\\x80\\xf5");
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");
}

}  // namespace
}  // namespace spine
