// load and parse: from a file to a Config, or to the list of what is wrong with it.
#include "engine/config/config.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <sys/random.h>

#include "engine/config/edit/changes.h"
#include "engine/config/edit/redact.h"
#include "engine/config/json5/json5.h"
#include "engine/config/settings/schema.h"
#include "engine/config/settings/setting.h"
#include "engine/config/source/deciding_file.h"
#include "engine/config/source/environment.h"
#include "engine/config/source/reading.h"
#include "engine/config/source/source.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/home.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/siphash.h"

namespace spine::config {
namespace {

namespace fs = std::filesystem;

// What is wrong goes to `findings`; only a file that cannot be read at all is an error.
Result<Config> read_config(std::string_view text, const fs::path& path, GetEnv getenv_fn,
                           Given given, Findings& findings) {
  const Environment environment(getenv_fn, path, findings, given);
  SPINE_TRY(Source source, read_source(text, path, environment, findings));
  check_schema(source.document, source.root, findings);
  Config config;
  config.path = path;
  if (!findings.has_errors()) {
    Reading reading{source.document, source.root, environment, findings, config};
    for (const SettingTable* table : all_tables()) {
      for (const TablePlace& place : table->places) {
        if (place.prefix.empty()) reading.take(table->rows, reading.root, &config);
      }
    }
    read_gateway(reading);
    read_session(reading);
    read_agents(reading);
    read_channels(reading);
    read_queue_modes(reading);
    read_debounces(reading);
    check_agents_need_credentials(reading);
    read_bindings(reading);
    read_phrases(reading);
    read_crons(reading);
    read_skills(reading);
    check_logging(reading);
  }
  config.redacted_json = to_json(source.document, source.root, hidden_part);
  config.raw = std::move(source.redacted_text);
  config.hash = text_hash(text);
  config.shown = shown_hash(config.redacted_json);
  config.exists = true;
  config.warnings = findings.warnings();
  return config;
}

Result<Config> read_file(const fs::path& path, GetEnv getenv_fn, Given given, Findings& findings) {
  const Result<std::string> text = read_text_file(path);
  if (text) return read_config(*text, path, getenv_fn, given, findings);
  if (text.error().code != Errc::not_found) return text.error();
  SPINE_TRY(Config config, read_config("{}", path, getenv_fn, given, findings));
  config.exists = false;
  config.raw.clear();
  config.hash = config.shown = {};
  return config;
}

Result<Config> finished(Result<Config> config, const Findings& findings) {
  if (config && findings.has_errors()) return findings.as_error();
  return config;
}

// What the file has at the path, read into `document`; 0 when it has nothing.
Result<NodeId> find_written(const Config& config, const std::vector<PathKey>& path,
                            Document& document) {
  SPINE_TRY(NodeId at, parse_json5(document, config.redacted_json, config.path.string()));
  for (const PathKey& key : path) {
    if (document.kind(at) == Kind::object) {
      at = document.find(at, key.text);
      continue;
    }
    const std::vector<NodeId> elements = document.children(at);
    const char* end = key.text.data() + key.text.size();
    std::size_t index{};
    const auto read = std::from_chars(key.text.data(), end, index);
    at = read.ec == std::errc{} && read.ptr == end && index < elements.size() ? elements[index] : 0;
  }
  return at;
}

bool is_written(const Config& config, std::string_view dotted_path) {
  const auto path = parse_path(dotted_path);
  Document document;
  const auto found = path ? find_written(config, *path, document) : Result<NodeId>{NodeId{}};
  return found && *found != 0;
}

// Those that a Config keeps itself, in the order of the tables.
std::vector<const Setting*> settings_of_config() {
  std::vector<const Setting*> out;
  for (const SettingTable* table : all_tables()) {
    for (const Setting& setting : table->rows) {
      const bool kept = table->places.front().prefix.empty() && setting.member.get != nullptr;
      if (kept) out.push_back(&setting);
    }
  }
  return out;
}

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
                                 groups, channel.delivery_ttl_ms, channel.at_least_once);
}

// Absent when there are none.
Names build_names(Builder& builder, const std::vector<std::string>& names) {
  return names.empty() ? Names{} : builder.CreateVectorOfStrings(names);
}

// Absent when everything recorded of the agent is the default.
flatbuffers::Offset<fb::AgentPolicy> build_agent(Builder& builder, const AgentConfig& agent) {
  const AgentConfig plain{};
  const bool differs =
      agent.on_crash != plain.on_crash || agent.attempts_max != plain.attempts_max ||
      agent.approval_ms != plain.approval_ms || !agent.allow.empty() || !agent.deny.empty() ||
      !agent.untrusted_allow.empty() || agent.queue_mode != plain.queue_mode;
  if (!differs) return {};
  const auto id = builder.CreateString(agent.id);
  const auto allow = build_names(builder, agent.allow);
  const auto deny = build_names(builder, agent.deny);
  const auto untrusted = build_names(builder, agent.untrusted_allow);
  return fb::CreateAgentPolicy(builder, id, agent.on_crash, agent.attempts_max, agent.approval_ms,
                               allow, deny, untrusted, agent.queue_mode);
}

}  // namespace

// With a key of this process: the text holds secrets, and a hash anybody can compute would let them
// be guessed from what is shown.
Bits128 text_hash(std::string_view text) {
  static const Bits128 key = [] {
    Bits128 random{};
    SPINE_CHECK(::getrandom(&random, sizeof random, 0) == sizeof random);
    return random;
  }();
  return siphash128(key, as_bytes(text));
}

Bits128 shown_hash(std::string_view redacted) {
  return siphash128(Bits128{}, as_bytes(redacted));
}

Result<Config> load(const fs::path& path, GetEnv getenv_fn, Given given) {
  Findings findings;
  return finished(read_file(path, getenv_fn, given, findings), findings);
}

Result<Config> parse(std::string_view text, const fs::path& path, GetEnv getenv_fn, Given given) {
  Findings findings;
  return finished(read_config(text, path, getenv_fn, given, findings), findings);
}

std::vector<Finding> validate(const fs::path& path, GetEnv getenv_fn) {
  Findings findings;
  const Result<Config> config = read_file(path, getenv_fn, {}, findings);
  if (!config) findings.error(config.error().message);
  return findings.all();
}

fs::path default_config_path(GetEnv getenv_fn) {
  if (const auto path = path_from_env("OPENCLAW_CONFIG_PATH", getenv_fn)) return *path;
  return home_directory(getenv_fn) / ".openclaw" / "openclaw.json";
}

fs::path default_state_dir(GetEnv getenv_fn) {
  return spine::default_state_dir(getenv_fn);
}

Result<std::string> get_path(const Config& config, std::string_view dotted_path) {
  SPINE_TRY(const std::vector<PathKey> path, parse_path(dotted_path));
  Document document;
  SPINE_TRY(const NodeId found, find_written(config, path, document));
  if (found != 0) return to_json(document, found);
  // What is in force, of a setting that a Config keeps.
  const Error none{Errc::not_found,
                   fmt::format("{} is not set in {}, and has no default that can be shown.",
                               printable(dotted_path), printable(config.path.string()))};
  const KeyEntry* at = &key_tree();
  std::string_view name;  // what the last `*` of the path stands for
  for (const PathKey& key : path) {
    at = at->step(key.text);
    if (at == nullptr) return none;
    if (at->name == "*") name = key.text;
  }
  if (at->setting == nullptr || at->place->owner == nullptr) return none;
  const Member& member = at->setting->member;
  const void* owner = at->place->owner(config, name);
  if (member.get == nullptr || owner == nullptr) return none;
  std::string value = show_value(at->setting->accepts, member.get(owner));
  if (value.empty()) return none;
  return value;
}

std::vector<std::string> waiting_for_start(const Config& before, const Config& after) {
  // Of several spellings of a member the one that is written now, else the one that was.
  const auto written = [&](const Setting* setting) {
    return is_written(after, setting->path) ? 2 : is_written(before, setting->path) ? 1 : 0;
  };
  std::vector<const Setting*> waiting;
  for (const Setting* setting : settings_of_config()) {
    const Member& member = setting->member;
    if (setting->applies == Applies::live || member.get(&before) == member.get(&after)) continue;
    const auto same = std::ranges::find_if(waiting, [&](const Setting* other) {
      return other->member.get == member.get || other->member.get == member.spelling_of;
    });
    if (same == waiting.end()) {
      waiting.push_back(setting);
    } else if (written(setting) > written(*same)) {
      *same = setting;
    }
  }
  std::vector<std::string> paths;
  for (const Setting* setting : waiting)
    paths.emplace_back(setting->path);
  return paths;
}

std::vector<std::string> secrets_of(const Config& config) {
  std::vector<std::string> secrets;
  for (const Setting* setting : settings_of_config()) {
    if (setting->accepts.type != Type::secret) continue;
    secrets.push_back(std::get<std::string>(setting->member.get(&config)));
  }
  return secrets;
}

namespace {

// Absent when it is the default.
flatbuffers::Offset<fb::InboundPolicy> build_inbound(Builder& builder, const Config& config) {
  const Config plain{};
  if (config.debounce_ms == plain.debounce_ms && config.debounces.empty() &&
      config.album_ms == plain.album_ms) {
    return {};
  }
  std::vector<flatbuffers::Offset<fb::ChannelDebounce>> rows;
  for (const ChannelWait& row : config.debounces)
    rows.push_back(fb::CreateChannelDebounceDirect(builder, row.channel.c_str(), row.ms));
  return fb::CreateInboundPolicyDirect(builder, config.debounce_ms, rows.empty() ? nullptr : &rows,
                                       config.album_ms);
}

// Those that are not in plain English; null when there are none.
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::PhraseChosen>>> build_phrases(
    Builder& builder, const Config& config) {
  std::vector<flatbuffers::Offset<fb::PhraseChosen>> phrases;
  for (std::size_t i = 0; i < kPhrases.size(); ++i) {
    if (config.phrases[i] == kPhrases[i].english) continue;
    phrases.push_back(fb::CreatePhraseChosen(builder, builder.CreateString(kPhrases[i].name()),
                                             builder.CreateString(config.phrases[i])));
  }
  if (phrases.empty()) return 0;
  return builder.CreateVector(phrases);
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
  // The channel "*", for groups of unnamed channels. Without it default_dm_policy "open" opens them
  // too (the rule before there was a "*"), so it is written where the defaults differ in that.
  if ((config.default_dm_policy == fb::DmPolicy::open) !=
      (config.default_group_policy == fb::DmPolicy::open)) {
    channels.push_back(build_channel(builder, {.name = "*",
                                               .dm_policy = config.default_dm_policy,
                                               .group_policy = config.default_group_policy}));
  }
  std::vector<flatbuffers::Offset<fb::Binding>> bindings;
  for (const BindingConfig& binding : config.bindings) {
    bindings.push_back(fb::CreateBindingDirect(
        builder, binding.agent_id.c_str(), binding.channel.c_str(), binding.account.c_str(),
        binding.peer_kind, binding.peer_id.c_str(), binding.has_peer));
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
    const auto policy = build_agent(builder, agent);
    if (!policy.IsNull()) policies.push_back(policy);
  }
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::AgentPolicy>>> agent_policies;
  if (!policies.empty()) agent_policies = builder.CreateVector(policies);
  const auto phrases = build_phrases(builder, config);
  const auto inbound = build_inbound(builder, config);
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
  table.add_phrases(phrases);
  table.add_inbound(inbound);
  builder.Finish(table.Finish());
}

}  // namespace spine::config
