// Frames of clients: cut anywhere they say the same, and what RFC 6455 forbids is a fault.
#include "adapters/websocket/net/frame_reader.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/support/ws_client.h"

namespace spine::test {
namespace {

using net::FrameReader;
using net::Incoming;
using Kind = Incoming::Kind;

// What a reader says of bytes that come in pieces of `step`: messages whole, the rest in words.
std::vector<std::string> told(const std::string& bytes, std::size_t step) {
  FrameReader reader;
  std::vector<std::string> all;
  std::string message;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::string piece = bytes.substr(at, step);
    std::span<unsigned char> rest{reinterpret_cast<unsigned char*>(piece.data()), piece.size()};
    Incoming frame{};
    while (reader.next(rest, frame)) {
      const std::string text{frame.bytes};
      const std::string code = std::to_string(frame.code) + " ";
      if (frame.kind == Kind::piece) {
        message += text;
        if (frame.last) all.push_back("message " + std::exchange(message, {}));
      } else if (frame.kind == Kind::close || frame.kind == Kind::fault) {
        all.push_back((frame.kind == Kind::close ? "close " : "fault ") + code + text);
      } else {
        all.push_back((frame.kind == Kind::ping ? "ping " : "pong ") + text);
      }
    }
    EXPECT_TRUE(rest.empty());
  }
  return all;
}

TEST(FrameReader, FramesSayTheSameHoweverTheyAreCut) {
  const std::string medium(300, 'm'), large(70'000, 'l');
  const std::string bytes =
      WsClient::frame("one", {}) + WsClient::frame("", {}) +
      WsClient::frame("be", {.final = false}) + WsClient::frame("p", {.opcode = 9}) +
      WsClient::frame("", {.opcode = 10}) + WsClient::frame("gin", {.opcode = 0}) +
      WsClient::frame(medium, {.opcode = 2}) + WsClient::frame(large, {}) +
      WsClient::frame(std::string{"\x03\xe8"
                                  "bye"},
                      {.opcode = 8}) +
      WsClient::frame("after the end", {});
  const std::vector<std::string> expected{
      "message one",   "message ",          "ping p",           "pong ",
      "message begin", "message " + medium, "message " + large, "close 1000 bye"};
  for (const std::size_t step :
       {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{4096}, bytes.size()}) {
    EXPECT_EQ(told(bytes, step), expected) << step;
  }
}

TEST(FrameReader, APieceSaysWhatIsKnownToFollow) {
  std::string bytes = WsClient::frame(std::string(1000, 'x'), {.final = false});
  std::span<unsigned char> some{reinterpret_cast<unsigned char*>(bytes.data()), 108};
  FrameReader reader;
  Incoming frame{};
  ASSERT_TRUE(reader.next(some, frame));
  EXPECT_EQ(frame.bytes, std::string(100, 'x'));
  EXPECT_EQ(frame.more_bytes, 900U);
  EXPECT_FALSE(frame.last);
  EXPECT_FALSE(reader.next(some, frame));
}

std::string long_length(std::string_view digits) {
  return "\x82\xff" + std::string{digits} + "mask";
}

TEST(FrameReader, WhatIsForbiddenIsAFaultAndEndsTheReading) {
  using namespace std::string_view_literals;
  const std::string first = WsClient::frame("a", {.final = false});
  const std::vector<std::string> broken{
      WsClient::frame("x", {.masked = false}),
      WsClient::frame("", {.masked = false}),
      WsClient::frame("x", {.opcode = 9, .masked = false}),
      WsClient::frame(std::string(126, 'x'), {.opcode = 9}),
      WsClient::frame(std::string(126, 'x'), {.opcode = 8}),
      WsClient::frame("x", {.opcode = 9, .final = false}),
      WsClient::frame("x", {.opcode = 3}),
      WsClient::frame("x", {.opcode = 11}),
      WsClient::frame("x", {.reserved_bits = 0x40}),
      WsClient::frame("x", {.opcode = 10, .reserved_bits = 0x10}),
      WsClient::frame("x", {.opcode = 0}),
      first + WsClient::frame("x", {}),
      long_length("\xff\xff\xff\xff\xff\xff\xff\xff"sv),
      long_length("\x80\0\0\0\0\0\0\0"sv),
      long_length("\0\0\0\0\0\0\xff\xff"sv),
      "\x82\xfe" + std::string{"\0\x7d"sv} + "mask",
      WsClient::frame("\x03", {.opcode = 8}),
      WsClient::frame(std::string{"\x03\xe7"sv}, {.opcode = 8}),
      WsClient::frame(std::string{"\x03\xed"sv}, {.opcode = 8}),
      WsClient::frame(std::string{"\x0b\xb7"sv}, {.opcode = 8}),
  };
  for (std::size_t i = 0; i < broken.size(); ++i) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{4096}}) {
      const auto all = told(broken[i] + WsClient::frame("later", {}), step);
      ASSERT_EQ(all.size(), 1U) << i;
      EXPECT_TRUE(all[0].starts_with("fault 1002 ")) << i << all[0];
    }
  }
}

TEST(FrameReader, WhatCannotBecomeRightIsNotWaitedFor) {
  EXPECT_EQ(told("\x83", 1).size(), 1U) << "an opcode";
  EXPECT_EQ(told("\x81\x05", 1).size(), 1U) << "no mask";
  EXPECT_EQ(told("\x89\xfe", 1).size(), 1U) << "a long ping";
  EXPECT_EQ(told("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", 1).size(), 1U) << "a length";
  EXPECT_EQ(told("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 1).size(), 0U)
      << "large, but possible";
}

TEST(FrameReader, ClosesMayComeWithoutACode) {
  EXPECT_EQ(told(WsClient::frame("", {.opcode = 8}), 4096),
            std::vector<std::string>{"close 1005 "});
  EXPECT_EQ(told(WsClient::frame("\x0f\xa0", {.opcode = 8}), 4096),
            std::vector<std::string>{"close 4000 "});
}

}  // namespace
}  // namespace spine::test
