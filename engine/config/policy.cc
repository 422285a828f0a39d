// build_policy: the part of the configuration that decides, as an event's table.
#include "engine/config/config.h"

namespace spine::config {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;

flatbuffers::Offset<fb::ResetPolicy> build_reset(Builder& builder, const Reset& reset) {
  return fb::CreateResetPolicy(builder, reset.daily, reset.at_hour, reset.idle_minutes);
}

using Names = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>>;
using Groups = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::GroupPolicy>>>;

// Absent when there are none, or the channel is off: a group's own policy must not open it.
Groups build_groups(Builder& builder, const ChannelConfig& channel) {
  if (channel.groups.empty() || !channel.enabled) return {};
  std::vector<flatbuffers::Offset<fb::GroupPolicy>> groups;
  for (const GroupConfig& group : channel.groups) {
    const auto id = builder.CreateString(group.id);
    Names allow_from;
    if (group.allow_from) allow_from = builder.CreateVectorOfStrings(*group.allow_from);
    groups.push_back(fb::CreateGroupPolicy(builder, id, !group.enabled, group.policy.has_value(),
                                           group.policy.value_or(fb::DmPolicy{}), allow_from,
                                           group.require_mention));
  }
  return builder.CreateVector(groups);
}

flatbuffers::Offset<fb::ChannelPolicy> build_channel(Builder& builder,
                                                     const ChannelConfig& channel) {
  const auto policy = [&](fb::DmPolicy wanted) {
    return channel.enabled ? wanted : fb::DmPolicy::disabled;
  };
  const auto name = builder.CreateString(channel.name);
  const auto allow_from = builder.CreateVectorOfStrings(channel.allow_from);
  Names group_allow_from;
  if (channel.group_allow_from) {
    group_allow_from = builder.CreateVectorOfStrings(*channel.group_allow_from);
  }
  const Groups groups = build_groups(builder, channel);
  return fb::CreateChannelPolicy(builder, name, policy(channel.dm_policy), allow_from,
                                 policy(channel.group_policy), group_allow_from, channel.queue_mode,
                                 groups);
}

flatbuffers::Offset<fb::Binding> build_binding(Builder& builder, const BindingConfig& binding) {
  const auto agent = builder.CreateString(binding.agent_id);
  const auto channel = builder.CreateString(binding.channel);
  const auto account = builder.CreateString(binding.account);
  const auto peer = builder.CreateString(binding.peer_id);
  return fb::CreateBinding(builder, agent, channel, account, binding.peer_kind, peer,
                           binding.has_peer);
}

// Absent when there are none.
Names build_names(Builder& builder, const std::vector<std::string>& names) {
  return names.empty() ? Names{} : builder.CreateVectorOfStrings(names);
}

// Whether the agent's runs are dealt with in another way than without any configuration of it.
bool differs(const AgentConfig& agent) {
  const AgentConfig plain{};
  return agent.on_crash != plain.on_crash || agent.attempts_max != plain.attempts_max ||
         agent.approval_ms != plain.approval_ms || !agent.allow.empty() || !agent.deny.empty() ||
         !agent.untrusted_allow.empty() || agent.queue_mode != plain.queue_mode;
}

flatbuffers::Offset<fb::AgentPolicy> build_agent(Builder& builder, const AgentConfig& agent) {
  const auto id = builder.CreateString(agent.id);
  const auto allow = build_names(builder, agent.allow);
  const auto deny = build_names(builder, agent.deny);
  const auto untrusted = build_names(builder, agent.untrusted_allow);
  return fb::CreateAgentPolicy(builder, id, agent.on_crash, agent.attempts_max, agent.approval_ms,
                               allow, deny, untrusted, agent.queue_mode);
}

// Whether groups of channels that are not named are dealt with otherwise than default_dm_policy
// alone has it: before there was a channel "*", "open" for direct messages opened groups as well.
bool groups_of_others_differ(const Config& config) {
  return (config.default_dm_policy == fb::DmPolicy::open) !=
         (config.default_group_policy == fb::DmPolicy::open);
}

}  // namespace

void build_policy(const Config& config, Builder& builder) {
  std::vector<std::string> agents;
  for (const AgentConfig& agent : config.agents)
    agents.push_back(agent.id);
  std::vector<flatbuffers::Offset<fb::ChannelPolicy>> channels;
  for (const ChannelConfig& channel : config.channels) {
    channels.push_back(build_channel(builder, channel));
  }
  if (groups_of_others_differ(config)) {
    channels.push_back(build_channel(builder, {.name = "*",
                                               .dm_policy = config.default_dm_policy,
                                               .group_policy = config.default_group_policy}));
  }
  std::vector<flatbuffers::Offset<fb::Binding>> bindings;
  for (const BindingConfig& binding : config.bindings) {
    bindings.push_back(build_binding(builder, binding));
  }
  const auto main_key = builder.CreateString(config.main_key);
  const auto default_agent = builder.CreateString(config.default_agent);
  const auto agent_ids = builder.CreateVectorOfStrings(agents);
  const auto binding_list = builder.CreateVector(bindings);
  const auto channel_list = builder.CreateVector(channels);
  const auto direct = build_reset(builder, config.reset_direct);
  const auto group = build_reset(builder, config.reset_group);
  const auto thread = build_reset(builder, config.reset_thread);
  const auto triggers = builder.CreateVectorOfStrings(config.reset_triggers);
  // Absent when there are none: the bytes of a configuration without admins stay as they were. The
  // same goes for how agents are dealt with.
  const Names admins = build_names(builder, config.admins);
  std::vector<flatbuffers::Offset<fb::AgentPolicy>> policies;
  for (const AgentConfig& agent : config.agents) {
    if (differs(agent)) policies.push_back(build_agent(builder, agent));
  }
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::AgentPolicy>>> agent_policies;
  if (!policies.empty()) agent_policies = builder.CreateVector(policies);
  const fb::Bits128 hash(config.shown.hi, config.shown.lo);

  fb::ConfigAppliedBuilder table(builder);
  table.add_dm_scope(config.dm_scope);
  table.add_main_key(main_key);
  table.add_default_agent(default_agent);
  table.add_agents(agent_ids);
  table.add_bindings(binding_list);
  table.add_channels(channel_list);
  table.add_reset_direct(direct);
  table.add_reset_group(group);
  table.add_reset_thread(thread);
  table.add_reset_triggers(triggers);
  table.add_session_idle_days(config.session_idle_days);
  table.add_messages_per_minute(config.messages_per_minute);
  table.add_messages_burst(config.messages_burst);
  table.add_group_scope_main(config.group_scope_main);
  table.add_default_dm_policy(config.default_dm_policy);
  table.add_config_hash(&hash);
  if (!config.admins.empty()) table.add_admins(admins);
  if (!policies.empty()) table.add_agent_policies(agent_policies);
  if (config.queue_mode != fb::QueueMode::followup) table.add_queue_mode(config.queue_mode);
  table.add_exact_ids(true);
  builder.Finish(table.Finish());
}

}  // namespace spine::config
