// Reading of frames without sockets: envelope, parameters, channel.message both ways.
#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "adapters/websocket/methods/channel_message.h"
#include "adapters/websocket/protocol/params.h"
#include "adapters/websocket/protocol/request.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

using nlohmann::json;

Request read(RequestReader& reader, PaddedText& text, const std::string& frame) {
  text.assign(frame);
  Request request{};
  reader.read(text, request);
  return request;
}

json channel_frame() {
  return json::parse(R"({"type":"req","id":"1","method":"channel.message","params":{
    "channel":"telegram","account":"bot","sender":{"id":"42","name":"Ann \u00e9"},
    "conversation":{"kind":"group","id":"g1"},"thread":"t","externalId":"e1",
    "content":{"text":"hello \"world\"\n"},"replyTo":"e0","timestamp":1700000000123}})");
}

// The message as the general way reads it.
ChannelMessage read_generally(RequestReader& reader, PaddedText& text, const std::string& frame,
                              std::string& problem) {
  const Request request = read(reader, text, frame);
  EXPECT_EQ(request.fault, FrameFault::none);
  Params params{request.params, request.has_params, problem};
  ChannelMessage message{};
  read_channel_message(params, message);
  return message;
}

TEST(RequestReader, ReadsMembersInAnyOrder) {
  RequestReader reader;
  PaddedText text;
  const Request request = read(
      reader, text, R"({"params":{"a":1},"method":"m","traceparent":"t","id":"7","type":"req"})");
  EXPECT_EQ(request.fault, FrameFault::none);
  EXPECT_EQ(request.id, "7");
  EXPECT_EQ(request.method, "m");
  EXPECT_TRUE(request.has_params);
}

TEST(RequestReader, TellsWhatIsNoRequest) {
  RequestReader reader;
  PaddedText text;
  EXPECT_EQ(read(reader, text, "").fault, FrameFault::not_json);
  EXPECT_EQ(read(reader, text, "nul").fault, FrameFault::not_json);
  EXPECT_EQ(read(reader, text, "{\"type\":\"req\"} x").fault, FrameFault::not_json);
  EXPECT_EQ(read(reader, text, "\"\xc3\x28\"").fault, FrameFault::not_json);
  EXPECT_EQ(read(reader, text, "[]").problem, "at root: must be object");
  EXPECT_EQ(read(reader, text, "{}").problem, "must have required property 'type'");
  const Request extra = read(reader, text, R"({"type":"req","id":"1","method":"m","x":0})");
  EXPECT_EQ(extra.fault, FrameFault::not_request);
  EXPECT_EQ(extra.problem, "at root: unexpected property 'x'");
  EXPECT_EQ(extra.id, "1");
  EXPECT_EQ(read(reader, text, R"({"type":"req","id":5,"method":"m"})").problem,
            "at /id: must be string");
}

TEST(RequestReader, NestingIsBounded) {
  RequestReader reader;
  PaddedText text;
  const auto nested = [](std::size_t depth) {
    return R"({"type":"req","id":"1","method":"m","params":)" + std::string(depth, '[') +
           std::string(depth, ']') + "}";
  };
  EXPECT_EQ(read(reader, text, nested(limits::kJsonDepthMax - 2)).fault, FrameFault::none);
  EXPECT_EQ(read(reader, text, nested(limits::kJsonDepthMax + 1)).fault, FrameFault::not_json);
  EXPECT_EQ(read(reader, text, nested(1)).fault, FrameFault::none);
}

TEST(RequestReader, NumberOfValuesIsBounded) {
  RequestReader reader;
  PaddedText text;
  const Request request =
      read(reader, text, "[" + std::string(limits::kJsonSeparatorsMax + 1, ',') + "]");
  EXPECT_EQ(request.fault, FrameFault::not_json);
  EXPECT_EQ(request.problem, "too many values");
}

TEST(Params, FirstComplaintWins) {
  simdjson::dom::parser parser;
  const simdjson::dom::element root =
      parser.parse(R"({"n":"x","t":5,"o":{"i":11},"z":null})"_padded);
  std::string problem;
  Params params{root, true, problem};
  EXPECT_EQ(params.number({.name = "n", .max = 9}), 0U);
  EXPECT_EQ(params.text(optional_text("t", 9)), "");
  EXPECT_EQ(problem, "at /n: must be integer");
  problem.clear();
  EXPECT_FALSE(params.has("z"));
  params.object("o", true).number({.name = "i", .max = 10});
  EXPECT_EQ(problem, "at /o/i: must be <= 10");
  problem.clear();
  params.object("q", true);
  EXPECT_EQ(problem, "must have required property 'q'");
}

TEST(ChannelMessage, FastAndGeneralWayAgree) {
  ChannelMessageReader fast;
  RequestReader reader;
  PaddedText fast_text;
  PaddedText text;
  const std::string frame = channel_frame().dump();
  std::string_view id;
  ChannelMessage quick{};
  fast_text.assign(frame);
  ASSERT_TRUE(fast.read(fast_text, id, quick));
  EXPECT_EQ(id, "1");
  std::string problem;
  const ChannelMessage slow = read_generally(reader, text, frame, problem);
  EXPECT_EQ(problem, "");
  flatbuffers::FlatBufferBuilder a;
  flatbuffers::FlatBufferBuilder b;
  channels::build_message(quick, Bits128{1, 2}, {PrincipalId{3}}, a);
  channels::build_message(slow, Bits128{1, 2}, {PrincipalId{3}}, b);
  EXPECT_EQ((std::string{reinterpret_cast<char*>(a.GetBufferPointer()), a.GetSize()}),
            (std::string{reinterpret_cast<char*>(b.GetBufferPointer()), b.GetSize()}));
  const auto* body = flatbuffers::GetRoot<fb::MessageReceived>(a.GetBufferPointer());
  EXPECT_EQ(body->text()->str(), "hello \"world\"\n");
  EXPECT_EQ(body->sender_name()->str(), "Ann \xc3\xa9");
  EXPECT_EQ(body->conversation(), fb::ConversationKind::group);
  EXPECT_EQ(body->platform_ms(), 1'700'000'000'123);
  EXPECT_EQ(body->bridge(), 3U);
  EXPECT_TRUE(verify_event_body(static_cast<std::uint16_t>(fb::EventBody::MessageReceived),
                                {reinterpret_cast<std::byte*>(a.GetBufferPointer()), a.GetSize()}));
}

TEST(ChannelMessage, FastWayLeavesTheUnusualToTheGeneralOne) {
  ChannelMessageReader fast;
  PaddedText text;
  const auto quick = [&](const std::string& frame) {
    std::string_view id;
    ChannelMessage message{};
    text.assign(frame);
    return fast.read(text, id, message);
  };
  const json good = channel_frame();
  // In the order of members as clients write them.
  const std::string plain = R"({"type":"req","id":"1","method":"channel.message","params":)" +
                            good["params"].dump() + "}";
  EXPECT_TRUE(quick(plain));
  EXPECT_FALSE(quick(plain + "x"));
  EXPECT_FALSE(quick(plain + "{}"));
  EXPECT_FALSE(quick(plain.substr(0, plain.size() - 1)));
  json frame = good;
  frame["extra"] = 1;
  EXPECT_FALSE(quick(frame.dump()));
  frame = good;
  frame["params"]["content"]["attachments"] = json::array();
  EXPECT_FALSE(quick(frame.dump()));
  for (const char* key :
       {"channel", "sender", "conversation", "externalId", "content", "timestamp"}) {
    frame = good;
    frame["params"].erase(key);
    EXPECT_FALSE(quick(frame.dump())) << key;
  }
  frame = good;
  frame["params"]["channel"] = std::string(limits::kNameBytesMax + 1, 'c');
  EXPECT_FALSE(quick(frame.dump()));
  frame = good;
  frame["method"] = "chat.send";
  EXPECT_FALSE(quick(frame.dump()));
}

TEST(ChannelMessage, AttachmentsReplaceTheText) {
  RequestReader reader;
  PaddedText text;
  json frame = channel_frame();
  frame["params"]["content"] = json::parse(
      R"({"attachments":[{"name":"a.png","mimeType":"image/png","url":"https://x/a","bytes":12}]})");
  std::string problem;
  const ChannelMessage message = read_generally(reader, text, frame.dump(), problem);
  EXPECT_EQ(problem, "");
  flatbuffers::FlatBufferBuilder builder;
  channels::build_message(message, {}, {}, builder);
  const auto* body = flatbuffers::GetRoot<fb::MessageReceived>(builder.GetBufferPointer());
  ASSERT_EQ(body->attachments()->size(), 1U);
  EXPECT_EQ(body->attachments()->Get(0)->mime_type()->str(), "image/png");
  EXPECT_EQ(body->attachments()->Get(0)->bytes(), 12U);
}

TEST(ChannelMessage, AFileSaysWhereItsContentIsOrWhyItIsNotThere) {
  Digest256 sha256{};
  sha256.fill(std::byte{7});
  const channels::Message message{.attachments = {{.name = "a.png",
                                                   .mime_type = "image/png",
                                                   .bytes = 12,
                                                   .sha256 = sha256,
                                                   .kind = fb::AttachmentKind::image},
                                                  {.problem = fb::AttachmentProblem::too_large}}};
  flatbuffers::FlatBufferBuilder builder;
  channels::build_message(message, {}, {}, builder);
  const auto* body = flatbuffers::GetRoot<fb::MessageReceived>(builder.GetBufferPointer());
  const fb::Attachment& there = *body->attachments()->Get(0);
  EXPECT_TRUE(std::ranges::equal(bytes_of(there.sha256()), sha256));
  EXPECT_EQ(there.kind(), fb::AttachmentKind::image);
  EXPECT_EQ(there.problem(), fb::AttachmentProblem::none);
  EXPECT_EQ(body->attachments()->Get(1)->sha256(), nullptr);
  EXPECT_EQ(body->attachments()->Get(1)->problem(), fb::AttachmentProblem::too_large);
}

}  // namespace
}  // namespace spine::net
