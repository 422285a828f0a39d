// agents: what each is, how its process is run, and what its runs may do.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "engine/config/reading.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

using enum Type;
using enum Applies;
using enum Settable;

constexpr std::int64_t kMegabyte = 1024 * 1024;

constexpr Accepts kDrivers = one_of(
    {{"echo", Driver::echo}, {"pi", Driver::pi}, {"acp", Driver::acp}, {"jsonl", Driver::jsonl}});
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
    Setting{"id", text, not_kept, live, locally, "what sessions and bindings call it"},
    Setting{"default", boolean, not_kept, live, locally,
            "whether it is asked where nothing is bound"},
    Setting{"name", text, in<&AgentConfig::name>, live, remotely, "what people call it"},
    Setting{"workspace", path, in<&AgentConfig::workspace>, live, locally, "its folder"},
    Setting{"model", model, in<&AgentConfig::model_primary>, live, remotely, "\"provider/model\""},
    Setting{"model.primary", text, not_kept, live, remotely, "the same"},
    unused("model.fallbacks", text_list, remotely),
    Setting{"identity", object, not_kept, live, remotely},
    Setting{"identity.name", text, not_kept, live, remotely,
            "the same as name, where that is not said"},
    Setting{"identity.emoji", text, in<&AgentConfig::emoji>, live, remotely, "its sign"},
    Setting{"identity.*", any, not_kept, live, remotely},
    Setting{"timeoutSeconds", whole(0, 86'400), not_kept, live, locally,
            "the same as spine.runMs, in seconds"},
    Setting{"skills", text_list, in<&AgentConfig::skills>, live, locally,
            "the skills it gets; all that are eligible, where nothing is said"},
    Setting{"spine.delayMs", whole(0, 600'000), in<&AgentConfig::echo_delay_ms>, live, remotely,
            "how long the echo agent waits"},
    Setting{"spine.driver", kDrivers, process<&AgentProcess::driver>, live, locally,
            "how its program is spoken to", Flag::strict},
    Setting{"spine.preset", words("claude", "codex"), process<&AgentProcess::preset>, live, locally,
            "which program jsonl is for", Flag::strict},
    Setting{"spine.command", text, process<&AgentProcess::command>, live, locally,
            "the program, instead of the driver's own", Flag::strict},
    Setting{"spine.args", text_list, process<&AgentProcess::args>, live, locally,
            "arguments behind those of the driver", Flag::strict},
    Setting{"spine.env.*", text},
    Setting{"spine.passEnv", text_list, process<&AgentProcess::pass_env>, live, locally,
            "variables of the gateway it gets, too", Flag::strict},
    Setting{"spine.cwd", path, process<&AgentProcess::cwd>, live, locally,
            "where it starts, instead of its workspace", Flag::strict},
    Setting{"spine.sandbox.mode", kSeparations, sandbox<&SandboxConfig::separation>, live, locally,
            "what stands between it and the machine", Flag::strict},
    Setting{"spine.sandbox.user", text, sandbox<&SandboxConfig::user>, live, locally,
            "whose rights it gets when the gateway is root", Flag::strict},
    Setting{"spine.sandbox.read", path_list, sandbox<&SandboxConfig::read>, live, locally,
            "more files and folders it sees", Flag::strict},
    Setting{"spine.sandbox.write", path_list, sandbox<&SandboxConfig::write>, live, locally,
            "more files and folders it may change", Flag::strict},
    Setting{"spine.sandbox.userns", boolean, sandbox<&SandboxConfig::userns>, live, locally,
            "whether its programs may make user name spaces", Flag::strict},
    Setting{"spine.instances", whole(1, 64), process<&AgentProcess::instances_max>, live, locally,
            "processes at one time"},
    Setting{"spine.readyMs", whole(100, 600'000), process<&AgentProcess::ready_ms>, live, locally,
            "until a process must be ready"},
    Setting{"spine.idleMs", whole(0, 86'400'000), process<&AgentProcess::idle_ms>, live, locally,
            "without work, then a process ends; 0 = never"},
    Setting{"spine.runMs", whole(0, 86'400'000), process<&AgentProcess::run_ms>, live, locally,
            "a run may take; 0 = no bound"},
    Setting{"spine.silenceMs", whole(0, 86'400'000), process<&AgentProcess::silence_ms>, live,
            locally, "nothing heard, then a run fails; 0 = no bound"},
    Setting{"spine.stopMs", whole(10, 60'000), process<&AgentProcess::stop_ms>, live, locally,
            "between asking a process to end and ending it"},
    Setting{"spine.memoryMb", whole(0, 1'048'576, kMegabyte),
            process<&AgentProcess::memory_bytes_max>, live, locally,
            "memory of all its processes; 0 = no bound"},
    Setting{"spine.lineBytes", whole(4'096, 67'108'864), process<&AgentProcess::line_bytes_max>,
            live, locally, "the longest line of its output"},
    Setting{"spine.crashesMax", whole(1, 1'000), process<&AgentProcess::crashes_max>, live, locally,
            "crashes in a row, then it is not started again"},
    Setting{"spine.backOffMs", whole(1, 60'000), process<&AgentProcess::back_off_ms>, live, locally,
            "the wait after the first crash; it doubles"},
    Setting{"spine.onCrash", kOnCrash, in<&AgentConfig::on_crash>, live, locally,
            "what becomes of a run whose process crashed", Flag::strict},
    Setting{"spine.attemptsMax", whole(1, 100), in<&AgentConfig::attempts_max>, live, locally,
            "how often a run is tried", Flag::strict},
    Setting{"spine.approvalMs", whole(1'000, 86'400'000), in<&AgentConfig::approval_ms>, live,
            locally, "how long an approval is waited for", Flag::strict},
    Setting{"spine.untrustedTools", text_list, in<&AgentConfig::untrusted_allow>, live, locally,
            "the tools for words of groups, webhooks and files", Flag::strict},
    Setting{"spine.queueMode", kQueueModes, in<&AgentConfig::queue_mode>, live, locally,
            "messages.queue.mode for this agent"},
    Setting{"spine.ownPolicy", boolean, in<&AgentConfig::tool_policy, &ToolPolicy::own>, live,
            locally, "whether its program answers for its tools itself", Flag::strict},
    // What it does of itself, without being asked; see tool_settings.cc for the rest of tools.
    Setting{"tools.allow", text_list, in<&AgentConfig::allow>, live, locally,
            "the tools it may use unasked", Flag::strict},
    unused("thinkingDefault|verboseDefault|userTimezone|timeFormat", any, remotely),
    unused("agentDir|models|imageModel|imageGenerationModel|pdfModel|subagents|groupChat|"
           "humanDelay|heartbeat|memorySearch|params|reasoningDefault|elevatedDefault|"
           "fastModeDefault|runtime|repoRoot|skipBootstrap|bootstrapMaxChars|"
           "bootstrapTotalMaxChars|envelopeTimezone|envelopeTimestamp|envelopeElapsed|"
           "contextTokens|contextPruning|contextLimits|compaction|cliBackends|"
           "blockStreamingDefault|blockStreamingBreak|blockStreamingChunk|"
           "blockStreamingCoalesce|mediaMaxMb|typingIntervalSeconds|typingMode|maxConcurrent|"
           "imageMaxDimensionPx|embeddedPi|silentReply"),
};

const void* agent_of(const Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.agents, lower_case(name), &AgentConfig::id);
  return found == config.agents.end() ? nullptr : &*found;
}

constexpr std::array kAgentLists{
    Setting{"agents.entries", object_or_list, not_kept, live, locally, "the agents, by their ids"},
    Setting{"agents.list", list, not_kept, live, locally, "the agents, as a list"},
};

constexpr std::array kAgentPlaces{TablePlace{"agents.defaults."},
                                  TablePlace{"agents.entries.*.", agent_of},
                                  TablePlace{"agents.entries.[]."}, TablePlace{"agents.list.[]."}};

// Letters, digits, - and _, at most 64: ids become part of session keys.
bool is_agent_id(std::string_view id) {
  if (id.empty() || id.size() > 64) return false;
  return std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
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
    if (container == 0) continue;
    const bool keyed = reading.document.kind(container) == Kind::object;
    for (const NodeId node : reading.document.children(container)) {
      const auto id = reading.text(reading.below(node, "id"));
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

// What stands below `node` over what stands in `agent` already.
void take_agent(const Reading& reading, NodeId node, AgentConfig& agent) {
  if (node == 0) return;
  AgentProcess& process = agent.process;
  if (const auto seconds = reading.integer(reading.below(node, "timeoutSeconds"))) {
    process.run_ms = static_cast<std::uint64_t>(*seconds) * 1'000;
  }
  reading.take(kAgent, node, &agent);
  const NodeId env = reading.below(node, "spine.env");
  if (env == 0) return;
  for (const NodeId variable : reading.document.children(env)) {
    const std::string name{reading.document.key(variable)};
    std::erase_if(process.env, [&](const auto& there) { return there.first == name; });
    process.env.emplace_back(name, *reading.text(variable));
  }
}

// Whether the driver has what it needs; `agent` is 0 for one that is not in the file.
void check_agent_process(const Reading& reading, NodeId agent, const AgentConfig& config) {
  const AgentProcess& process = config.process;
  const auto at = [&](std::string_view key) {
    const NodeId node = reading.below(agent, key);
    return node != 0 ? node : agent != 0 ? agent : reading.root;
  };
  if (process.driver == Driver::acp && process.command.empty()) {
    reading.error(at("spine.driver"),
                  "the agent {} has the driver acp and no spine.command: say which program to "
                  "start.",
                  config.id);
  }
  if (process.driver == Driver::jsonl && process.command.empty() && process.preset.empty()) {
    reading.error(at("spine.driver"),
                  "the agent {} has the driver jsonl: give it spine.preset (claude or codex) or "
                  "spine.command.",
                  config.id);
  }
  if (process.driver == Driver::echo && !process.command.empty()) {
    reading.error(at("spine.command"),
                  "the agent {} has a spine.command and no spine.driver: say pi, acp or jsonl.",
                  config.id);
  }
}

AgentConfig read_agent(const Reading& reading, const AgentEntry& entry,
                       const AgentConfig& defaults) {
  AgentConfig agent = defaults;
  agent.id = entry.id;
  agent.name = reading.text(reading.below(entry.node, "identity.name"))
                   .value_or(entry.id == "main" ? "Main" : entry.id);
  agent.emoji.clear();
  take_agent(reading, entry.node, agent);
  read_tool_policy(reading, entry.node, agent);
  check_agent_process(reading, entry.node, agent);
  return agent;
}

bool check_entry(const Reading& reading, const AgentEntry& entry) {
  const Config& config = reading.config;
  if (!is_agent_id(entry.id)) {
    reading.error(entry.node,
                  "\"{}\" cannot be an agent's id; use 1 to 64 letters, "
                  "digits, - or _.",
                  printable(entry.id));
    return false;
  }
  if (entry.id == "none") {
    reading.error(entry.node, "\"none\" cannot be an agent's id: in bindings it means no agent.");
    return false;
  }
  if (std::ranges::find(config.agents, entry.id, &AgentConfig::id) != config.agents.end()) {
    reading.error(entry.node, "there are two agents with the id {}; keep one.", entry.id);
    return false;
  }
  if (config.agents.size() == limits::kAgentsMax) {
    reading.error(entry.node, "more than {} agents.", limits::kAgentsMax);
    return false;
  }
  return true;
}

}  // namespace

constinit const SettingTable kAgentListTable{kAtRoot, kAgentLists};
constinit const SettingTable kAgentTable{kAgentPlaces, kAgent};
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

}  // namespace spine::config
