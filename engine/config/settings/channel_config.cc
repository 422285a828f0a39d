// channels: one policy out of several spellings and accounts.
#include "engine/config/settings/channel_config.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "engine/config/source/reading.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

using enum Type;
using enum Applies;
using enum Settable;

constexpr Accepts kDmPolicies = one_of({{"open", fb::DmPolicy::open},
                                        {"allowlist", fb::DmPolicy::allowlist},
                                        {"disabled", fb::DmPolicy::disabled},
                                        {"pairing", fb::DmPolicy::pairing}});
constexpr Accepts kGroupPolicies = one_of({{"open", fb::DmPolicy::open},
                                           {"allowlist", fb::DmPolicy::allowlist},
                                           {"disabled", fb::DmPolicy::disabled}});

constexpr Accepts kDeliveries = one_of({{"at-most-once", false}, {"at-least-once", true}});

// Channels of OpenClaw that have no adapter here, by the names it gives them.
constexpr std::array<std::string_view, 21> kNotServed{
    "bluebubbles", "discord",       "feishu",  "googlechat",     "imessage", "irc",   "line",
    "matrix",      "mattermost",    "msteams", "nextcloud-talk", "nostr",    "qqbot", "signal",
    "slack",       "synology-chat", "tlon",    "twitch",         "whatsapp", "zalo",  "zalouser"};

// For a channel and for each of its accounts, which must agree on who may speak.
constexpr std::array kChannel{
    remote("enabled", boolean, in<&ChannelConfig::enabled>, "whether anybody is heard"),
    remote("name", text, not_kept, "what people call it"),
    decides("dmPolicy", kDmPolicies, in<&ChannelConfig::dm_policy>,
            "whose direct messages are answered"),
    decides("dm.policy", kDmPolicies, in<&ChannelConfig::dm_policy>, "the same as dmPolicy"),
    decides("allowFrom", ids, in<&ChannelConfig::allow_from>,
            "the people a policy \"allowlist\" means; \"*\" = everybody"),
    decides("dm.allowFrom", ids, in<&ChannelConfig::allow_from>, "the same as allowFrom"),
    decides("groupPolicy", kGroupPolicies, in<&ChannelConfig::group_policy>,
            "whose messages in groups are answered"),
    decides("groupAllowFrom", ids, in<&ChannelConfig::group_allow_from>,
            "allowFrom for groups, where it is another list"),
    decides("requireMention", boolean, not_kept, "whether an agent must be named in groups"),
    decides("command", text_list, in<&ChannelConfig::program, &ChannelProgram::command>,
            "a program that is the channel, and its arguments"),
    Setting{"env.*", text},
    decides("cwd", path, in<&ChannelConfig::program, &ChannelProgram::cwd>,
            "where that program starts and may write, instead of a folder of its own"),
    decides("delivery", kDeliveries, in<&ChannelConfig::at_least_once>,
            "whether what may have arrived is sent again"),
    decides("deliveryTtlSeconds", whole(1, 604'800, 1'000), in<&ChannelConfig::delivery_ttl_ms>,
            "how long what is to be sent is tried"),
    Setting{"groups", object, not_kept, "the groups there are; none = all"},
    Setting{"dm.enabled", boolean, not_kept, "false is dmPolicy \"disabled\""},
    for_adapter("dm.groupEnabled", boolean),
    for_adapter("dm.groupChannels", ids),
    for_adapter("dm.replyToMode", text),
    for_adapter("guilds|teams|channels|direct|topics|botToken|token|tokenFile|appToken|userToken|"
                "signingSecret|apiKey|account|accountId|phoneNumber|phoneNumberId|accessToken|"
                "verifyToken|appSecret|authDir|defaultTo|defaultAccount|webhookUrl|webhookSecret|"
                "webhookPath|webhookHost|webhookPort|apiRoot|apiUrl|baseUrl|httpUrl|mode|proxy|"
                "network|retry|timeoutSeconds|historyLimit|dmHistoryLimit|dms|textChunkLimit|"
                "chunkMode|streaming|streamMode|blockStreaming|blockStreamingCoalesce|mediaMaxMb|"
                "actions|reactionNotifications|reactionLevel|replyToMode|markdown|linkPreview|"
                "capabilities|customCommands|commands|configWrites|heartbeat|responsePrefix|"
                "ackReaction|selfChatMode"),
};

constexpr std::array kGroup{
    decides("enabled", boolean, in<&GroupConfig::enabled>, "whether anybody is heard in it"),
    decides("allow", boolean, not_kept, "the same as enabled"),
    decides("groupPolicy", kGroupPolicies, in<&GroupConfig::policy>,
            "the channel's groupPolicy for this group"),
    decides("allowFrom", ids, in<&GroupConfig::allow_from>,
            "the channel's groupAllowFrom for this group"),
    decides("requireMention", boolean, in<&GroupConfig::require_mention>,
            "the channel's requireMention for this group"),
    decides("topics.*.enabled", boolean, not_kept, "refused: groups are told apart, not topics"),
    decides("topics.*.groupPolicy", kGroupPolicies, not_kept, "refused, as well"),
    decides("topics.*.allowFrom", ids, not_kept, "refused, as well"),
    for_adapter("topics.*.*"),
    decides("tools|toolsBySender", object, not_kept,
            "refused where an agent has spine.untrustedTools"),
    Setting{"tools.*"},
    Setting{"toolsBySender.*"},
    for_adapter("name|skills|systemPrompt|historyLimit"),
};

constexpr std::array kChannelDefaults{
    Setting{"channels", object, not_kept, "who may speak, by channel"},
    decides("channels.defaults.dmPolicy", kDmPolicies, in<&Config::default_dm_policy>,
            "dmPolicy of channels that say nothing"),
    decides("channels.defaults.groupPolicy", kGroupPolicies, in<&Config::default_group_policy>,
            "groupPolicy of channels that say nothing"),
    unused("channels.defaults.heartbeat"),
    unused("channels.modelByChannel"),
};

const void* telegram_channel(const Config& config, std::string_view) {
  return named<&ChannelConfig::name, &Config::channels>(config, "telegram");
}

// Telegram's keys stand apart, because it has some of its own (telegram_config).
constexpr std::array kChannelPlaces{
    TablePlace{"channels.telegram.", telegram_channel}, TablePlace{"channels.telegram.accounts.*."},
    TablePlace{"channels.*.", named<&ChannelConfig::name, &Config::channels>},
    TablePlace{"channels.*.accounts.*."}};
constexpr std::array kGroupPlaces{
    TablePlace{"channels.telegram.groups.*."}, TablePlace{"channels.telegram.accounts.*.groups.*."},
    TablePlace{"channels.*.groups.*."}, TablePlace{"channels.*.accounts.*.groups.*."}};

// Reads one channel. Its own keys, those in its older `dm` object and those of its accounts must
// all say the same, because a channel has one policy.
class ChannelReader {
 public:
  ChannelReader(Reading& reading, NodeId node)
      : reading_(reading), node_(node), name_(lower_case(reading.document.key(node))) {
    places_.push_back({node, {}});
    for (const NodeId account : reading.children(reading.below(node, "accounts"))) {
      places_.push_back({account, fmt::format("accounts.{}.", reading.document.key(account))});
    }
  }

  void read() {
    ChannelConfig channel;
    channel.name = name_;
    channel.enabled = reading_.flag(node_, "enabled").value_or(true);
    channel.group_policy = reading_.config.default_group_policy;
    channel.dm_policy = reading_.config.default_dm_policy;
    const NodeId dm_policy = taken({"dmPolicy", "dm.policy"}, channel);
    const NodeId allow_from = taken({"allowFrom", "dm.allowFrom"}, channel);
    const NodeId group_policy = taken({"groupPolicy"}, channel);
    taken({"groupAllowFrom"}, channel);
    normalise(channel.allow_from);
    if (channel.group_allow_from) normalise(*channel.group_allow_from);
    decide_dm_policy(channel, dm_policy, allow_from);
    read_groups(channel, agreed({"groups"}), agreed({"requireMention"}));
    check(channel, dm_policy);
    check_groups(channel, group_policy);
    read_program(channel);
    if (name_ == "telegram") channel.telegram = read_telegram(reading_, node_);
    if (is_not_served(channel)) {
      reading_.warn_first(node_,
                          "{}: not served here: this version has no adapter for it, so nobody is "
                          "heard on it unless a bridge hands its messages in. All else goes on.",
                          printable(name_));
    }
    reading_.config.channels.push_back(std::move(channel));
  }

 private:
  void read_program(ChannelConfig& channel) {
    const NodeId command = taken({"command"}, channel);
    taken({"cwd"}, channel);
    taken({"delivery"}, channel);
    taken({"deliveryTtlSeconds"}, channel);
    for (const NodeId variable : reading_.children(reading_.below(node_, "env")))
      channel.program.env.emplace_back(reading_.document.key(variable), *reading_.text(variable));
    if (command == 0) return;
    const auto& words = channel.program.command;
    if (words.empty() || words.front().empty()) {
      reading_.error(command, "{} names no program; give it as a list: [\"python3\", \"/a/file\"].",
                     full("command"));
    }
    // It becomes the name of a folder.
    if (!is_plain(name_, "-_.") || name_.starts_with('.')) {
      reading_.error(node_,
                     "a channel with a command is named by letters, digits, -, _ and . alone.");
    }
  }

  struct PlacedAt {
    NodeId node{};
    std::string prefix{};
  };

  std::string full(std::string_view rest) const {
    return printable(fmt::format("channels.{}.{}", name_, rest));
  }

  // The value that stands under any of the keys, wherever it stands; an error when two differ.
  NodeId agreed(std::initializer_list<std::string_view> keys) {
    NodeId found = 0;
    std::string found_key;
    for (const PlacedAt& place : places_) {
      for (const std::string_view key : keys) {
        const NodeId id = reading_.below(place.node, key);
        if (id == 0) continue;
        if (found != 0 && !same(found, id)) {
          reading_.error(id,
                         "{} differs from {} ({}); this version keeps one policy per channel, so "
                         "they must be equal.",
                         full(place.prefix + std::string{key}), full(found_key),
                         reading_.where(found));
          return found;
        }
        if (found == 0) {
          found = id;
          found_key = place.prefix + std::string{key};
        }
      }
    }
    return found;
  }

  // The same, put into the channel.
  NodeId taken(std::initializer_list<std::string_view> keys, ChannelConfig& channel) {
    const NodeId id = agreed(keys);
    const auto row = std::ranges::find(kChannel, *keys.begin(), &Setting::path);
    if (id != 0) row->member.put(&channel, reading_.value(id, row->accepts));
    return id;
  }

  bool same(NodeId a, NodeId b) const {
    if (reading_.document.kind(a) == Kind::array) return ids(a) == ids(b);
    return to_json(reading_.document, a) == to_json(reading_.document, b);
  }

  std::vector<std::string> ids(NodeId list) const {
    std::vector<std::string> out = reading_.texts(list);
    normalise(out);
    return out;
  }

  // Sorted, each once; "telegram:123" in channels.telegram is "123".
  void normalise(std::vector<std::string>& list) const {
    for (std::string& id : list)
      id = without_channel(id);
    sort_unique(list);
  }

  std::string without_channel(std::string_view id) const {
    const std::string prefix = name_ + ":";
    return std::string{id.starts_with(prefix) ? id.substr(prefix.size()) : id};
  }

  // A map of groups lists those that are admitted. A group without requireMention takes it from
  // "*", and "*" from the channel.
  void read_groups(ChannelConfig& channel, NodeId groups, NodeId mention) {
    const bool by_default = reading_.flag(mention).value_or(false);
    if (groups != 0 && reading_.document.first_child(groups) != 0) {
      const NodeId others = reading_.document.find(groups, "*");
      const bool inherited = reading_.flag(others, "requireMention").value_or(by_default);
      for (const NodeId group : reading_.document.children(groups))
        channel.groups.push_back(read_group(group, inherited));
      std::ranges::stable_sort(channel.groups, {}, &GroupConfig::id);
    } else if (by_default) {
      channel.groups.push_back({.id = "*", .require_mention = true});
    }
  }

  GroupConfig read_group(NodeId group, bool mention) {
    GroupConfig out;
    out.id = without_channel(reading_.document.key(group));
    out.require_mention = mention;
    reading_.take(kGroup, group, &out);
    if (reading_.flag(group, "allow") == false) out.enabled = false;
    if (out.allow_from) {
      normalise(*out.allow_from);
      name_access_groups(fmt::format("groups.{}.allowFrom", out.id), *out.allow_from);
    }
    refuse_topics(group, out.id);
    refuse_tools(group, out.id);
    if (out.id.empty() || out.id.size() > limits::kNameBytesMax) {
      reading_.error(group, "a group's id must have 1 to {} bytes.", limits::kNameBytesMax);
    }
    return out;
  }

  // Who may speak is decided per group: the policy of a topic could not be enforced.
  void refuse_topics(NodeId group, std::string_view id) {
    for (const NodeId topic : reading_.children(reading_.below(group, "topics"))) {
      for (const std::string_view key : {"enabled", "groupPolicy", "allowFrom"}) {
        const NodeId said = reading_.below(topic, key);
        if (said == 0 || (key == "enabled" && reading_.flag(said) == true)) continue;
        reading_.error(said,
                       "{}.topics.{}.{} cannot be kept: this version knows who may speak in a "
                       "group, not in its topics. Say it of the group.",
                       full(fmt::format("groups.{}", id)), printable(reading_.document.key(topic)),
                       key);
      }
    }
  }

  // Runs of group messages get no tools but spine.untrustedTools. If no agent has any, a group's
  // tool restrictions hold by that; otherwise they could not be enforced.
  void refuse_tools(NodeId group, std::string_view id) {
    const auto narrow = [](const AgentConfig& agent) { return !agent.untrusted_allow.empty(); };
    if (std::ranges::none_of(reading_.config.agents, narrow)) return;
    for (const std::string_view key : {"tools", "toolsBySender"}) {
      const NodeId said = reading_.below(group, key);
      if (said == 0 || reading_.document.first_child(said) == 0) continue;
      reading_.error(said,
                     "{}.{} cannot be kept: words of groups get what spine.untrustedTools of their "
                     "agent names, whichever the group is. Take one of the two out.",
                     full(fmt::format("groups.{}", id)), key);
    }
  }

  // Bounds, and a warning for an allow-list that admits nobody, unless it is only the default.
  void check_groups(const ChannelConfig& channel, NodeId group_policy) {
    std::size_t all = channel.groups.size();
    for (const ChannelConfig& other : reading_.config.channels)
      all += other.groups.size();
    if (all > limits::kGroupsMax) {
      reading_.error(node_, "more than {} groups.", limits::kGroupsMax);
    }
    const auto& list = channel.group_allow_from ? *channel.group_allow_from : channel.allow_from;
    if (channel.group_policy != fb::DmPolicy::allowlist || !list.empty()) return;
    const auto lets_in = [](const GroupConfig& group) {
      return (group.policy == fb::DmPolicy::open) ||
             (group.allow_from && !group.allow_from->empty());
    };
    if (std::ranges::any_of(channel.groups, lets_in)) return;
    if (group_policy == 0 && reading_.below(node_, "groups") == 0) return;
    reading_.warn(group_policy != 0 ? group_policy : node_,
                  "{0} is \"allowlist\"{1} and {2} names nobody: every message in a group is "
                  "refused. Name who may speak there, or say groupPolicy \"open\".",
                  full("groupPolicy"), group_policy == 0 ? ", as nothing else is said," : "",
                  full("groupAllowFrom"));
  }

  void decide_dm_policy(ChannelConfig& channel, NodeId policy, NodeId list) {
    const bool everybody = std::ranges::binary_search(channel.allow_from, "*");
    const bool listed = !channel.allow_from.empty();
    if (policy == 0 && listed && !everybody && channel.dm_policy == fb::DmPolicy::open) {
      channel.dm_policy = fb::DmPolicy::allowlist;
      reading_.warn(
          list, "{} is given without {}, so only those on it may write: dmPolicy \"allowlist\".",
          full("allowFrom"), full("dmPolicy"));
    }
    if (policy != 0 && channel.dm_policy == fb::DmPolicy::open && !everybody) {
      reading_.warn(policy,
                    "{} is \"open\" and {} does not have \"*\": OpenClaw refuses this; here "
                    "everybody may write{}. Add \"*\" if you mean it, or use \"pairing\".",
                    full("dmPolicy"), full("allowFrom"), listed ? ", those not listed too" : "");
    }
    for (const PlacedAt& place : places_) {
      if (reading_.flag(place.node, "dm.enabled") == false) {
        channel.dm_policy = fb::DmPolicy::disabled;
      }
    }
  }

  void name_access_groups(std::string_view key, const std::vector<std::string>& list) {
    for (const std::string& id : list) {
      if (!id.starts_with("accessGroup:")) continue;
      reading_.warn(node_,
                    "{} names {}; access groups are not known to this version and let nobody in.",
                    full(key), printable(id));
    }
  }

  void check(const ChannelConfig& channel, NodeId dm_policy) {
    if (channel.dm_policy == fb::DmPolicy::allowlist && channel.allow_from.empty()) {
      reading_.warn(dm_policy != 0 ? dm_policy : node_,
                    "{} is \"allowlist\" and {} names nobody: every direct message is refused.",
                    full("dmPolicy"), full("allowFrom"));
    }
    name_access_groups("allowFrom", channel.allow_from);
    if (channel.group_allow_from) name_access_groups("groupAllowFrom", *channel.group_allow_from);
    const auto same_name = [&](const ChannelConfig& other) { return other.name == channel.name; };
    if (std::ranges::any_of(reading_.config.channels, same_name)) {
      reading_.error(node_, "the channel {} stands here twice; keep one.", printable(name_));
    }
    if (name_.empty() || name_.size() > limits::kNameBytesMax) {
      reading_.error(node_, "a channel's name must have 1 to {} bytes.", limits::kNameBytesMax);
    }
    if (reading_.config.channels.size() == limits::kChannelsMax) {
      reading_.error(node_, "more than {} channels.", limits::kChannelsMax);
    }
  }

  Reading& reading_;
  NodeId node_;
  std::string name_;
  std::vector<PlacedAt> places_{};  // the channel itself, then its accounts
};

}  // namespace

constinit const SettingTable kChannelDefaultsTable{kAtRoot, kChannelDefaults};
constinit const SettingTable kChannelTable{kChannelPlaces, kChannel};
constinit const SettingTable kGroupTable{kGroupPlaces, kGroup};

bool lacks_adapter(std::string_view channel) {
  return std::ranges::find(kNotServed, channel) != kNotServed.end();
}

bool is_not_served(const ChannelConfig& channel) {
  return channel.enabled && channel.program.command.empty() && lacks_adapter(channel.name);
}

std::optional<WebhookListener> webhook_listener(const std::vector<ChannelConfig>& channels) {
  for (const ChannelConfig& channel : channels) {
    for (const TelegramAccount& account : channel.telegram) {
      if (!channel.enabled || !account.enabled || !account.webhook_port) continue;
      return WebhookListener{.address = account.webhook_host,
                             .port = static_cast<std::uint16_t>(*account.webhook_port)};
    }
  }
  return std::nullopt;
}

void read_channels(Reading& reading) {
  for (const NodeId node : reading.children(reading.at("channels"))) {
    const std::string_view key = reading.document.key(node);
    if (key == "defaults" || key == "modelByChannel") continue;
    if (key == "*") {
      reading.error(node, "\"*\" is no channel; channels.defaults speaks of every other one.");
      continue;
    }
    ChannelReader(reading, node).read();
  }
}

}  // namespace spine::config
