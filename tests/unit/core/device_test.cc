// Devices: who is in the table, what changes a row, what is refused.
#include <gtest/gtest.h>

#include "engine/core/model/digest.h"
#include "engine/core/model/effects.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/bodies.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

DeviceView device(const World& world, const std::string& id) {
  DeviceView view{};
  EXPECT_TRUE(view_device(world.state, id, view)) << id;
  return view;
}

std::size_t known(const World& world) {
  std::vector<DeviceView> all;
  return list_devices(world.state, 0, 0, all);
}

TEST(Devices, APairedDeviceIsKnownWithAllItSaid) {
  World world;
  const Reply reply = world.pair_device({.id = "d1", .label = "phone"});
  EXPECT_EQ(reply.code, ReplyCode::accepted);
  const DeviceView view = device(world, "d1");
  EXPECT_EQ(view.label, "phone");
  EXPECT_EQ(view.role, "operator");
  EXPECT_EQ(view.scopes, "operator.read,operator.write");
  EXPECT_EQ(view.client_id, "cli");
  EXPECT_EQ(view.address, "10.0.0.7");
  EXPECT_EQ(view.public_key, std::string(32, '\1'));
  EXPECT_EQ(view.token_hash, std::string(32, '\2'));
  EXPECT_EQ(view.via, fb::ApprovedVia::client);
  EXPECT_EQ(view.approved_wall_ms, world.now.wall_ms);
  EXPECT_EQ(view.last_seen_wall_ms, 0);
  EXPECT_EQ(view.paired, reply.seq);
  EXPECT_EQ(world.kinds(), "DevicePaired");
}

TEST(Devices, PairingAgainReplacesTheRowAndKeepsWhenItWasSeen) {
  World world;
  world.pair_device({.id = "d1"});
  world.pair_device({.id = "d2"});
  world.connect_device("d1");
  const std::int64_t seen = world.now.wall_ms;
  world.advance_ms(5'000);
  const Reply again = world.pair_device({.id = "d1", .scopes = {"a"}, .label = "new"});
  EXPECT_EQ(known(world), 2U);
  const DeviceView view = device(world, "d1");
  EXPECT_EQ(view.scopes, "a");
  EXPECT_EQ(view.label, "new");
  EXPECT_EQ(view.paired, again.seq);
  EXPECT_EQ(view.last_seen_wall_ms, seen);
  std::vector<DeviceView> page;
  EXPECT_EQ(list_devices(world.state, 0, 1, page), 2U);
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page[0].device_id, "d2") << "the oldest approval is first";
  EXPECT_EQ(list_devices(world.state, 5, 9, page), 2U);
  EXPECT_EQ(page.size(), 1U);
}

TEST(Devices, ChangesReachTheRowAndUnknownDevicesAreNotFound) {
  World world;
  const std::size_t before = world.journal.size();
  EXPECT_EQ(world.rename_device("d1", "x").code, ReplyCode::not_found);
  EXPECT_EQ(world.change_token("d1", 32).code, ReplyCode::not_found);
  EXPECT_EQ(world.remove_device("d1").code, ReplyCode::not_found);
  EXPECT_EQ(world.journal.size(), before) << "nothing is recorded";

  world.pair_device({.id = "d1"});
  EXPECT_EQ(world.rename_device("d1", "desk").code, ReplyCode::accepted);
  EXPECT_EQ(device(world, "d1").label, "desk");
  EXPECT_EQ(world.change_token("d1", 32, {"operator.admin"}).code, ReplyCode::accepted);
  EXPECT_EQ(device(world, "d1").token_hash, std::string(32, '\3'));
  EXPECT_EQ(device(world, "d1").scopes, "operator.admin");
  EXPECT_EQ(world.change_token("d1", 0).code, ReplyCode::accepted);
  EXPECT_TRUE(device(world, "d1").token_hash.empty());
  EXPECT_EQ(world.remove_device("d1").code, ReplyCode::accepted);
  EXPECT_EQ(known(world), 0U);
}

// A device that is approved for more keeps its token: only the device itself knows it.
TEST(Devices, ApprovalWithoutATokenKeepsTheKnownOne) {
  World world;
  world.pair_device({.id = "d1"});
  Builder builder;
  const auto id = builder.CreateString("d1");
  const auto key = builder.CreateVector(std::vector<std::uint8_t>(32, 1));
  const auto role = builder.CreateString("operator");
  const auto scopes = strings(builder, {"operator.admin"});
  fb::DevicePairedBuilder device_again(builder);
  device_again.add_device_id(id);
  device_again.add_public_key(key);
  device_again.add_role(role);
  device_again.add_scopes(scopes);
  const Body body = take(builder, device_again.Finish().o);
  EXPECT_EQ(world.give(fb::EventBody::DevicePaired, body).code, ReplyCode::accepted);
  EXPECT_EQ(device(world, "d1").token_hash, std::string(32, '\2'));
  EXPECT_EQ(device(world, "d1").scopes, "operator.admin");
  EXPECT_EQ(device(world, "d1").label, "phone");
}

TEST(Devices, AnotherTokenWithoutScopesLeavesThemAlone) {
  World world;
  world.pair_device({.id = "d1"});
  Builder builder;
  const auto id = builder.CreateString("d1");
  const auto token = builder.CreateVector(std::vector<std::uint8_t>(32, 9));
  const Body body = take(builder, fb::CreateDeviceTokenChanged(builder, id, token).o);
  EXPECT_EQ(world.give(fb::EventBody::DeviceTokenChanged, body).code, ReplyCode::accepted);
  EXPECT_EQ(device(world, "d1").token_hash, std::string(32, '\t'));
  EXPECT_EQ(device(world, "d1").scopes, "operator.read,operator.write");
}

TEST(Devices, WhatIsMalformedIsRefused) {
  World world;
  const std::size_t before = world.journal.size();
  EXPECT_EQ(world.pair_device({.id = ""}).code, ReplyCode::rejected);
  EXPECT_EQ(world.pair_device({.id = std::string(257, 'd')}).code, ReplyCode::rejected);
  EXPECT_EQ(world.pair_device({.key_bytes = 31}).code, ReplyCode::rejected);
  EXPECT_EQ(world.pair_device({.token_bytes = 33}).code, ReplyCode::rejected);
  EXPECT_EQ(world.pair_device({.scopes = {std::string(513, 's')}}).code, ReplyCode::rejected);
  EXPECT_EQ(world.journal.size(), before);
  world.pair_device({.id = "d1"});
  EXPECT_EQ(world.change_token("d1", 5).code, ReplyCode::rejected);
  EXPECT_EQ(device(world, "d1").token_hash.size(), 32U);
}

TEST(Devices, AFullTableTakesNoNewDeviceAndStillReplacesAnOldOne) {
  World world;
  for (std::uint32_t i = 0; i < limits::kDevicesMax; ++i) {
    ASSERT_EQ(world.pair_device({.id = "d" + std::to_string(i)}).code, ReplyCode::accepted);
  }
  const Reply reply = world.pair_device({.id = "one more"});
  EXPECT_EQ(reply.code, ReplyCode::rejected);
  EXPECT_EQ(reply.reason, fb::RejectReason::table_full);
  EXPECT_EQ(world.pair_device({.id = "d7"}).code, ReplyCode::accepted);
  EXPECT_EQ(known(world), limits::kDevicesMax);
  EXPECT_EQ(count_state(world.state).devices, limits::kDevicesMax);
}

// Facts for readers: recorded, and no part of the state but its clock.
TEST(Facts, AreRecordedWithinTheirBounds) {
  World world;
  EXPECT_EQ(world.refused_connects(0).code, ReplyCode::rejected);
  EXPECT_EQ(world.refused_connects(limits::kRefusedConnectsMax + 1).code, ReplyCode::rejected);
  EXPECT_EQ(world.config_changed(limits::kConfigPathsMax + 2).code, ReplyCode::rejected);
  const StateDigest before = digest(world.state);
  EXPECT_EQ(world.refused_connects(limits::kRefusedConnectsMax).code, ReplyCode::accepted);
  EXPECT_EQ(world.kinds(), "ConnectsRefused");
  EXPECT_EQ(world.config_changed(limits::kConfigPathsMax).code, ReplyCode::accepted);
  EXPECT_EQ(world.kinds(), "ConfigChanged");
  Builder builder;
  const auto problem = builder.CreateString("gateway.port: not a number");
  EXPECT_EQ(world
                .give(fb::EventBody::ConfigRefused,
                      take(builder, fb::CreateConfigRefused(builder, problem).o))
                .code,
            ReplyCode::accepted);
  const StateDigest after = digest(world.state);
  for (std::size_t i = 1; i < after.table_count; ++i) {
    EXPECT_EQ(before.tables[i].digest, after.tables[i].digest) << after.tables[i].table;
  }
}

}  // namespace
}  // namespace spine::core
