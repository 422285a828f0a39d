// Frames: heads of every length, masks, and frames that are not all there.
#include "schemas/vocab/frames.h"

#include <gtest/gtest.h>

namespace spine {
namespace {

TEST(Frames, AreReadAsTheyWereWritten) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{125}, std::size_t{126},
                                 std::size_t{65'535}, std::size_t{65'536}}) {
    for (const bool masked : {false, true}) {
      const std::string payload(size, 'x');
      std::string bytes;
      append_frame(bytes,
                   {.opcode = Opcode::binary, .final = false, .masked = masked, .mask = 0x12345678},
                   payload);
      const std::string in = bytes + "behind";
      const Frame frame = parse_frame(in);
      EXPECT_EQ(frame.bytes, bytes.size());
      EXPECT_EQ(frame.head.opcode, Opcode::binary);
      EXPECT_FALSE(frame.head.final);
      EXPECT_EQ(frame.head.masked, masked);
      EXPECT_EQ(frame.head.payload_bytes, size);
      EXPECT_EQ(unmasked(frame), payload);
    }
  }
}

TEST(Frames, ThoseOfTheRfcHaveItsBytes) {
  std::string bytes;
  append_frame(bytes, {}, "Hello");
  EXPECT_EQ(bytes, "\x81\x05Hello");
  bytes.clear();
  append_frame(bytes, {.masked = true, .mask = 0x3d21fa37}, "Hello");
  EXPECT_EQ(bytes, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

TEST(Frames, WhatIsNotAllThereHasNoBytes) {
  std::string bytes;
  append_frame(bytes, {.masked = true, .mask = 7}, std::string(300, 'x'));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_EQ(parse_frame(std::string_view{bytes}.substr(0, size)).bytes, 0U) << size;
  FrameHead head{};
  EXPECT_EQ(read_frame_head(std::string_view{bytes}.substr(0, 7), head), 0U);
  EXPECT_EQ(read_frame_head(std::string_view{bytes}.substr(0, 8), head), 8U);
  EXPECT_EQ(head.payload_bytes, 300U);
}

TEST(Frames, ReservedBitsAndUnknownOpcodesAreReported) {
  FrameHead head{};
  ASSERT_EQ(read_frame_head(std::string_view{"\xd3\x00", 2}, head), 2U);
  EXPECT_EQ(head.reserved, 0x50);
  EXPECT_EQ(static_cast<int>(head.opcode), 3);
}

TEST(Frames, ACloseSaysItsCodeAndItsReason) {
  EXPECT_EQ(close_code_of("\x03\xe8gone"), close_code::kNormal);
  EXPECT_EQ(close_reason_of("\x03\xe8gone"), "gone");
  EXPECT_EQ(close_code_of(""), close_code::kNoCode);
  EXPECT_EQ(close_reason_of("x"), "");
}

}  // namespace
}  // namespace spine
