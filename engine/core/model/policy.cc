// Policy: reading ConfigApplied, lookups by binary search.
#include "engine/core/model/policy.h"

#include <algorithm>

#include "schemas/fields.h"

namespace spine::core {
namespace {

// Short enough to be added to any clock.
constexpr std::uint64_t kTtlMsMax = 366ULL * 24 * 3600 * 1000;

constexpr std::string_view kMain = "main";
constexpr std::uint64_t kMsPerDay = 24ULL * 3600 * 1000;

// The texts of a list, in lower case unless ids are exact. `texts` may be null.
std::vector<std::string> texts_of(const IdTexts* texts, IdCase ids = IdCase::folded) {
  std::vector<std::string> list;
  if (texts == nullptr) return list;
  for (const flatbuffers::String* text : *texts)
    list.push_back(ids == IdCase::exact ? std::string(text_of(text)) : lower_case(text_of(text)));
  return list;
}

std::vector<std::string> sorted_once(std::vector<std::string> list) {
  std::ranges::sort(list);
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

// The row of that name among rows that are sorted by it; nullptr = none.
template <class Row, class Name>
const Row* find_named(const std::vector<Row>& rows, std::string_view name, Name Row::*member) {
  const auto at = std::ranges::lower_bound(rows, name, {}, member);
  return at != rows.end() && (*at).*member == name ? &*at : nullptr;
}

ResetRule reset_rule(const fb::ResetPolicy* policy) {
  if (policy == nullptr) return ResetRule{};
  return ResetRule{.daily = policy->daily(),
                   .at_hour = policy->at_hour(),
                   .idle_minutes = policy->idle_minutes()};
}

// Entries "<channel>:<sender id>", with the channel in lower case: it is a name, not an id.
std::vector<std::string> admin_names(const IdTexts* texts, IdCase ids) {
  std::vector<std::string> names = texts_of(texts, ids);
  for (std::string& name : names) {
    const auto end = std::find(name.begin(), name.end(), ':');
    std::transform(name.begin(), end, name.begin(), lower);
  }
  return names;
}

std::vector<Admin> split_admins(const std::vector<std::string>& names) {
  std::vector<Admin> admins;
  for (const std::string& name : names) {
    const std::size_t colon = name.find(':');
    if (colon == std::string::npos || colon + 1 == name.size()) continue;
    admins.push_back({.channel = name.substr(0, colon), .sender_id = name.substr(colon + 1)});
  }
  return admins;
}

// In order of their agents; of two for one agent the first counts.
std::vector<AgentRules> read_agent_rules(const fb::ConfigApplied& config) {
  std::vector<AgentRules> all;
  if (config.agent_policies() == nullptr) return all;
  for (const fb::AgentPolicy* policy : *config.agent_policies()) {
    all.push_back(AgentRules{.agent = lower_case(text_of(policy->agent_id())),
                             .on_crash = policy->on_crash(),
                             .attempts_max = policy->attempts_max(),
                             .approval_ms = policy->approval_ms(),
                             .allow = texts_of(policy->allow()),
                             .deny = texts_of(policy->deny()),
                             .untrusted_allow = texts_of(policy->untrusted_allow()),
                             .queue_mode = policy->queue_mode()});
  }
  std::ranges::stable_sort(all, {}, &AgentRules::agent);
  return all;
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

IdList::IdList(const IdTexts* texts, IdCase ids) : IdList(texts_of(texts, ids), ids) {}

IdList::IdList(std::vector<std::string> texts, IdCase ids)
    : ids_(sorted_once(std::move(texts))), case_(ids) {
  everybody_ = std::binary_search(ids_.begin(), ids_.end(), std::string_view{"*"});
}

bool IdList::has(std::string_view id, IdCase ids) const {
  if (ids_.empty()) return false;
  if (case_ == IdCase::exact && ids == IdCase::folded) {
    // Only tools judge a message with folded ids by a configuration with exact ones.
    return std::any_of(ids_.begin(), ids_.end(),
                       [id](const std::string& own) { return same_but_case(own, id); });
  }
  if (case_ == IdCase::exact) return std::binary_search(ids_.begin(), ids_.end(), id);
  KeyBuffer folded;
  folded.add_lower(id);
  return std::binary_search(ids_.begin(), ids_.end(), folded.view());
}

ToolMatch match_tool(const std::vector<std::string>& list, std::string_view tool) {
  for (const std::string& entry : list) {
    const std::size_t marks = std::min(entry.find_first_not_of('!'), entry.size());
    std::string_view name = std::string_view{entry}.substr(marks);
    bool matches = same_but_case(name, tool);
    if (name.ends_with('*')) {
      name.remove_suffix(1);
      matches = tool.size() >= name.size() && same_but_case(name, tool.substr(0, name.size()));
    }
    if (matches) return {.entry = &entry, .marks = static_cast<std::uint8_t>(marks)};
  }
  return {};
}

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
  main_key = lower_case(text_of(config.main_key()));
  if (main_key.empty()) main_key = kMain;
  default_agent = lower_case(text_of(config.default_agent()));
  if (default_agent.empty()) default_agent = kMain;
  reset_direct = reset_rule(config.reset_direct());
  reset_group = reset_rule(config.reset_group());
  reset_thread = reset_rule(config.reset_thread());
  idle_ms_max = config.session_idle_days() * kMsPerDay;
  message_rate = Rate::per_minute(config.messages_per_minute(), config.messages_burst());
  default_dm_policy_ = config.default_dm_policy();
  agents_ = sorted_once(texts_of(config.agents()));
  std::vector<std::string> admins = admin_names(config.admins(), ids);
  admins_by_id_ = ids == IdCase::exact ? split_admins(admins) : std::vector<Admin>{};
  admins_ = IdList(std::move(admins), ids);
  reset_triggers_ = sorted_once(texts_of(config.reset_triggers()));
  agent_rules_ = read_agent_rules(config);
  queue_mode_ = config.queue_mode();
  apply_phrases(config);
  apply_inbound(config);
  apply_channels(config);
  apply_bindings(config);
}

// A phrase of a newer version is none of ours.
void Policy::apply_phrases(const fb::ConfigApplied& config) {
  std::ranges::transform(kPhrases, phrases_.begin(),
                         [](const PhraseRow& row) { return std::string(row.english); });
  if (config.phrases() == nullptr) return;
  for (const fb::PhraseChosen* chosen : *config.phrases()) {
    const auto row = std::ranges::find_if(
        kPhrases, [&](const PhraseRow& known) { return known.name() == text_of(chosen->name()); });
    if (row == kPhrases.end()) continue;
    phrases_.at(static_cast<std::size_t>(row - kPhrases.begin())) = text_of(chosen->text());
  }
}

void Policy::apply_inbound(const fb::ConfigApplied& config) {
  constexpr std::uint32_t kAlbumMs = 1'500;  // as in event.fbs
  const fb::InboundPolicy* inbound = config.inbound();
  const auto bounded = [](std::uint32_t ms) { return std::min(ms, limits::kDebounceMsMax); };
  debounces_.clear();
  debounce_ms_ = inbound == nullptr ? 0 : bounded(inbound->debounce_ms());
  album_ms_ = inbound == nullptr ? kAlbumMs : bounded(inbound->album_ms());
  if (inbound == nullptr || inbound->by_channel() == nullptr) return;
  for (const fb::ChannelDebounce* row : *inbound->by_channel())
    debounces_.emplace_back(lower_case(text_of(row->channel())), bounded(row->debounce_ms()));
}

void Policy::apply_channels(const fb::ConfigApplied& config) {
  channels_.clear();
  if (config.channels() == nullptr) return;
  for (const fb::ChannelPolicy* channel : *config.channels()) {
    const auto* group = channel->group_allow_from();
    Channel added{.name = lower_case(text_of(channel->name())),
                  .dm = channel->dm_policy(),
                  .group = channel->group_policy(),
                  .direct_list = IdList(channel->allow_from(), ids),
                  .group_list = IdList(group ? group : channel->allow_from(), ids),
                  .queue_mode = channel->queue_mode(),
                  .deliveries = {.ttl_ms = std::min(channel->delivery_ttl_ms(), kTtlMsMax),
                                 .at_least_once = channel->at_least_once()},
                  .lists_groups = channel->groups() != nullptr};
    added.groups = read_groups(*channel, added);
    channels_.push_back(std::move(added));
  }
  std::ranges::stable_sort(channels_, {}, &Channel::name);
}

std::vector<Policy::Group> Policy::read_groups(const fb::ChannelPolicy& policy,
                                               const Channel& channel) const {
  std::vector<Group> groups;
  if (policy.groups() == nullptr) return groups;
  for (const fb::GroupPolicy* entry : *policy.groups()) {
    const std::string_view id = text_of(entry->id());
    const auto* own = entry->allow_from();
    groups.push_back(Group{.id = ids == IdCase::exact ? std::string(id) : lower_case(id),
                           .disabled = entry->disabled(),
                           .require_mention = entry->require_mention(),
                           .policy = entry->has_policy() ? entry->policy() : channel.group,
                           .list = own == nullptr ? channel.group_list : IdList(own, ids)});
  }
  std::ranges::stable_sort(groups, {}, &Group::id);
  return groups;
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
                                 .agent = lower_case(text_of(binding->agent_id()))});
  }
  for (std::vector<Rule>& rules : rules_) {
    std::ranges::stable_sort(rules, {}, &Rule::key);
    const auto same = [](const Rule& a, const Rule& b) { return a.key == b.key; };
    rules.erase(std::unique(rules.begin(), rules.end(), same), rules.end());
  }
}

const Policy::Channel* Policy::find_channel(std::string_view name) const {
  return find_named(channels_, name, &Channel::name);
}

const AgentRules& Policy::rules_of(std::string_view agent) const {
  static const AgentRules kDefaults{};
  const AgentRules* own = find_named(agent_rules_, agent, &AgentRules::agent);
  return own != nullptr ? *own : kDefaults;
}

const DeliveryRules& Policy::delivery_rules(std::string_view channel) const {
  static constexpr DeliveryRules kDefaults{};
  const Channel* of_channel = find_channel(channel);
  return of_channel == nullptr ? kDefaults : of_channel->deliveries;
}

std::uint64_t Policy::burst_ms(std::string_view channel, bool album) const {
  const auto own = std::ranges::find(debounces_, channel,
                                     [](const auto& row) -> std::string_view { return row.first; });
  const std::uint32_t debounce_ms = own == debounces_.end() ? debounce_ms_ : own->second;
  return album ? std::max(album_ms_, debounce_ms) : debounce_ms;
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
  const Group* own = nullptr;
  if (ids == IdCase::exact && origin.ids == IdCase::folded) {
    // As in IdList::has().
    const auto at = std::ranges::find_if(
        channel.groups, [&](const Group& group) { return same_but_case(group.id, origin.peer); });
    if (at != channel.groups.end()) own = &*at;
  } else {
    const auto named = [&](std::string_view peer) {
      KeyBuffer id;
      return find_named(channel.groups, id.add_id(peer, ids).view(), &Group::id);
    };
    own = named(origin.peer);
    for (const std::string_view former : origin.former)
      if (own == nullptr) own = named(former);
  }
  return own != nullptr ? own : find_named(channel.groups, "*", &Group::id);
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
  // The channel ends at the first colon: with a colon in its name, two pairs could read alike.
  if (admins_.empty() || origin.sender.empty() ||
      origin.channel.find(':') != std::string_view::npos)
    return false;
  KeyBuffer name;
  name.add_lower(origin.channel).add(":").add_id(origin.sender, origin.ids);
  return admins_.has(name.view(), origin.ids);
}

const Policy::Rule* Policy::find_rule(Level level, const Origin& origin, bool with_account) const {
  const Rule* found = find_rule_of(level, origin, with_account);
  if (level != exact_peer || found != nullptr) return found;
  Origin before = origin;
  for (const std::string_view former : origin.former) {
    before.peer = former;
    if (found == nullptr) found = find_rule_of(level, before, with_account);
  }
  return found;
}

const Policy::Rule* Policy::find_rule_of(Level level, const Origin& origin,
                                         bool with_account) const {
  const std::vector<Rule>& rules = rules_[level];
  if (rules.empty()) return nullptr;
  KeyBuffer key;
  const IdCase how = origin.ids == IdCase::folded ? IdCase::folded : ids;
  rule_key(key, origin, how, with_account, level == exact_peer || level == any_peer,
           level == exact_peer);
  if (how != ids) {
    // As in IdList::has().
    const auto same = std::ranges::find_if(
        rules, [&key](const Rule& rule) { return same_but_case(rule.key, key.view()); });
    return same == rules.end() ? nullptr : &*same;
  }
  return find_named(rules, key.view(), &Rule::key);
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
  return agent == kNoAgent || agent == default_agent ||
         std::binary_search(agents_.begin(), agents_.end(), agent);
}

bool Policy::is_reset_trigger(std::string_view text, std::string_view& rest) const {
  const std::string_view words = trimmed(text);
  // Sorted, so going backwards tries the longest of several triggers that match first.
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
