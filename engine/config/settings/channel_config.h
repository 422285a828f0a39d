// The channels section: who may speak where. A policy that cannot be enforced is an error.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "event_generated.h"

namespace spine::config {

struct Reading;
struct SettingTable;

// channels.<name>.groups.<id>, after what it takes over from "*".
struct GroupConfig {
  std::string id{};  // of the conversation; "*" = every group that is not named
  bool enabled{true};
  std::optional<fb::DmPolicy> policy{};                  // else the channel's group_policy
  std::optional<std::vector<std::string>> allow_from{};  // else the channel's
  bool require_mention{};
};

// A channel has one policy: what its accounts say may not differ.
struct ChannelConfig {
  std::string name{};  // lower case
  bool enabled{true};
  fb::DmPolicy dm_policy{fb::DmPolicy::pairing};
  // An allow-list by default: nobody may speak in a group until the owner says who.
  fb::DmPolicy group_policy{fb::DmPolicy::allowlist};
  std::vector<std::string> allow_from{};
  fb::QueueMode queue_mode{fb::QueueMode::unset};  // messages.queue.byChannel.<name>
  // Who may speak in its groups, where that is another list.
  std::optional<std::vector<std::string>> group_allow_from{};
  std::vector<GroupConfig> groups{};  // sorted by id; empty = every group alike
};

extern const SettingTable kChannelDefaultsTable;
extern const SettingTable kChannelTable;
extern const SettingTable kGroupTable;
void read_channels(Reading& reading);  // after read_agents()

}  // namespace spine::config
