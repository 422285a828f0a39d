// ToolPolicy: what openclaw.json says about the tools of an agent beyond its lists, and which kind
// of agent can be held to which part of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spine::config {

struct AgentConfig;
struct Reading;
struct SettingTable;

// Names of tools that do one thing, in lower case: what OpenClaw calls it, Pi, kinds of the Agent
// Client Protocol, and other programs.
enum class ToolFamily : std::uint8_t { exec, read, write, web_search, web_fetch };
std::span<const std::string_view> names_of(ToolFamily family);

// Appends what an entry of tools.allow or tools.deny names: all names of the families it stands for
// ("exec", "group:fs"), else itself. False for a group that is not known.
bool append_tools(std::string_view entry, std::vector<std::string>& names);

// Of one agent. Each text names the setting that asks for it, as people know it; empty = nothing
// does.
struct ToolPolicy {
  std::string denies{};     // some tools are not to be used: AgentConfig::deny
  std::string restricts{};  // only some may be used: there, too
  std::string asks{};       // commands are asked about: AgentConfig::allow takes them back
  std::string separates{};  // its files are what bubblewrap shows it
  std::vector<std::string> unenforceable{};  // what Spine cannot enforce
  bool denies_own{};  // `denies` is about more than tools that only OpenClaw's own agent has
  bool own{};         // spine.ownPolicy: the program enforces all of it itself

  bool operator==(const ToolPolicy&) const = default;
};

// Why the agent must not be started: it has a setting that its program cannot be held to. Empty =
// it may. What `separates` asks for depends on the machine: see separation_wanted().
std::string unheld_policy(const AgentConfig& agent);

// Why the agent must not be started where bubblewrap does not hold it; empty = it may.
std::string separation_wanted(const AgentConfig& agent, std::string_view why_not);

extern const SettingTable kToolTable;
// What tools and sandbox ask for, of the agent (0 = it is not in the file) and of all.
void read_tool_policy(const Reading& reading, std::uint32_t agent, AgentConfig& out);

}  // namespace spine::config
