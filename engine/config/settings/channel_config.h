// The channels section: who may speak where. A policy that cannot be enforced is an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/config/settings/telegram_config.h"

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

// channels.<name>.command: the channel is a program of its own (adapters/channels/README.md).
struct ChannelProgram {
  std::vector<std::string> command{};  // with its arguments; empty = it is no program
  std::vector<std::pair<std::string, std::string>> env{};  // beside the allow-listed ones; secret
  std::string cwd{};                                       // empty = a folder of its own

  bool operator==(const ChannelProgram&) const = default;
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
  ChannelProgram program{};
  std::vector<TelegramAccount> telegram{};   // channels.telegram: its bots; empty = none is ours
  bool at_least_once{};                      // what may have arrived is sent again
  std::uint64_t delivery_ttl_ms{3'600'000};  // what is not sent by then is a dead letter
};

extern const SettingTable kChannelDefaultsTable;
extern const SettingTable kChannelTable;
extern const SettingTable kGroupTable;
void read_channels(Reading& reading);  // after read_agents()

// The listener that serves webhooks alone; none: they are at the gateway's own port.
std::optional<WebhookListener> webhook_listener(const std::vector<ChannelConfig>& channels);
// Whether OpenClaw knows a channel of that name, in lower case, and this version has no adapter for
// it.
bool lacks_adapter(std::string_view channel);
// Whether people who come from OpenClaw expect something of it that is not there: it is enabled,
// lacks an adapter, and is no program.
bool is_not_served(const ChannelConfig& channel);

}  // namespace spine::config
