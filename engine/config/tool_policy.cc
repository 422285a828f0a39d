// Families of tools, and the table of who is held to what by whom.
#include "engine/config/tool_policy.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "engine/config/agent_config.h"
#include "engine/config/reading.h"

namespace spine::config {
namespace {

constexpr std::array<std::string_view, 17> kExec{
    "exec",         "bash",          "process",           "execute",       "shell",
    "command",      "terminal",      "bashoutput",        "killshell",     "killbash",
    "powershell",   "run_command",   "run_shell_command", "shell_command", "local_shell",
    "exec_command", "code_execution"};
constexpr std::array<std::string_view, 12> kRead{
    "read", "read_file", "read_text_file", "notebookread", "view",          "grep", "glob",
    "find", "ls",        "list",           "search",       "list_directory"};
constexpr std::array<std::string_view, 12> kWrite{
    "write", "edit",   "apply_patch", "multiedit", "notebookedit", "delete",
    "move",  "create", "write_file",  "edit_file", "str_replace",  "patch"};
constexpr std::array<std::string_view, 2> kWebSearch{"web_search", "websearch"};
constexpr std::array<std::string_view, 3> kWebFetch{"web_fetch", "webfetch", "fetch"};

// An entry as OpenClaw's files have it, and what it stands for. The first of a family's names do,
// too: of "write" and "edit" other agents know one only.
struct Alias {
  std::string_view entry{};
  ToolFamily family{};
};
constexpr std::array kAliases{
    Alias{"exec", ToolFamily::exec},
    Alias{"bash", ToolFamily::exec},
    Alias{"process", ToolFamily::exec},
    Alias{"execute", ToolFamily::exec},
    Alias{"shell", ToolFamily::exec},
    Alias{"group:runtime", ToolFamily::exec},
    Alias{"read", ToolFamily::read},
    Alias{"group:fs", ToolFamily::read},
    Alias{"group:fs", ToolFamily::write},
    Alias{"write", ToolFamily::write},
    Alias{"edit", ToolFamily::write},
    Alias{"apply_patch", ToolFamily::write},
    Alias{"web_search", ToolFamily::web_search},
    Alias{"group:web", ToolFamily::web_search},
    Alias{"group:web", ToolFamily::web_fetch},
    Alias{"web_fetch", ToolFamily::web_fetch},
};

// Groups of tools that no agent here has by these names, and what stands for them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kOtherGroups{
    {{"group:ui", "browser"},
     {"group:automation", "cron"},
     {"group:messaging", "message"},
     {"group:nodes", "nodes"},
     {"group:sessions", "sessions_*"},
     {"group:memory", "memory_*"},
     {"group:media", "image"},
     {"group:openclaw", "*"},
     {"group:plugins", "pi*"}}};

// Who keeps an agent to what is asked of it.
enum class Keeper : std::uint8_t {
  rules,      // it asks, and approval rules answer; what it does unasked ends the run
  arguments,  // its command line takes the tools away
  view,       // bubblewrap, where it works
  nobody,     // then the agent does not start
};

// One row a demand: this table is what decides, and what README tells.
struct Holding {
  std::string ToolPolicy::*demand{};
  Keeper pi{};
  Keeper acp{};
  Keeper jsonl{};
  std::string_view but{};  // why nobody does
};
constexpr std::array kHoldings{
    Holding{&ToolPolicy::denies, Keeper::arguments, Keeper::rules, Keeper::nobody,
            "it is a program that uses its tools without asking"},
    Holding{&ToolPolicy::restricts, Keeper::arguments, Keeper::rules, Keeper::nobody,
            "it is a program that uses its tools without asking"},
    Holding{&ToolPolicy::asks, Keeper::nobody, Keeper::rules, Keeper::nobody,
            "it is a program that runs commands without asking"},
    Holding{&ToolPolicy::separates, Keeper::view, Keeper::view, Keeper::view, {}},
};

Keeper keeper_of(const Holding& holding, Driver driver) {
  switch (driver) {
    case Driver::pi:
      return holding.pi;
    case Driver::acp:
      return holding.acp;
    default:
      return holding.jsonl;
  }
}

std::string refusal(const AgentConfig& agent, std::string_view setting, std::string_view reason) {
  return fmt::format(
      "{} cannot be kept: {}. Take that setting back, use an agent that can be held to it (an ACP "
      "agent asks before it acts), or let it answer for itself: "
      "agents.entries.{}.spine.ownPolicy: true.",
      setting, reason, agent.id);
}

}  // namespace

std::span<const std::string_view> names_of(ToolFamily family) {
  switch (family) {
    case ToolFamily::exec:
      return kExec;
    case ToolFamily::read:
      return kRead;
    case ToolFamily::write:
      return kWrite;
    case ToolFamily::web_search:
      return kWebSearch;
    case ToolFamily::web_fetch:
      return kWebFetch;
  }
  return {};
}

bool append_tools(std::string_view entry, std::vector<std::string>& names) {
  const std::string lower = lower_case(entry);
  bool known = false;
  for (const Alias& alias : kAliases) {
    if (alias.entry != lower) continue;
    known = true;
    for (const std::string_view name : names_of(alias.family))
      names.emplace_back(name);
  }
  for (const auto& [group, stands_for] : kOtherGroups) {
    if (group != lower) continue;
    known = true;
    names.emplace_back(stands_for);
  }
  if (known) return true;
  names.emplace_back(entry);
  return !lower.starts_with("group:");
}

std::string unheld_policy(const AgentConfig& agent) {
  const ToolPolicy& policy = agent.tool_policy;
  const AgentProcess& process = agent.process;
  if (process.driver == Driver::echo || policy.own) return {};
  if (!policy.unheld.empty()) {
    return refusal(agent, policy.unheld.front(), "this version has nothing that could");
  }
  // What Claude Code and Codex are is known: tools of OpenClaw's own they do not have.
  const bool known = process.driver == Driver::jsonl && !process.preset.empty();
  for (const Holding& holding : kHoldings) {
    const std::string& setting = policy.*holding.demand;
    if (setting.empty() || keeper_of(holding, process.driver) != Keeper::nobody) continue;
    if (holding.demand == &ToolPolicy::denies && known && !policy.denies_own) continue;
    return refusal(agent, setting, holding.but);
  }
  if (policy.separates.empty()) return {};
  const Separation asked = process.sandbox.separation;
  if (asked != Separation::user && asked != Separation::none) return {};
  return refusal(agent, policy.separates,
                 "spine.sandbox.mode of this agent asks for less than bubblewrap");
}

std::string separation_wanted(const AgentConfig& agent, std::string_view why_not) {
  const ToolPolicy& policy = agent.tool_policy;
  if (policy.separates.empty() || policy.own || agent.process.driver == Driver::echo) return {};
  return fmt::format(
      "{} cannot be kept: it is bubblewrap that shows an agent its own files only. {}. Mend that, "
      "take the setting back, or let the agent answer for itself: "
      "agents.entries.{}.spine.ownPolicy: true.",
      policy.separates, why_not, agent.id);
}

}  // namespace spine::config
