// Policy: the recorded part of the configuration, made ready for lookups.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/core/base/kept_body.h"
#include "engine/core/base/key_buffer.h"
#include "engine/core/base/rate.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/phrases.h"

#include "event_generated.h"

namespace spine::core {

// When a session starts afresh by itself.
struct ResetRule {
  bool daily{};
  std::uint8_t at_hour{4};       // host local time
  std::uint32_t idle_minutes{};  // 0 = never
};

// Where a message comes from: what bindings and channel policies look at. The channel is in lower
// case, and the ids are when they are folded.
struct Origin {
  std::string_view channel{};
  std::string_view account{};
  fb::ConversationKind conversation{};
  std::string_view peer{};  // direct: the sender; else the conversation
  std::string_view sender{};
  IdCase ids{};
  std::vector<std::string_view> former{};  // what the peer was called before
};

// How the runs of one agent are dealt with. The defaults are those of event_agents.fbs: what holds
// for agents that have no AgentPolicy.
struct AgentRules {
  std::string agent{};  // lower case
  fb::OnCrash on_crash{fb::OnCrash::retry};
  std::uint16_t attempts_max{3};
  std::uint64_t approval_ms{300'000};
  std::vector<std::string> allow{};  // lower case
  std::vector<std::string> deny{};
  std::vector<std::string> untrusted_allow{};
  fb::QueueMode queue_mode{fb::QueueMode::unset};
};

// How what is sent to a channel is dealt with. The defaults are those of event.fbs.
struct DeliveryRules {
  std::uint64_t ttl_ms{3'600'000};
  bool at_least_once{};
};

// What a list says of a tool: the first entry that is its name, or its beginning when the entry
// ends in "*". ASCII case does not count. An entry "!name" cancels later entries for that tool;
// "!!name", in `allow`, also cancels a person's answer "always".
struct ToolMatch {
  const std::string* entry{};  // nullptr = nothing
  std::uint8_t marks{};        // "!" before its name

  bool holds() const { return entry != nullptr && marks == 0; }
};
ToolMatch match_tool(const std::vector<std::string>& list, std::string_view tool);

using IdTexts = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

// Ids that a configuration names, and whether one is among them.
class IdList {
 public:
  IdList() = default;
  // `ids`: as the configuration was recorded. `texts` may be null; given as strings they are in
  // lower case already when ids are folded.
  IdList(const IdTexts* texts, IdCase ids);
  IdList(std::vector<std::string> texts, IdCase ids);

  // "*" is on it.
  bool everybody() const { return everybody_; }
  bool empty() const { return ids_.empty(); }
  // `ids`: as the message was recorded. Bytes are compared when neither was recorded folded.
  bool has(std::string_view id, IdCase ids) const;

 private:
  std::vector<std::string> ids_{};  // sorted; lower-cased when they are folded
  IdCase case_{};
  bool everybody_{};
};

// Somebody who answers for the gateway on a channel.
struct Admin {
  std::string channel{};  // lower case
  std::string sender_id{};
};

// No agent: the message is recorded and acknowledged, and starts no run.
inline constexpr std::string_view kNoAgent = "none";

class Policy {
 public:
  // What holds before the first ConfigApplied: the defaults of event.fbs, one agent "main".
  Policy();

  // Replaces everything. REQUIRES: body verified as a ConfigApplied.
  void apply(ByteSpan body);
  // The body last applied, as recorded; empty = none. Borrowed until the next apply.
  ByteSpan body() const { return body_.view(); }

  // Whether the sender may speak: none = yes.
  fb::RejectReason refusal(const Origin& origin) const;
  // Whether messages of that group must be addressed to the agent to be answered.
  bool requires_mention(const Origin& origin) const;
  // Whether the sender may answer pairing requests; by its id, never by a name.
  bool is_admin(const Origin& origin) const;
  // All who may. Empty where a configuration folded their ids, which then name nobody for sure.
  // Borrowed until the next apply.
  const std::vector<Admin>& admins() const { return admins_by_id_; }
  // The agent that answers messages from there. Borrowed until the next apply.
  std::string_view agent_for(const Origin& origin) const;
  // Whether the (lower-cased) agent is configured, or kNoAgent.
  bool agent_known(std::string_view agent) const;
  // How the agent's runs are dealt with. Borrowed until the next apply.
  const AgentRules& rules_of(std::string_view agent) const;
  // What happens to a message from that channel that comes while its session is busy, unless the
  // message says so itself. Never unset.
  fb::QueueMode queue_mode(std::string_view agent, std::string_view channel) const;
  // How long a turn waits for what its sender adds: behind a part of an album, or any message; 0 =
  // it does not. `channel` in lower case.
  std::uint64_t burst_ms(std::string_view channel, bool album) const;
  // Borrowed until the next apply. `channel` in lower case.
  const DeliveryRules& delivery_rules(std::string_view channel) const;
  // Whether a message of this text asks for a fresh start; `rest` is what it says besides, without
  // the blanks at its ends.
  bool is_reset_trigger(std::string_view text, std::string_view& rest) const;
  // What the gateway says to people. Borrowed until the next apply.
  std::string_view phrase(Phrase phrase) const {
    return phrases_.at(static_cast<std::size_t>(phrase));
  }

  IdCase ids{};  // of what the configuration names
  fb::DmScope dm_scope{};
  bool group_scope_main{};
  std::string main_key{};
  std::string default_agent{};
  ResetRule reset_direct{};
  ResetRule reset_group{};
  ResetRule reset_thread{};
  std::uint64_t idle_ms_max{};  // after this sessions and senders expire; 0 = never
  Rate message_rate{};          // per principal

 private:
  // channels.<name>.groups.<id>.
  struct Group {
    std::string id{};  // as it was recorded; lower-cased when ids are folded
    bool disabled{};
    bool require_mention{};
    fb::DmPolicy policy{};  // the channel's, where it has none of its own
    IdList list{};
  };
  struct Channel {
    std::string name{};
    fb::DmPolicy dm{};
    fb::DmPolicy group{};
    IdList direct_list{};
    IdList group_list{};
    fb::QueueMode queue_mode{};
    DeliveryRules deliveries{};
    bool lists_groups{};          // then what `groups` does not name is refused
    std::vector<Group> groups{};  // sorted by id
  };
  struct Rule {
    std::string key{};  // built by rule_key
    std::uint32_t position{};
    std::string agent{};
  };
  // Levels of bindings, the most specific first.
  enum Level : std::uint8_t { exact_peer, any_peer, whole_account, whole_channel };
  static constexpr std::size_t kLevels = 4;

  const Channel* find_channel(std::string_view name) const;
  // The channel's entry; else "*", which holds for groups only; null = none.
  const Channel* channel_for(const Origin& origin) const;
  // The entry that holds for the group: its own, or "*"; null = none.
  const Group* find_group(const Channel& channel, const Origin& origin) const;
  std::vector<Group> read_groups(const fb::ChannelPolicy& policy, const Channel& channel) const;
  void apply_channels(const fb::ConfigApplied& config);
  void apply_bindings(const fb::ConfigApplied& config);
  void apply_phrases(const fb::ConfigApplied& config);
  void apply_inbound(const fb::ConfigApplied& config);
  const Rule* find_rule(Level level, const Origin& origin, bool with_account) const;
  const Rule* find_rule_of(Level level, const Origin& origin, bool with_account) const;

  KeptBody body_{};
  fb::DmPolicy default_dm_policy_{};
  std::vector<std::string> agents_{};          // sorted
  IdList admins_{};                            // "<channel>:<sender id>"
  std::vector<Admin> admins_by_id_{};          // in their order
  std::vector<Channel> channels_{};            // sorted by name
  std::vector<Rule> rules_[kLevels]{};         // sorted by key; of one key the first binding only
  std::vector<std::string> reset_triggers_{};  // lower-cased
  std::vector<AgentRules> agent_rules_{};      // sorted by agent
  fb::QueueMode queue_mode_{};
  std::array<std::string, kPhrases.size()> phrases_{};
  std::uint32_t debounce_ms_{};
  std::uint32_t album_ms_{};
  std::vector<std::pair<std::string, std::uint32_t>> debounces_{};  // of channels
};

}  // namespace spine::core
