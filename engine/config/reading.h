// Reading: a checked tree of settings on its way into a Config.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/config.h"
#include "engine/config/environment.h"
#include "engine/config/findings.h"
#include "engine/config/json5.h"

namespace spine::config {

// The tree passed check_schema(): values that have a rule are of its type. Members outlive the
// reading. Each read_*() below takes its section into `config` and reports what is contradictory.
struct Reading {
  const Document& document;
  NodeId root;
  const Environment& environment;
  Findings& findings;
  Config& config;

  // The value at a path of plain keys ("gateway.auth.mode"), or 0.
  NodeId at(std::string_view path) const { return below(root, path); }
  NodeId below(NodeId from, std::string_view path) const;

  // The value, or nothing when it is absent. REQUIRES: of that type, if there is one.
  std::optional<std::string> text(NodeId id) const;
  std::optional<bool> flag(NodeId id) const;
  std::optional<std::int64_t> integer(NodeId id) const;
  // Strings and numbers of a list, as texts; empty when absent.
  std::vector<std::string> texts(NodeId id) const;
  // The file or folder that a setting names: relative ones begin at the configuration file's
  // folder,
  // "~/" at home. Absolute; empty when absent or "".
  std::filesystem::path path(NodeId id) const;
  // "file:line:column" of the value.
  std::string where(NodeId id) const { return document.where(document[id].place); }
  std::uint32_t line(NodeId id) const { return document[id].place.line; }

  void error(NodeId id, std::string_view message) const;
  void warn(NodeId id, std::string_view message) const;
};

// A value and how people call it.
struct Setting {
  NodeId id{};
  std::string_view key{};
};

// Two spellings of one setting say different things.
void disagree(const Reading& reading, Setting a, Setting b);

void read_gateway(Reading& reading);
void read_listen(Reading& reading);      // after the parts of read_gateway() that say who comes in
void read_tls(Reading& reading);         // and the proxies in front
void read_control_ui(Reading& reading);  // and the public origin
void read_admins(Reading& reading);
void read_session(Reading& reading);
void read_agents(Reading& reading);
// agents.*.spine and its like, over what stands in `out` already.
void read_agent_process(const Reading& reading, NodeId agent, AgentConfig& out);
// tools and sandbox, of the agent (0 = it is not in the file) and of all; after
// read_agent_process().
void read_tool_policy(const Reading& reading, NodeId agent, AgentConfig& out);
// Whether the driver has what it needs; `agent` is 0 for one that is not in the file.
void check_agent_process(const Reading& reading, NodeId agent, const AgentConfig& config);
// Whether agents could come in by themselves; after read_gateway() and read_agents().
void check_doors(Reading& reading);
void read_channels(Reading& reading);
void read_queue_modes(Reading& reading);  // after read_channels()
void read_bindings(Reading& reading);     // after read_agents()
void read_crons(Reading& reading);
void read_skills(Reading& reading);
void read_logging(Reading& reading);

// Of one of kQueueModes.
fb::QueueMode queue_mode_of(std::string_view name);

// ASCII letters in lower case.
std::string lower_case(std::string_view text);

}  // namespace spine::config
