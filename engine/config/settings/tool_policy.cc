// Families of tools, the table of what enforces which demand, and what openclaw.json asks for.
#include "engine/config/settings/tool_policy.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "engine/config/settings/agent_config.h"
#include "engine/config/source/reading.h"
#include "schemas/vocab/show.h"

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

// What enforces a demand on an agent's tools.
enum class Keeper : std::uint8_t {
  none,       // there is nothing to enforce
  rules,      // it asks, and approval rules answer; what it does unasked ends the run
  arguments,  // its command line takes the tools away
  view,       // bubblewrap, where it works
  nobody,     // then the agent does not start
};

using enum Keeper;

// One row a demand: this table is what decides, and what README tells.
struct Holding {
  std::string ToolPolicy::*demand{};
  std::array<Keeper, kDriverNames.size()> by{};  // by Driver; echo has no tools
  std::string_view but{};                        // why nobody does
};
constexpr std::array kHoldings{
    Holding{&ToolPolicy::denies,
            {none, arguments, rules, nobody},
            "it is a program that uses its tools without asking"},
    Holding{&ToolPolicy::restricts,
            {none, arguments, rules, nobody},
            "it is a program that uses its tools without asking"},
    Holding{&ToolPolicy::asks,
            {none, nobody, rules, nobody},
            "it is a program that runs commands without asking"},
    Holding{&ToolPolicy::separates, {none, view, view, view}, {}},
};

std::string refusal(const AgentConfig& agent, std::string_view setting, std::string_view reason) {
  return fmt::format(
      "{} cannot be kept: {}. Take that setting back, use an agent that can be held to it (an ACP "
      "agent asks before it acts), or let it answer for itself: agents.entries.{}.spine.ownPolicy: "
      "true.",
      setting, reason, agent.id);
}

using enum Type;

// For an agent, for all of them, and under no agent at all. They have no members: what they ask for
// together is read below.
constexpr std::array kTools{
    decides("tools.profile", words("minimal", "coding", "messaging", "full"), not_kept,
            "a list of tools by its name"),
    decides("tools.allow", text_list, not_kept, "the only tools there are"),
    decides("tools.alsoAllow", text_list, not_kept, "more tools beside those of a profile"),
    decides("tools.deny", text_list, not_kept, "tools that are not used"),
    decides("tools.byProvider", any, not_kept,
            "keeps agents from starting: nothing here could hold them to it"),
    decides("tools.exec.security", words("deny", "allowlist", "full"), not_kept,
            "which commands are run"),
    decides("tools.exec.ask", words("off", "on-miss", "always"), not_kept,
            "which commands are asked about"),
    decides("tools.exec.mode", words("deny", "allowlist", "ask", "auto", "full"), not_kept,
            "short for security and ask"),
    decides("tools.exec.host", words("auto", "sandbox", "gateway", "node"), not_kept,
            "where commands are run"),
    decides("tools.exec.applyPatch.workspaceOnly", boolean, not_kept,
            "whether patches stay in the workspace"),
    unused("tools.exec.applyPatch.*"),
    unused("tools.exec.*"),
    decides("tools.fs.workspaceOnly", boolean, not_kept,
            "whether files outside the workspace are hidden"),
    unused("tools.fs.*"),
    decides("tools.web.search.enabled", boolean, not_kept, "whether the web may be searched"),
    unused("tools.web.search.*"),
    decides("tools.web.fetch.enabled", boolean, not_kept, "whether pages may be fetched"),
    unused("tools.web.fetch.*"),
    unused("tools.web.*"),
    decides("tools.sandbox.tools.allow|deny", text_list, not_kept,
            "tools.allow and tools.deny in a sandbox"),
    unused("tools.sandbox.tools.*"),
    unused("tools.sandbox.*"),
    unused("tools.*"),
    decides("sandbox.mode", words("off", "non-main", "all"), not_kept,
            "whether agents are held by bubblewrap"),
    decides("sandbox.workspaceAccess", words("none", "ro", "rw"), not_kept,
            "only \"rw\" can be kept"),
    decides("sandbox.docker.network", text, not_kept, "\"none\" cannot be kept"),
    unused("sandbox.docker.*"),
    unused("sandbox.*"),
};

constexpr std::array kToolPlaces{TablePlace{}, TablePlace{"agents.defaults."},
                                 TablePlace{"agents.entries.*."}, TablePlace{"agents.entries.[]."},
                                 TablePlace{"agents.list.[]."}};

using ToolNames = std::vector<std::string>;

// Whether an entry of a list means the tool.
bool means(std::string_view entry, std::string_view tool) {
  if (!entry.ends_with('*')) return same_but_case(entry, tool);
  entry.remove_suffix(1);
  return same_but_case(entry, tool.substr(0, entry.size()));
}

// A value that was found, and where: "tools.exec.ask", of the agent or of all.
struct Said {
  NodeId node{};
  std::string_view path{};
};

class ToolPolicyReader {
 public:
  // `places`: the agent and what stands for all, the nearest first.
  ToolPolicyReader(const Reading& reading, std::span<const NodeId> places, AgentConfig& out)
      : reading_(reading), places_(places.begin(), places.end()), out_(out) {}

  void read() {
    for (const std::string_view path : {"tools.allow", "tools.deny", "tools.alsoAllow",
                                        "tools.sandbox.tools.allow", "tools.sandbox.tools.deny"}) {
      for (const NodeId place : places_)
        refuse_marks(reading_.texts(place, path));
    }
    refuse_marks(out_.untrusted_allow);
    // Every place adds denials; none cancels those of another.
    out_.deny.clear();
    for (const std::string_view path : {"tools.deny", "tools.sandbox.tools.deny"}) {
      for (const NodeId place : places_)
        deny(expanded(reading_.texts(place, path), path), std::string{path});
    }
    read_exec();
    read_sandbox();
    for (const auto& [path, family] :
         {std::pair{"tools.web.search.enabled", ToolFamily::web_search},
          std::pair{"tools.web.fetch.enabled", ToolFamily::web_fetch}}) {
      if (reading_.flag(nearest(path).node) == false) deny(names(family), path);
    }
    read_restrictions();
    for (const NodeId place : places_) {
      const NodeId node = reading_.below(place, "tools.byProvider");
      if (node == 0 || reading_.document.kind(node) != Kind::object) continue;
      if (reading_.document.first_child(node) != 0) {
        out_.tool_policy.unenforceable.emplace_back("tools.byProvider");
      }
    }
  }

 private:
  Said nearest(std::string_view path) const {
    for (const NodeId place : places_) {
      if (const NodeId node = reading_.below(place, path); node != 0) return {node, path};
    }
    return {0, path};
  }

  std::string shown(const Said& said) const {
    if (reading_.document.kind(said.node) != Kind::string) return std::string{said.path};
    return fmt::format("{} \"{}\"", said.path, printable(reading_.document.text(said.node)));
  }

  std::string word(std::string_view path) const {
    return reading_.text(nearest(path).node).value_or("");
  }

  static void note(std::string& demand, std::string setting) {
    if (demand.empty()) demand = std::move(setting);
  }

  // "!" is reserved for the lists that are made of all this: see core/model/policy.h.
  void refuse_marks(const ToolNames& names) const {
    for (const std::string& name : names) {
      if (!name.starts_with('!')) continue;
      reading_.error(places_.front() != 0 ? places_.front() : reading_.root,
                     "\"{}\" is no name of a tool.", printable(name));
    }
  }

  ToolNames expanded(const ToolNames& entries, std::string_view path) {
    ToolNames names;
    for (const std::string& entry : entries) {
      if (!append_tools(entry, names)) {
        out_.tool_policy.unenforceable.push_back(fmt::format("{} \"{}\"", path, printable(entry)));
      }
    }
    return names;
  }

  void deny(const ToolNames& names, std::string setting) {
    if (names.empty()) return;
    ToolPolicy& policy = out_.tool_policy;
    bool own = false;  // more than what only OpenClaw's own agent has
    for (const std::string& name : names) {
      if (std::ranges::find(out_.deny, name) == out_.deny.end()) out_.deny.push_back(name);
      own = own || std::ranges::none_of(kOpenClawOnly,
                                        [&](std::string_view entry) { return means(entry, name); });
    }
    // The message for an agent that must not start names the settings that matter to it.
    if (own && !policy.denies_own) policy.denies.clear();
    policy.denies_own = policy.denies_own || own;
    note(policy.denies, std::move(setting));
  }

  // As OpenClaw reads them: "on-miss" asks where there is a list of allowed commands, and here
  // that list is what somebody answered "always" to.
  void read_exec() {
    // `mode` is short for both, of the place where it stands: what an agent says itself goes before
    // what stands for all, in either form. ("auto" is "allowlist" and "on-miss".)
    std::string security;
    std::string ask;
    Said said_security{};
    Said said_ask{};
    const auto keep = [](std::string& kept, Said& where, const std::string& word, Said said) {
      if (!kept.empty() || word.empty()) return;
      kept = word;
      where = said;
    };
    for (const NodeId place : places_) {
      const auto at = [&](std::string_view path) {
        return Said{reading_.below(place, path), path};
      };
      const auto word_at = [&](const Said& said) { return reading_.text(said.node).value_or(""); };
      const Said short_form = at("tools.exec.mode");
      if (const std::string mode = word_at(short_form); !mode.empty()) {
        keep(security, said_security, mode == "deny" || mode == "full" ? mode : "allowlist",
             short_form);
        keep(ask, said_ask, mode == "ask" || mode == "auto" ? "on-miss" : "off", short_form);
      } else {
        keep(security, said_security, word_at(at("tools.exec.security")),
             at("tools.exec.security"));
        keep(ask, said_ask, word_at(at("tools.exec.ask")), at("tools.exec.ask"));
      }
    }
    const Said& said = ask == "always" || security.empty() ? said_ask : said_security;
    const bool listed = security == "allowlist" || (security.empty() && ask == "on-miss");
    if (security == "deny" || (listed && ask == "off")) {
      deny(names(ToolFamily::exec), shown(said));
    } else if (ask == "always" || listed) {
      note(out_.tool_policy.asks, shown(said));
      ToolNames asked;
      for (const std::string_view name : names_of(ToolFamily::exec))
        asked.push_back(fmt::format("{}{}", ask == "always" ? "!!" : "!", name));
      out_.allow.insert(out_.allow.begin(), asked.begin(), asked.end());
    }
    if (word("tools.exec.host") == "node") {
      out_.tool_policy.unenforceable.emplace_back("tools.exec.host \"node\"");
    }
  }

  static ToolNames names(ToolFamily family) {
    const auto all = names_of(family);
    return {all.begin(), all.end()};
  }

  bool sandboxed() const {
    const std::string mode = word("sandbox.mode");
    return mode == "all" || mode == "non-main";
  }

  // One process works for the main session and for others, so "non-main" means all of them.
  void read_sandbox() {
    ToolPolicy& policy = out_.tool_policy;
    if (sandboxed()) note(policy.separates, shown(nearest("sandbox.mode")));
    for (const std::string_view path :
         {"tools.fs.workspaceOnly", "tools.exec.applyPatch.workspaceOnly"}) {
      if (reading_.flag(nearest(path).node) == true) note(policy.separates, std::string{path});
    }
    if (word("tools.exec.host") == "sandbox") {
      note(policy.separates, shown(nearest("tools.exec.host")));
    }
    if (!sandboxed()) return;
    const Said access = nearest("sandbox.workspaceAccess");
    if (const std::string how = word(access.path); how == "none" || how == "ro") {
      policy.unenforceable.push_back(shown(access));
    }
    const Said network = nearest("sandbox.docker.network");
    if (word(network.path) == "none") policy.unenforceable.push_back(shown(network));
  }

  // tools.allow of the file lets nothing else be used; an agent's own says what is not asked about
  // (README). Of several lists a tool has to be on each.
  void read_restrictions() {
    std::optional<ToolNames> left;
    const auto narrow = [&](const ToolNames& list, const Said& said) {
      note(out_.tool_policy.restricts, shown(said));
      if (!left) {
        left = list;
        return;
      }
      std::erase_if(*left, [&](const std::string& tool) {
        return std::ranges::none_of(list, [&](const auto& entry) { return means(entry, tool); });
      });
    };
    const Said profile = nearest("tools.profile");
    const std::string kind = word("tools.profile");
    if (kind == "minimal" || kind == "messaging") {
      ToolNames list{"session_status"};
      if (kind == "messaging") list.insert(list.end(), {"message", "sessions_*"});
      const ToolNames more =
          expanded(reading_.texts(nearest("tools.alsoAllow").node), "tools.alsoAllow");
      list.insert(list.end(), more.begin(), more.end());
      narrow(list, profile);
    }
    narrow_by(places_.back(), "tools.allow", narrow);
    for (std::size_t i = 0; sandboxed() && i < places_.size(); ++i)
      narrow_by(places_[i], "tools.sandbox.tools.allow", narrow);
    if (!left) return;
    // Tools without an effect outside the agent are never restricted.
    for (const std::string_view harmless : {"think", "switch_mode"})
      left->emplace_back(harmless);
    for (const std::string& tool : *left)
      out_.deny.push_back("!" + tool);
    out_.deny.emplace_back("*");
  }

  template <class Narrow>
  void narrow_by(NodeId place, std::string_view path, const Narrow& narrow) {
    const NodeId list = reading_.below(place, path);
    if (list == 0) return;
    const ToolNames names = expanded(reading_.texts(list), path);
    if (!names.empty() && std::ranges::find(names, "*") == names.end())
      narrow(names, Said{list, path});
  }

  // Tools of OpenClaw's own agent, which the programs Spine knows do not have.
  static constexpr std::array<std::string_view, 19> kOpenClawOnly{
      "browser",        "canvas",         "nodes",         "cron",
      "gateway",        "message",        "sessions_*",    "memory_*",
      "image",          "image_generate", "tts",           "pdf",
      "agents_list",    "session_status", "subagents",     "video_generate",
      "music_generate", "x_search",       "whatsapp_login"};

  const Reading& reading_;
  std::vector<NodeId> places_;
  AgentConfig& out_;
};

}  // namespace

std::span<const std::string_view> names_of(ToolFamily family) {
  constexpr std::array<std::span<const std::string_view>, 5> kFamilies{kExec, kRead, kWrite,
                                                                       kWebSearch, kWebFetch};
  return kFamilies[static_cast<std::size_t>(family)];
}

bool append_tools(std::string_view entry, std::vector<std::string>& names) {
  const std::string lower = lower_case(entry);
  const std::size_t before = names.size();
  for (const Alias& alias : kAliases) {
    if (alias.entry != lower) continue;
    const auto family = names_of(alias.family);
    names.insert(names.end(), family.begin(), family.end());
  }
  for (const auto& [group, stands_for] : kOtherGroups) {
    if (group == lower) names.emplace_back(stands_for);
  }
  if (names.size() != before) return true;
  names.emplace_back(entry);
  return !lower.starts_with("group:");
}

std::string unheld_policy(const AgentConfig& agent) {
  const ToolPolicy& policy = agent.tool_policy;
  const AgentProcess& process = agent.process;
  if (process.driver == Driver::echo || policy.own) return {};
  if (!policy.unenforceable.empty()) {
    return refusal(agent, policy.unenforceable.front(), "this version has nothing that could");
  }
  // What Claude Code and Codex are is known: tools of OpenClaw's own they do not have.
  const bool known = process.driver == Driver::jsonl && !process.preset.empty();
  for (const Holding& holding : kHoldings) {
    const std::string& setting = policy.*holding.demand;
    if (setting.empty() || holding.by[static_cast<std::size_t>(process.driver)] != nobody) continue;
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

constinit const SettingTable kToolTable{kToolPlaces, kTools};

void read_tool_policy(const Reading& reading, NodeId agent, AgentConfig& out) {
  const std::array places{agent, reading.at("agents.defaults"), reading.root};
  ToolPolicyReader(reading, places, out).read();
  const std::string why = unheld_policy(out);
  if (why.empty()) return;
  reading.warn(agent != 0 ? agent : reading.root, "the agent {} does not start: {}", out.id, why);
}

}  // namespace spine::config
