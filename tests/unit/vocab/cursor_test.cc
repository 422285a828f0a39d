// Cursors: what is written is read back, and nothing else is.
#include "schemas/vocab/cursor.h"

#include <gtest/gtest.h>
#include <string>

namespace spine {
namespace {

std::string text_of_cursor(const Cursor& cursor) {
  std::string out;
  append_cursor(out, cursor);
  return out;
}

TEST(Cursor, IsReadBackAsItWasWritten) {
  const Cursor cursors[] = {
      {.epoch = {1, 2}, .seq = Seq{1}, .ordinal = 1},
      {.epoch = {~std::uint64_t{0}, ~std::uint64_t{0}},
       .seq = Seq{~std::uint64_t{0}},
       .ordinal = kWholeEvent},
      {},
  };
  for (const Cursor& cursor : cursors) {
    Cursor back{.epoch = {9, 9}, .seq = Seq{9}, .ordinal = 9};
    ASSERT_TRUE(parse_cursor(text_of_cursor(cursor), back)) << text_of_cursor(cursor);
    EXPECT_EQ(back.epoch, cursor.epoch);
    EXPECT_EQ(back.seq, cursor.seq);
    EXPECT_EQ(back.ordinal, cursor.ordinal);
  }
  EXPECT_EQ(text_of_cursor(cursors[0]), "00000000000000010000000000000002.1.1");
}

TEST(Cursor, WhatIsNoneIsRefused) {
  const std::string epoch(32, '0');
  Cursor out{};
  EXPECT_TRUE(parse_cursor(epoch + ".1.2", out));
  for (const std::string& bad :
       {std::string{}, epoch, epoch + ".", epoch + ".1", epoch + ".1.", epoch + "..1",
        epoch + ".1.2.3", epoch + ".1.2 ", epoch + ".-1.2", epoch + ".1.-2", epoch + ".+1.2",
        epoch + ".0x1.2", epoch + ".18446744073709551616.1", epoch + ".1.4294967296",
        epoch.substr(1) + ".1.2", "x" + epoch.substr(1) + ".1.2", " " + epoch + ".1.2"}) {
    EXPECT_FALSE(parse_cursor(bad, out)) << bad;
  }
}

TEST(Cursor, TheFourPlacesItCanBeAtAreToldApart) {
  const Bits128 epoch{1, 2};
  const auto place = [&](Bits128 of, std::uint64_t seq) {
    return place_of({.epoch = of, .seq = Seq{seq}, .ordinal = kWholeEvent}, epoch, Seq{5}, Seq{9});
  };
  EXPECT_EQ(place(epoch, 4), CursorPlace::within) << "the next one is the first";
  EXPECT_EQ(place(epoch, 9), CursorPlace::within) << "at the end";
  EXPECT_EQ(place(epoch, 3), CursorPlace::gone);
  EXPECT_EQ(place(epoch, 10), CursorPlace::future);
  EXPECT_EQ(place({1, 3}, 6), CursorPlace::foreign);
  EXPECT_EQ(place(cursor_epoch(epoch, Bits128{0, 7}), 6), CursorPlace::foreign) << "after a loss";
  EXPECT_EQ(place(cursor_epoch(epoch, Bits128{}), 6), CursorPlace::within);
}

}  // namespace
}  // namespace spine
