// Policy: reading ConfigApplied, lookups by binary search.
#include "engine/core/policy.h"

#include <algorithm>

#include "engine/core/fingerprint.h"
#include "engine/core/key_buffer.h"
#include "engine/core/words.h"
#include "schemas/finished.h"

namespace spine::core {
namespace {

constexpr std::string_view kMain = "main";
constexpr std::uint64_t kMsPerDay = 24ULL * 3600 * 1000;

std::string lower_copy(std::string_view text) {
  std::string copy(text);
  std::transform(copy.begin(), copy.end(), copy.begin(), lower);
  return copy;
}

std::vector<std::string> sorted_lower(
    const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* texts) {
  std::vector<std::string> list;
  if (texts == nullptr) return list;
  for (const flatbuffers::String* text : *texts)
    list.push_back(lower_copy(text_of(text)));
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

bool has(const std::vector<std::string>& sorted, std::string_view text) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), text);
  return at != sorted.end() && *at == text;
}

ResetRule reset_rule(const fb::ResetPolicy* policy) {
  if (policy == nullptr) return ResetRule{};
  return ResetRule{.daily = policy->daily(),
                   .at_hour = policy->at_hour(),
                   .idle_minutes = policy->idle_minutes()};
}

// Of "<channel>:<sender id>" the channel is a name.
std::vector<std::string> admin_names(const IdTexts* texts) {
  std::vector<std::string> names;
  if (texts == nullptr) return names;
  for (const flatbuffers::String* text : *texts) {
    const std::string_view whole = text_of(text);
    const std::size_t name = std::min(whole.find(':'), whole.size());
    names.push_back(lower_copy(whole.substr(0, name)).append(whole.substr(name)));
  }
  return names;
}

// What a binding of one level is found by; fields that the level does not look at are empty.
void rule_key(KeyBuffer& key, const Origin& origin, IdCase ids, bool with_account, bool with_kind,
              bool with_peer) {
  const char kind =
      with_kind ? static_cast<char>('0' + static_cast<int>(origin.conversation)) : '-';
  key.add_field_lower(origin.channel)
      .add_id_field(with_account ? origin.account : std::string_view{}, ids)
      .add({&kind, 1})
      .add_id_field(with_peer ? origin.peer : std::string_view{}, ids);
}

}  // namespace

Policy::Policy() {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::ConfigAppliedBuilder(builder).Finish());
  apply(finished(builder));
  body_ = {};
}

void Policy::apply(ByteSpan body) {
  body_ = KeptBody{body};
  const auto& config = *flatbuffers::GetRoot<fb::ConfigApplied>(body_.view().data());

  ids = id_case(config.exact_ids());
  dm_scope = config.dm_scope();
  group_scope_main = config.group_scope_main();
  main_key = lower_copy(text_of(config.main_key()));
  if (main_key.empty()) main_key = kMain;
  default_agent = lower_copy(text_of(config.default_agent()));
  if (default_agent.empty()) default_agent = kMain;
  reset_direct = reset_rule(config.reset_direct());
  reset_group = reset_rule(config.reset_group());
  reset_thread = reset_rule(config.reset_thread());
  idle_ms_max = config.session_idle_days() * kMsPerDay;
  message_rate = Rate::per_minute(config.messages_per_minute(), config.messages_burst());
  default_dm_policy_ = config.default_dm_policy();
  agents_ = sorted_lower(config.agents());
  admins_ = IdList(admin_names(config.admins()), ids);
  reset_triggers_ = sorted_lower(config.reset_triggers());
  agent_rules_ = read_agent_rules(config);
  queue_mode_ = config.queue_mode();
  apply_channels(config);
  apply_bindings(config);
}

void Policy::apply_channels(const fb::ConfigApplied& config) {
  channels_.clear();
  if (config.channels() == nullptr) return;
  for (const fb::ChannelPolicy* channel : *config.channels()) {
    const auto* group = channel->group_allow_from();
    Channel added{.name = lower_copy(text_of(channel->name())),
                  .dm = channel->dm_policy(),
                  .group = channel->group_policy(),
                  .direct_list = IdList(channel->allow_from(), ids),
                  .group_list = IdList(group ? group : channel->allow_from(), ids),
                  .queue_mode = channel->queue_mode(),
                  .lists_groups = channel->groups() != nullptr};
    if (added.lists_groups) apply_groups(*channel->groups(), added);
    channels_.push_back(std::move(added));
  }
  std::stable_sort(channels_.begin(), channels_.end(),
                   [](const Channel& a, const Channel& b) { return a.name < b.name; });
}

void Policy::apply_groups(const GroupPolicies& policies, Channel& channel) const {
  for (const fb::GroupPolicy* entry : policies) {
    const std::string_view id = text_of(entry->id());
    const auto* own = entry->allow_from();
    channel.groups.push_back(Group{.id = ids == IdCase::exact ? std::string(id) : lower_copy(id),
                                   .disabled = entry->disabled(),
                                   .require_mention = entry->require_mention(),
                                   .policy = entry->has_policy() ? entry->policy() : channel.group,
                                   .list = own == nullptr ? channel.group_list : IdList(own, ids)});
  }
  std::stable_sort(channel.groups.begin(), channel.groups.end(),
                   [](const Group& a, const Group& b) { return a.id < b.id; });
}

void Policy::apply_bindings(const fb::ConfigApplied& config) {
  for (std::vector<Rule>& rules : rules_)
    rules.clear();
  if (config.bindings() == nullptr) return;
  std::uint32_t position = 0;
  for (const fb::Binding* binding : *config.bindings()) {
    const std::string_view peer = text_of(binding->peer_id());
    const bool any = peer.empty() || peer == "*";
    const Level level = binding->has_peer()                   ? (any ? any_peer : exact_peer)
                        : text_of(binding->account()).empty() ? whole_channel
                                                              : whole_account;
    const Origin origin{.channel = text_of(binding->channel()),
                        .account = text_of(binding->account()),
                        .conversation = binding->peer_kind(),
                        .peer = peer};
    KeyBuffer key;
    rule_key(key, origin, ids, true, binding->has_peer(), level == exact_peer);
    rules_[level].push_back(Rule{.key = std::string(key.view()),
                                 .position = position++,
                                 .agent = lower_copy(text_of(binding->agent_id()))});
  }
  for (std::vector<Rule>& rules : rules_) {
    std::sort(rules.begin(), rules.end(), [](const Rule& a, const Rule& b) {
      return a.key != b.key ? a.key < b.key : a.position < b.position;
    });
    rules.erase(std::unique(rules.begin(), rules.end(),
                            [](const Rule& a, const Rule& b) { return a.key == b.key; }),
                rules.end());
  }
}

const Policy::Channel* Policy::find_channel(std::string_view name) const {
  const auto channel =
      std::lower_bound(channels_.begin(), channels_.end(), name,
                       [](const Channel& a, std::string_view wanted) { return a.name < wanted; });
  return channel != channels_.end() && channel->name == name ? &*channel : nullptr;
}

const AgentRules& Policy::rules_of(std::string_view agent) const {
  static const AgentRules kDefaults{};
  const auto at = std::lower_bound(
      agent_rules_.begin(), agent_rules_.end(), agent,
      [](const AgentRules& a, std::string_view wanted) { return a.agent < wanted; });
  return at != agent_rules_.end() && at->agent == agent ? *at : kDefaults;
}

fb::QueueMode Policy::queue_mode(std::string_view agent, std::string_view channel) const {
  const Channel* of_channel = find_channel(channel);
  for (const fb::QueueMode mode :
       {rules_of(agent).queue_mode, of_channel ? of_channel->queue_mode : fb::QueueMode::unset,
        queue_mode_}) {
    if (mode != fb::QueueMode::unset) return mode;
  }
  return fb::QueueMode::followup;
}

const Policy::Channel* Policy::channel_for(const Origin& origin) const {
  const Channel* channel = find_channel(origin.channel);
  const bool direct = origin.conversation == fb::ConversationKind::direct;
  return channel != nullptr || direct ? channel : find_channel("*");
}

const Policy::Group* Policy::find_group(const Channel& channel, const Origin& origin) const {
  if (channel.groups.empty()) return nullptr;
  const auto named = [&](std::string_view id) -> const Group* {
    const auto at = std::lower_bound(channel.groups.begin(), channel.groups.end(), id,
                                     [](const Group& a, std::string_view b) { return a.id < b; });
    return at != channel.groups.end() && at->id == id ? &*at : nullptr;
  };
  const Group* own = nullptr;
  if (ids == IdCase::exact && origin.ids == IdCase::folded) {
    // As in IdList::has().
    const auto at = std::find_if(channel.groups.begin(), channel.groups.end(),
                                 [&](const Group& g) { return same_but_case(g.id, origin.peer); });
    if (at != channel.groups.end()) own = &*at;
  } else {
    KeyBuffer id;
    own = named(ids == IdCase::exact ? origin.peer : id.add_lower(origin.peer).view());
  }
  return own != nullptr ? own : named("*");
}

fb::RejectReason Policy::refusal(const Origin& origin) const {
  const Channel* channel = channel_for(origin);
  const bool known = channel != nullptr;
  const bool direct = origin.conversation == fb::ConversationKind::direct;
  const Group* group = known && !direct ? find_group(*channel, origin) : nullptr;
  if (known && !direct && channel->lists_groups && (group == nullptr || group->disabled)) {
    return fb::RejectReason::group_not_listed;
  }
  const fb::DmPolicy policy = !known             ? default_dm_policy_
                              : direct           ? channel->dm
                              : group != nullptr ? group->policy
                                                 : channel->group;
  const auto on = [&origin](const IdList& list) {
    return list.everybody() || list.has(origin.sender, origin.ids);
  };
  const bool listed = known && on(direct             ? channel->direct_list
                                  : group != nullptr ? group->list
                                                     : channel->group_list);
  switch (policy) {
    case fb::DmPolicy::open:
      return fb::RejectReason::none;
    case fb::DmPolicy::allowlist:
      return listed ? fb::RejectReason::none : fb::RejectReason::not_allowed;
    case fb::DmPolicy::pairing:
      if (listed) return fb::RejectReason::none;
      // A group is not paired: its members are on the list, or they are not.
      return direct ? fb::RejectReason::unpaired : fb::RejectReason::not_allowed;
    case fb::DmPolicy::disabled:
      break;
  }
  return fb::RejectReason::disabled;
}

bool Policy::requires_mention(const Origin& origin) const {
  if (origin.conversation == fb::ConversationKind::direct) return false;
  const Channel* channel = find_channel(origin.channel);
  const Group* group = channel == nullptr ? nullptr : find_group(*channel, origin);
  return group != nullptr && group->require_mention;
}

bool Policy::is_admin(const Origin& origin) const {
  // A channel's name ends at the first colon: with another one in it, two pairs would read alike.
  if (admins_.empty() || origin.sender.empty() ||
      origin.channel.find(':') != std::string_view::npos)
    return false;
  KeyBuffer name;
  name.add_lower(origin.channel).add(":").add_id(origin.sender, origin.ids);
  return admins_.has(name.view(), origin.ids);
}

const Policy::Rule* Policy::find_rule(Level level, const Origin& origin, bool with_account) const {
  const std::vector<Rule>& rules = rules_[level];
  if (rules.empty()) return nullptr;
  KeyBuffer key;
  const IdCase how = origin.ids == IdCase::folded ? IdCase::folded : ids;
  rule_key(key, origin, how, with_account, level == exact_peer || level == any_peer,
           level == exact_peer);
  if (how != ids) {
    // Only tools put a message of the past to a configuration of today.
    const auto same = std::find_if(rules.begin(), rules.end(), [&key](const Rule& rule) {
      return same_but_case(rule.key, key.view());
    });
    return same == rules.end() ? nullptr : &*same;
  }
  const auto at =
      std::lower_bound(rules.begin(), rules.end(), key.view(),
                       [](const Rule& a, std::string_view wanted) { return a.key < wanted; });
  return at != rules.end() && at->key == key.view() ? &*at : nullptr;
}

std::string_view Policy::agent_for(const Origin& origin) const {
  for (const Level level : {exact_peer, any_peer, whole_account, whole_channel}) {
    // A binding with a peer may leave the account open: of both kinds the earlier entry wins.
    const Rule* open = level == whole_account ? nullptr : find_rule(level, origin, false);
    const Rule* own = level == whole_channel ? nullptr : find_rule(level, origin, true);
    if (open != nullptr && (own == nullptr || open->position < own->position)) return open->agent;
    if (own != nullptr) return own->agent;
  }
  return default_agent;
}

bool Policy::agent_known(std::string_view agent) const {
  return agent == kNoAgent || agent == default_agent || has(agents_, agent);
}

bool Policy::is_reset_trigger(std::string_view text, std::string_view& rest) const {
  const std::string_view words = trimmed(text);
  // Sorted: of two that begin alike the longer one comes later, and is meant if it is there.
  for (auto at = reset_triggers_.rbegin(); at != reset_triggers_.rend(); ++at) {
    const std::string& trigger = *at;
    if (trigger.empty() || !same_but_case(words.substr(0, trigger.size()), trigger)) continue;
    rest = words.substr(trigger.size());
    if (!rest.empty() && kBlanks.find(rest.front()) == std::string_view::npos) continue;
    rest = trimmed(rest);
    return true;
  }
  return false;
}

}  // namespace spine::core
