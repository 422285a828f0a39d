// agents and bindings: their tables, and the rules across keys.
#include "engine/config/settings/agent_config.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/config/source/reading.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

using enum Type;
using enum Applies;
using enum Settable;

constexpr std::string_view kNoAgent = "none";  // in bindings: start no run
constexpr std::int64_t kMegabyte = 1024 * 1024;

constexpr Accepts kDrivers = one_of({{name_of(Driver::echo), Driver::echo},
                                     {name_of(Driver::pi), Driver::pi},
                                     {name_of(Driver::acp), Driver::acp},
                                     {name_of(Driver::jsonl), Driver::jsonl}});
constexpr Accepts kSeparations = one_of({{"auto", Separation::automatic},
                                         {"bubblewrap", Separation::bubblewrap},
                                         {"user", Separation::user},
                                         {"none", Separation::none}});
constexpr Accepts kOnCrash = one_of(
    {{"retry", fb::OnCrash::retry}, {"fail", fb::OnCrash::fail}, {"leave", fb::OnCrash::leave}});

template <auto member>
constexpr Member process = in<&AgentConfig::process, member>;
template <auto member>
constexpr Member sandbox = in<&AgentConfig::process, &AgentProcess::sandbox, member>;

constexpr std::array kAgent{
    Setting{"id", text, not_kept, "what sessions and bindings call it"},
    Setting{"default", boolean, not_kept, "whether it is asked where nothing is bound"},
    remote("name", text, in<&AgentConfig::name>, "what people call it"),
    Setting{"workspace", path, in<&AgentConfig::workspace>, "its folder"},
    remote("model", model, in<&AgentConfig::model_primary>, "\"provider/model\""),
    remote("model.primary", text, not_kept, "the same"),
    unused("model.fallbacks", text_list, remotely),
    remote("identity", object, not_kept),
    remote("identity.name", text, not_kept, "the same as name, where that is not said"),
    remote("identity.emoji", text, in<&AgentConfig::emoji>, "its sign"),
    remote("identity.*", scalar, not_kept),
    Setting{"timeoutSeconds", whole(0, 86'400), not_kept, "the same as spine.runMs, in seconds"},
    Setting{"skills", text_list, in<&AgentConfig::skills>,
            "the skills it gets; all that are eligible, where nothing is said"},
    remote("spine.delayMs", whole(0, 600'000), in<&AgentConfig::echo_delay_ms>,
           "how long the echo agent waits"),
    decides("spine.driver", kDrivers, process<&AgentProcess::driver>,
            "how its program is spoken to"),
    decides("spine.preset", words("claude", "codex"), process<&AgentProcess::preset>,
            "which program jsonl is for"),
    decides("spine.command", text, process<&AgentProcess::command>,
            "the program, instead of the driver's own"),
    decides("spine.args", text_list, process<&AgentProcess::args>,
            "arguments behind those of the driver"),
    Setting{"spine.env.*", text},
    decides("spine.passEnv", text_list, process<&AgentProcess::pass_env>,
            "variables of the gateway it gets, too"),
    decides("spine.cwd", path, process<&AgentProcess::cwd>,
            "where it starts, instead of its workspace"),
    decides("spine.sandbox.mode", kSeparations, sandbox<&SandboxConfig::separation>,
            "what stands between it and the machine"),
    decides("spine.sandbox.user", text, sandbox<&SandboxConfig::user>,
            "whose rights it gets when the gateway is root"),
    decides("spine.sandbox.read", path_list, sandbox<&SandboxConfig::read>,
            "more files and folders it sees"),
    decides("spine.sandbox.write", path_list, sandbox<&SandboxConfig::write>,
            "more files and folders it may change"),
    decides("spine.sandbox.userns", boolean, sandbox<&SandboxConfig::userns>,
            "whether its programs may make user name spaces"),
    Setting{"spine.instances", whole(1, 64), process<&AgentProcess::instances_max>,
            "processes at one time"},
    Setting{"spine.readyMs", whole(100, 600'000), process<&AgentProcess::ready_ms>,
            "until a process must be ready"},
    Setting{"spine.idleMs", whole(0, 86'400'000), process<&AgentProcess::idle_ms>,
            "without work, then a process ends; 0 = never"},
    Setting{"spine.runMs", whole(0, 86'400'000), process<&AgentProcess::run_ms>,
            "a run may take; 0 = no bound"},
    Setting{"spine.silenceMs", whole(0, 86'400'000), process<&AgentProcess::silence_ms>,
            "nothing heard, then a run fails; 0 = no bound"},
    Setting{"spine.stopMs", whole(10, 60'000), process<&AgentProcess::stop_ms>,
            "between asking a process to end and ending it"},
    Setting{"spine.memoryMb", whole(0, 1'048'576, kMegabyte),
            process<&AgentProcess::memory_bytes_max>, "memory of all its processes; 0 = no bound"},
    Setting{"spine.lineBytes", whole(4'096, 67'108'864), process<&AgentProcess::line_bytes_max>,
            "the longest line of its output"},
    Setting{"spine.crashesMax", whole(1, 1'000), process<&AgentProcess::crashes_max>,
            "crashes in a row, then it is not started again"},
    Setting{"spine.backOffMs", whole(1, 60'000), process<&AgentProcess::back_off_ms>,
            "the wait after the first crash; it doubles"},
    decides("spine.onCrash", kOnCrash, in<&AgentConfig::on_crash>,
            "what becomes of a run whose process crashed"),
    decides("spine.attemptsMax", whole(1, 100), in<&AgentConfig::attempts_max>,
            "how often a run is tried"),
    decides("spine.approvalMs", whole(1'000, 86'400'000), in<&AgentConfig::approval_ms>,
            "how long an approval is waited for"),
    decides("spine.untrustedTools", text_list, in<&AgentConfig::untrusted_allow>,
            "the tools for words of groups, webhooks and files"),
    Setting{"spine.queueMode", kQueueModes, in<&AgentConfig::queue_mode>,
            "messages.queue.mode for this agent"},
    decides("spine.ownPolicy", boolean, in<&AgentConfig::tool_policy, &ToolPolicy::own>,
            "whether its program answers for its tools itself"),
    // The tools it uses without asking; see tool_policy.cc for the rest of tools.
    decides("tools.allow", text_list, in<&AgentConfig::allow>, "the tools it may use unasked"),
    unused("thinkingDefault|verboseDefault|userTimezone|timeFormat", scalar, remotely),
    unused("agentDir|models|imageModel|imageGenerationModel|pdfModel|subagents|groupChat|"
           "humanDelay|heartbeat|memorySearch|params|reasoningDefault|elevatedDefault|"
           "fastModeDefault|runtime|repoRoot|skipBootstrap|bootstrapMaxChars|"
           "bootstrapTotalMaxChars|envelopeTimezone|envelopeTimestamp|envelopeElapsed|"
           "contextTokens|contextPruning|contextLimits|compaction|cliBackends|"
           "blockStreamingDefault|blockStreamingBreak|blockStreamingChunk|"
           "blockStreamingCoalesce|mediaMaxMb|typingIntervalSeconds|typingMode|maxConcurrent|"
           "imageMaxDimensionPx|embeddedPi|silentReply"),
};

constexpr std::array kAgentLists{
    Setting{"agents.entries", object_or_list, not_kept, "the agents, by their ids"},
    Setting{"agents.list", list, not_kept, "the agents, as a list"},
};

constexpr std::array kAgentPlaces{
    TablePlace{"agents.defaults."},
    TablePlace{"agents.entries.*.", named<&AgentConfig::id, &Config::agents>},
    TablePlace{"agents.entries.[]."}, TablePlace{"agents.list.[]."}};

bool has_agent(const Config& config, std::string_view id) {
  return std::ranges::find(config.agents, id, &AgentConfig::id) != config.agents.end();
}

// An entry and the id it has by its key or its `id`.
struct AgentEntry {
  NodeId node{};
  std::string id{};
};

std::vector<AgentEntry> entries_of(const Reading& reading) {
  std::vector<AgentEntry> out;
  for (const std::string_view path : {"agents.entries", "agents.list"}) {
    const NodeId container = reading.at(path);
    const bool keyed = reading.document.kind(container) == Kind::object;
    for (const NodeId node : reading.children(container)) {
      const auto id = reading.text(node, "id");
      if (keyed) {
        out.push_back({node, lower_case(reading.document.key(node))});
        if (id && lower_case(*id) != out.back().id) {
          reading.error(node, "the agent under the key {} has the id {}; keep one.",
                        printable(out.back().id), printable(*id));
        }
      } else if (id) {
        out.push_back({node, lower_case(*id)});
      } else {
        reading.error(node, "this agent has no id; add one.");
      }
    }
  }
  return out;
}

// Overrides members of `agent` with what stands below `node`.
void take_agent(const Reading& reading, NodeId node, AgentConfig& agent) {
  AgentProcess& process = agent.process;
  if (const auto seconds = reading.integer(node, "timeoutSeconds")) {
    process.run_ms = static_cast<std::uint64_t>(*seconds) * 1'000;
  }
  reading.take(kAgent, node, &agent);
  for (const NodeId variable : reading.children(reading.below(node, "spine.env"))) {
    const std::string name{reading.document.key(variable)};
    std::erase_if(process.env, [&](const auto& there) { return there.first == name; });
    process.env.emplace_back(name, *reading.text(variable));
  }
}

// Whether the driver has what it needs; `agent` is 0 for one that is not in the file.
void check_agent_process(const Reading& reading, NodeId agent, const AgentConfig& config) {
  const AgentProcess& process = config.process;
  const bool bare = process.command.empty();
  std::string_view key = "spine.driver";
  std::string_view why;
  if (process.driver == Driver::acp && bare) {
    why = "has the driver acp and no spine.command: say which program to start.";
  } else if (process.driver == Driver::jsonl && bare && process.preset.empty()) {
    why = "has the driver jsonl: give it spine.preset (claude or codex) or spine.command.";
  } else if (process.driver == Driver::echo && !bare) {
    key = "spine.command";
    why = "has a spine.command and no spine.driver: say pi, acp or jsonl.";
  }
  if (why.empty()) return;
  const NodeId node = reading.below(agent, key);
  reading.error(node != 0    ? node
                : agent != 0 ? agent
                             : reading.root,
                "the agent {} {}", config.id, why);
}

AgentConfig read_agent(const Reading& reading, const AgentEntry& entry,
                       const AgentConfig& defaults) {
  AgentConfig agent = defaults;
  agent.id = entry.id;
  agent.name =
      reading.text(entry.node, "identity.name").value_or(entry.id == "main" ? "Main" : entry.id);
  agent.emoji.clear();
  take_agent(reading, entry.node, agent);
  read_tool_policy(reading, entry.node, agent);
  check_agent_process(reading, entry.node, agent);
  return agent;
}

// Ids become part of session keys.
bool check_entry(const Reading& reading, const AgentEntry& entry) {
  std::string why;
  if (!is_plain(entry.id, "-_") || entry.id.size() > 64) {
    why = fmt::format("\"{}\" cannot be an agent's id; use 1 to 64 letters, digits, - or _.",
                      printable(entry.id));
  } else if (entry.id == kNoAgent) {
    why = "\"none\" cannot be an agent's id: in bindings it means no agent.";
  } else if (has_agent(reading.config, entry.id)) {
    why = fmt::format("there are two agents with the id {}; keep one.", entry.id);
  } else if (reading.config.agents.size() == limits::kAgentsMax) {
    why = fmt::format("more than {} agents.", limits::kAgentsMax);
  }
  if (!why.empty()) reading.error(entry.node, "{}", why);
  return why.empty();
}

constexpr Accepts kPeerKinds = one_of({{"direct", fb::ConversationKind::direct},
                                       {"dm", fb::ConversationKind::direct},
                                       {"group", fb::ConversationKind::group},
                                       {"channel", fb::ConversationKind::channel}});
constexpr std::array kBindingList{
    remote("bindings", list, not_kept, "which agent is asked: the first that fits"),
};
constexpr std::array kBinding{
    remote("agentId", text, in<&BindingConfig::agent_id>, "an agent, or \"none\""),
    remote("type|comment", text, not_kept),
    unused("session", any, remotely),
    Setting{"match", object, not_kept, "of which messages", live, remotely, Flag::strict},
    remote("match.channel", text, in<&BindingConfig::channel>, "from that channel"),
    remote("match.accountId", text, in<&BindingConfig::account>, "to that account; \"*\" = any"),
    remote("match.peer", object, not_kept),
    remote("match.peer.kind", kPeerKinds, in<&BindingConfig::peer_kind>, "in such a conversation"),
    remote("match.peer.id", scalar, not_kept, "in that conversation; \"*\" = any"),
    remote("match.guildId|teamId", scalar, not_kept),
    remote("match.roles", ids, not_kept),
};
constexpr std::array kBindingPlaces{TablePlace{"bindings.[]."}};

void read_binding(Reading& reading, NodeId node) {
  BindingConfig binding;
  reading.take(kBinding, node, &binding);
  if (binding.agent_id.empty() || binding.channel.empty()) {
    return reading.error(node, "a binding needs agentId and match.channel.");
  }
  binding.agent_id = lower_case(binding.agent_id);
  binding.channel = lower_case(binding.channel);
  if (binding.account == "*") binding.account.clear();
  if (binding.agent_id != kNoAgent && !has_agent(reading.config, binding.agent_id)) {
    return reading.error(
        reading.below(node, "agentId"),
        "there is no agent {}; add it under agents, or bind to an agent there is, or to \"none\".",
        printable(binding.agent_id));
  }
  const NodeId match = reading.below(node, "match");
  // A condition this version cannot check must not be dropped: the binding would apply to more than
  // was meant.
  for (const std::string_view key : {"guildId", "teamId", "roles"}) {
    const NodeId condition = reading.below(match, key);
    if (condition == 0) continue;
    return reading.warn(condition,
                        "this version does not understand match.{}; the whole binding is left out.",
                        key);
  }
  if (const NodeId peer = reading.below(match, "peer"); peer != 0) {
    const auto id = reading.id(reading.below(peer, "id"));
    if (reading.below(peer, "kind") == 0 || !id) {
      return reading.error(
          peer, "match.peer needs kind (direct, group or channel) and id (\"*\" = any).");
    }
    binding.has_peer = true;
    binding.peer_id = *id;
  }
  if (reading.config.bindings.size() == limits::kBindingsMax) {
    return reading.error(node, "more than {} bindings.", limits::kBindingsMax);
  }
  reading.config.bindings.push_back(std::move(binding));
}

}  // namespace

constinit const SettingTable kAgentListTable{kAtRoot, kAgentLists};
constinit const SettingTable kAgentTable{kAgentPlaces, kAgent};
constinit const SettingTable kBindingListTable{kAtRoot, kBindingList};
constinit const SettingTable kBindingTable{kBindingPlaces, kBinding};

void read_agents(Reading& reading) {
  Config& config = reading.config;
  const NodeId given = reading.at("agents.defaults");
  AgentConfig defaults;
  take_agent(reading, given, defaults);
  NodeId chosen = 0;
  for (const AgentEntry& entry : entries_of(reading)) {
    if (!check_entry(reading, entry)) continue;
    config.agents.push_back(read_agent(reading, entry, defaults));
    const NodeId marked = reading.below(entry.node, "default");
    if (!reading.flag(marked).value_or(false)) continue;
    if (chosen != 0) {
      reading.warn(marked, "a second default agent; {} ({}) stays the default.",
                   config.default_agent, reading.where(chosen));
      continue;
    }
    chosen = marked;
    config.default_agent = entry.id;
  }
  if (config.agents.empty()) {
    defaults.id = "main";
    defaults.name = "Main";
    read_tool_policy(reading, 0, defaults);
    check_agent_process(reading, given, defaults);
    config.agents.push_back(defaults);
  }
  if (chosen == 0) config.default_agent = config.agents.front().id;
}

void read_bindings(Reading& reading) {
  for (const NodeId node : reading.children(reading.at("bindings")))
    read_binding(reading, node);
}

}  // namespace spine::config
