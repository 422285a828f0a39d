// Tests of schemas/event_verify.h.
#include "schemas/event_verify.h"

#include <cstring>
#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>
#include <vector>

#include "event_generated.h"

namespace spine {
namespace {

constexpr auto kMessage = static_cast<std::uint16_t>(fb::EventBody::MessageReceived);

// 8-aligned storage with one word to spare, for views at other addresses.
struct Body {
  std::vector<std::uint64_t> words{};
  std::size_t bytes{};
  ByteSpan view(std::size_t shift = 0) const {
    return {reinterpret_cast<const std::byte*>(words.data()) + shift, bytes};
  }
};

Body keep(const flatbuffers::FlatBufferBuilder& builder) {
  Body body;
  body.bytes = builder.GetSize();
  body.words.resize(align8(body.bytes) / 8 + 1);
  std::memcpy(body.words.data(), builder.GetBufferPointer(), body.bytes);
  return body;
}

Body message(std::string_view text) {
  flatbuffers::FlatBufferBuilder builder;
  const auto content = builder.CreateString(text.data(), text.size());
  fb::MessageReceivedBuilder table(builder);
  table.add_text(content);
  table.add_platform_ms(1'700'000'000'000);
  builder.Finish(table.Finish());
  return keep(builder);
}

TEST(EventVerify, AcceptsAValidBodyOfItsKind) {
  EXPECT_TRUE(verify_event_body(kMessage, message("hello").view()));
}

TEST(EventVerify, RefusesUnknownKinds) {
  const Body body = message("hello");
  EXPECT_FALSE(verify_event_body(0, body.view()));
  EXPECT_FALSE(verify_event_body(19, body.view()));
  EXPECT_FALSE(verify_event_body(149, body.view()));
  EXPECT_FALSE(verify_event_body(255, body.view()));
  EXPECT_FALSE(verify_event_body(65535, body.view()));
}

TEST(EventVerify, RefusesABodyAtAnAddressThatIsNoMultipleOf8) {
  Body body = message("hello");
  for (std::size_t shift = 1; shift < 8; ++shift) {
    std::memmove(reinterpret_cast<std::byte*>(body.words.data()) + shift,
                 message("hello").words.data(), body.bytes);
    EXPECT_FALSE(verify_event_body(kMessage, body.view(shift))) << shift;
  }
}

TEST(EventVerify, RefusesEveryTruncation) {
  const Body body = message("a text that is long enough to matter");
  for (std::size_t bytes = 0; bytes < body.bytes; ++bytes) {
    std::vector<std::uint64_t> cut(align8(bytes) / 8 + 1);
    std::memcpy(cut.data(), body.words.data(), bytes);
    const ByteSpan view{reinterpret_cast<const std::byte*>(cut.data()), bytes};
    // What only pads the end may go.
    if (body.bytes - bytes < 4) break;
    EXPECT_FALSE(verify_event_body(kMessage, view)) << bytes;
  }
}

TEST(EventVerify, AcceptsTheLargestPolicyTheLimitsAllow) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<fb::Binding>> bindings;
  for (int i = 0; i < 4096; ++i)
    bindings.push_back(fb::CreateBindingDirect(builder, "main"));
  std::vector<flatbuffers::Offset<fb::ChannelPolicy>> channels;
  for (int i = 0; i < 256; ++i)
    channels.push_back(fb::CreateChannelPolicyDirect(builder, "x"));
  const auto all_bindings = builder.CreateVector(bindings);
  const auto all_channels = builder.CreateVector(channels);
  fb::ConfigAppliedBuilder table(builder);
  table.add_bindings(all_bindings);
  table.add_channels(all_channels);
  builder.Finish(table.Finish());
  EXPECT_TRUE(verify_event_body(static_cast<std::uint16_t>(fb::EventBody::ConfigApplied),
                                keep(builder).view()));
}

TEST(EventVerify, NamesAndNumbersOfKindsAreEachOthersInverse) {
  for (const fb::EventBody kind : fb::EnumValuesEventBody()) {
    const auto number = static_cast<std::uint16_t>(kind);
    if (number == 0) continue;
    EXPECT_EQ(event_kind_of(event_kind_name(number)), number);
  }
  EXPECT_EQ(event_kind_name(40), "MessageReceived");
  EXPECT_EQ(event_kind_name(140), "ConfigApplied");
  EXPECT_TRUE(event_kind_name(0).empty());
  EXPECT_TRUE(event_kind_name(39).empty());
  EXPECT_EQ(event_kind_of("messagereceived"), 0);
  EXPECT_EQ(event_kind_of("NONE"), 0);
  EXPECT_EQ(event_kind_of(""), 0);
}

EventView record_of(const Body& body, std::uint16_t flags, std::uint16_t kind = kMessage) {
  return EventView{
      .seq = Seq{7}, .header = {.kind = kind, .flags = flags, .key_id = 3}, .body = body.view()};
}

TEST(EventReadable, WhatThisProgramWritesIsReadable) {
  const Body body = message("hello");
  EXPECT_TRUE(event_is_readable(record_of(body, 0)));
  EXPECT_TRUE(event_is_readable(record_of(body, record_flag::kInput)));
}

TEST(EventReadable, WhatItCannotReadIsNamed) {
  Body body = message("hello");
  const auto why = [](const EventView& event, Errc code) {
    EXPECT_FALSE(event_is_readable(event));
    const Error error = unreadable_event(event);
    EXPECT_EQ(error.code, code);
    return error.message;
  };
  EXPECT_EQ(why(record_of(body, record_flag::kSealed), Errc::newer_format),
            "event 7 (MessageReceived) is sealed with key 3, and this version of Spine opens no "
            "sealed events");
  EXPECT_EQ(why(record_of(body, 1U << 6), Errc::newer_format),
            "event 7 has flags 64, which this version of Spine does not know");
  EXPECT_EQ(why(record_of(body, 0, 9'999), Errc::newer_format),
            "event 7 is of kind 9999, which this version of Spine does not know");
  body.words[0] = 0;
  EXPECT_EQ(why(record_of(body, 0), Errc::corrupt), "event 7 is not a valid MessageReceived");
}

// The form that is laid out for later: the clear part is a body of its kind like any other.
TEST(EventReadable, ASealedBodyVerifiesAndSaysNothing) {
  flatbuffers::FlatBufferBuilder builder;
  const auto channel = builder.CreateString("telegram");
  const auto sealed = builder.CreateVector(std::vector<std::uint8_t>(1 + 24 + 40 + 16, 0xAB));
  fb::MessageReceivedBuilder table(builder);
  table.add_channel(channel);
  table.add_sealed(sealed);
  builder.Finish(table.Finish());
  const Body body = keep(builder);
  EXPECT_TRUE(verify_event_body(kMessage, body.view()));
  EXPECT_EQ(flatbuffers::GetRoot<fb::MessageReceived>(body.view().data())->text(), nullptr);
  EXPECT_FALSE(event_is_readable(record_of(body, record_flag::kSealed)));
}

}  // namespace
}  // namespace spine
