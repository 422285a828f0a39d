// Doors: devices, pairing and labels through the whole engine, as the net thread asks for them.
#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "engine/pipeline/items/messages.h"
#include "tests/unit/pipeline/gateway.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

class DoorsTest : public EngineTest {
 protected:
  // Pushes what was built as an input of that kind; the reply.
  core::Reply give(fb::EventBody kind) {
    gateway_.push(kind_of(kind), finished(builder_), 1);
    gateway_.flush();
    const core::Reply reply = gateway_.reply();
    builder_.Clear();
    return reply;
  }
  core::Reply pair(const char* id) {
    const std::vector<std::uint8_t> key(32, 7);
    const std::vector<flatbuffers::Offset<flatbuffers::String>> scopes{
        builder_.CreateString("operator.read")};
    builder_.Finish(fb::CreateDevicePairedDirect(builder_, id, &key, &key, "operator", &scopes));
    return give(fb::EventBody::DevicePaired);
  }
  core::Reply open(const char* key, const char* label, std::uint64_t uuid) {
    const fb::Bits128 bits(uuid, 1);
    builder_.Finish(fb::CreateSessionOpenedDirect(
        builder_, key, "main", &bits, fb::ConversationKind::direct, "webchat", "", label));
    return give(fb::EventBody::SessionOpened);
  }
  template <class Item, class Use>
  void ask(std::uint16_t query, std::string_view text, std::uint64_t a, std::uint64_t b,
           ItemKind kind, Use use) {
    gateway_.push(query, as_bytes(text), 1, 0, a, b);
    gateway_.flush();
    gateway_.expect(gateway_.net, kind, [&](const OutHeader&, ByteSpan payload) {
      Item item{};
      read(payload, item);
      use(item);
    });
  }

  Gateway gateway_{dir_};
  flatbuffers::FlatBufferBuilder builder_{};
};

TEST_F(DoorsTest, DevicesAreFoundAndListed) {
  const Seq first = pair("d1").seq;
  pair("d2");
  ask<DevicesItem>(input_kind::kQueryDevice, "d1", 0, 0, ItemKind::devices,
                   [&](const DevicesItem& item) {
                     EXPECT_EQ(item.total, 1U);
                     ASSERT_EQ(item.devices.size(), 1U);
                     EXPECT_EQ(item.devices[0].device_id, "d1");
                     EXPECT_EQ(item.devices[0].scopes, "operator.read");
                     EXPECT_EQ(item.devices[0].public_key.size(), 32U);
                     EXPECT_EQ(item.devices[0].paired, first);
                   });
  ask<DevicesItem>(input_kind::kQueryDevice, "nobody", 0, 0, ItemKind::devices,
                   [](const DevicesItem& item) { EXPECT_TRUE(item.devices.empty()); });
  ask<DevicesItem>(input_kind::kQueryDevices, "", 1, 10, ItemKind::devices,
                   [](const DevicesItem& item) {
                     EXPECT_EQ(item.total, 2U);
                     ASSERT_EQ(item.devices.size(), 1U);
                     EXPECT_EQ(item.devices[0].device_id, "d2");
                   });
}

// Nobody has subscribed to anything: the net thread is told all the same.
TEST_F(DoorsTest, TheNetThreadHearsOfDevicesAlways) {
  const Seq paired = pair("d1").seq;
  const auto id = builder_.CreateString("d1");
  builder_.Finish(fb::CreateDeviceRemoved(builder_, id));
  gateway_.push(kind_of(fb::EventBody::DeviceRemoved), finished(builder_), 2);
  gateway_.flush();
  gateway_.expect(gateway_.net, ItemKind::event, [&](const OutHeader&, ByteSpan payload) {
    EventItem item{};
    read(payload, item);
    EXPECT_EQ(item.event.header.kind, kind_of(fb::EventBody::DeviceRemoved));
    EXPECT_EQ(item.event.seq.value, paired.value + 1);
  });
}

TEST_F(DoorsTest, WhatIsWantedDependsOnTheKind) {
  Shared shared{};
  for (const fb::EventBody kind :
       {fb::EventBody::DevicePaired, fb::EventBody::DeviceTokenChanged,
        fb::EventBody::DeviceRemoved, fb::EventBody::PairingCodeAnswered}) {
    EXPECT_TRUE(shared.wanted(core::kind_of(kind_of(kind)).told));
  }
  const auto others = {fb::EventBody::DeviceRenamed, fb::EventBody::ChannelPairingRequested,
                       fb::EventBody::ChannelPairingResolved, fb::EventBody::ConfigChanged};
  for (const fb::EventBody kind : others)
    EXPECT_FALSE(shared.wanted(core::kind_of(kind_of(kind)).told));
  EXPECT_FALSE(shared.wanted(core::kind_of(kind_of(fb::EventBody::SessionPatched)).told));
  shared.session_interest = 1;
  EXPECT_TRUE(shared.wanted(core::kind_of(kind_of(fb::EventBody::SessionPatched)).told));
  EXPECT_FALSE(shared.wanted(core::kind_of(kind_of(fb::EventBody::DeviceRenamed)).told));
  shared.event_interest = 1;
  for (const fb::EventBody kind : others)
    EXPECT_TRUE(shared.wanted(core::kind_of(kind_of(kind)).told));
}

TEST_F(DoorsTest, SessionsAreFoundByLabelAndByUuid) {
  const SessionId a = open("agent:main:a", "mine", 0x1234567811111111ULL).session;
  open("agent:main:b", "", 0x1234567822222222ULL);
  const auto count = [&](std::uint64_t how, std::string_view text) {
    std::size_t rows = 99;
    ask<SessionsItem>(input_kind::kQueryFindSession, text, how, 0, ItemKind::sessions,
                      [&](const SessionsItem& item) {
                        rows = item.sessions.size();
                        EXPECT_EQ(item.total, rows);
                        if (rows == 0) return;
                        EXPECT_EQ(item.sessions[0].id, a);
                      });
    return rows;
  };
  EXPECT_EQ(count(1, "mine"), 1U);
  EXPECT_EQ(count(1, "min"), 0U);
  EXPECT_EQ(count(2, "12345678-1111"), 1U);
  EXPECT_EQ(count(2, "12345678"), 2U) << "ambiguous";
  EXPECT_EQ(count(3, "mine"), 0U);
}

TEST_F(DoorsTest, ARefusedSenderIsToldItsCode) {
  fb::ConfigAppliedBuilder config(builder_);
  config.add_default_dm_policy(fb::DmPolicy::pairing);
  builder_.Finish(config.Finish());
  give(fb::EventBody::ConfigApplied);
  std::string code;
  gateway_.message(2, "ann", "m1", "hello");
  gateway_.flush();
  gateway_.expect(gateway_.net, ItemKind::reply, [&](const OutHeader&, ByteSpan payload) {
    ReplyItem item{};
    read(payload, item);
    EXPECT_EQ(item.reply.reason, fb::RejectReason::unpaired);
    EXPECT_TRUE(item.reply.pairing_new);
    EXPECT_GT(item.pairing_expires_wall_ms, 3'600'000);
    code = item.pairing_code;
  });
  EXPECT_EQ(code.size(), 8U);
  Seq request{};
  ask<PairingItem>(input_kind::kQueryPairing, "", 0, 0, ItemKind::pairing,
                   [&](const PairingItem& item) {
                     ASSERT_EQ(item.requests.size(), 1U);
                     EXPECT_EQ(item.requests[0].code, code);
                     EXPECT_EQ(item.requests[0].sender_id, "ann");
                     request = item.requests[0].request;
                   });
  builder_.Finish(fb::CreateChannelPairingResolved(builder_, request.value, true));
  EXPECT_EQ(give(fb::EventBody::ChannelPairingResolved).code, core::ReplyCode::accepted);
  gateway_.message(3, "ann", "m2", "hello again");
  gateway_.flush();
  EXPECT_EQ(gateway_.reply().code, core::ReplyCode::accepted);
}

}  // namespace
}  // namespace spine::pipeline
