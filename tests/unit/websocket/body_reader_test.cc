// Bodies of requests, by length and in chunks, and the addresses of webhooks.
#include "adapters/http/body_reader.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "adapters/http/hook_path.h"
#include "adapters/http/request_head.h"

namespace spine::http {
namespace {

using State = BodyReader::State;

constexpr std::size_t kMax = 20;

RequestHead head_of(std::string_view field) {
  RequestHead head;
  std::string text = "POST / HTTP/1.1\r\nHost: x\r\n";
  text.append(field).append("\r\n");
  EXPECT_EQ(head.read(text), RequestHead::State::complete);
  return head;
}

struct Read {
  State state{};
  std::string body{};
  bool operator==(const Read&) const = default;
};

// The same however it is cut.
Read read(std::string_view field, std::string_view bytes) {
  const RequestHead head = head_of(field);
  BodyReader whole(head, kMax);
  whole.read(bytes);
  BodyReader cut(head, kMax);
  for (const char& byte : bytes)
    cut.read({&byte, 1});
  EXPECT_EQ(whole.state(), cut.state()) << bytes;
  EXPECT_EQ(whole.body(), cut.body()) << bytes;
  return {whole.state(), whole.body()};
}

Read chunked(std::string_view bytes) {
  return read("Transfer-Encoding: chunked\r\n", bytes);
}

TEST(BodyReader, ByLength) {
  EXPECT_EQ(read("", ""), (Read{State::complete, ""}));
  EXPECT_EQ(read("Content-Length: 0\r\n", "x"), (Read{State::complete, ""}));
  EXPECT_EQ(read("Content-Length: 3\r\n", "ab"), (Read{State::incomplete, "ab"}));
  EXPECT_EQ(read("Content-Length: 3\r\n", "abcd"), (Read{State::complete, "abc"}));
  EXPECT_EQ(read("Content-Length: 21\r\n", "").state, State::too_large);
}

TEST(BodyReader, InChunks) {
  EXPECT_EQ(chunked("3\r\nabc\r\n2;x=\"y\"\r\nde\r\n0\r\n\r\nrest"),
            (Read{State::complete, "abcde"}));
  EXPECT_EQ(chunked("A\r\n0123456789\r\n00\r\nTrailer: x\r\n\r\n"),
            (Read{State::complete, "0123456789"}));
  EXPECT_EQ(chunked("3\r\nabc\r\n0\r\n"), (Read{State::incomplete, "abc"}));
}

TEST(BodyReader, WhatIsInDoubtIsRefused) {
  for (const char* bytes : {"\r\n", "x\r\n", "-1\r\n", "0x1\r\n", "1 2\r\n", "3\nabc\r\n",
                            "3\r\nabcd\r\n", "3\r\nabc\n", "000000001\r\n", "0\r\n\n"})
    EXPECT_EQ(chunked(bytes).state, State::malformed) << bytes;
  EXPECT_EQ(chunked("1;" + std::string(300, 'x')).state, State::malformed);
  EXPECT_EQ(chunked("0\r\n" + std::string(10'000, 'x')).state, State::malformed);
}

TEST(BodyReader, NoMoreThanIsAllowed) {
  EXPECT_EQ(chunked("15\r\n").state, State::too_large);
  EXPECT_EQ(chunked("ffffffff\r\n").state, State::too_large);
  EXPECT_EQ(chunked("3\r\nabc\r\n12\r\n").state, State::too_large);
}

TEST(HookPath, TheChannelAndTheAccount) {
  const auto only = parse_hook_path("/channels/telegram/webhook");
  ASSERT_TRUE(only);
  EXPECT_EQ(only->channel, "telegram");
  EXPECT_EQ(only->account, "");
  const auto named = parse_hook_path("/channels/telegram/webhook/work");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->account, "work");
  for (const char* path :
       {"", "/", "/channels", "/channels/", "/channels/telegram", "/channels//webhook",
        "/channels/telegram/webhooks", "/channels/telegram/webhook/a/b", "/channels/telegram/hook",
        "/x/channels/telegram/webhook"})
    EXPECT_FALSE(parse_hook_path(path)) << path;
}

}  // namespace
}  // namespace spine::http
