// The list of what may be changed from elsewhere, and the words that are refused inside it.
#include "engine/config/remote_edits.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/config/reading.h"
#include "engine/config/redact.h"
#include "engine/config/schema.h"

namespace spine::config {
namespace {

// `*` is one key, `**` any number of them; places of lists do not count.
constexpr std::array<std::string_view, 20> kAllowedPaths{
    "session.**",
    "messages.**",
    "logging.level",
    "gateway.rate_limit.requests_per_minute",
    "gateway.rate_limit.burst",
    "channels.*.enabled",
    "channels.*.name",
    "channels.*.accounts.*.enabled",
    "channels.*.accounts.*.name",
    "bindings.**",
    "crons.*.schedule",
    "crons.*.action",
    "cron.enabled",
    "cron.sessionRetention",
    "ui.**",
    "talk.voiceId",
    "talk.voiceAliases.**",
    "talk.modelId",
    "talk.interruptOnSpeech",
    "talk.silenceTimeoutMs",
};

// The same for an agent and for the defaults of all.
constexpr std::array<std::string_view, 3> kAgentPlaces{"agents.defaults", "agents.entries.*",
                                                       "agents.list"};
constexpr std::array<std::string_view, 10> kAllowedOfAgents{
    "name",          "identity.**",     "model",          "model.primary", "model.fallbacks",
    "spine.delayMs", "thinkingDefault", "verboseDefault", "userTimezone",  "timeFormat",
};

// These of a session decide whose conversation is whose, and who may be answered.
constexpr std::array<std::string_view, 6> kRefusedPaths{
    "session.scope",         "session.dmScope",    "session.groupScope",
    "session.identityLinks", "session.sendPolicy", "session.agentToAgent",
};

// Keys, in lower case without _ and -, that are refused wherever they stand; those of the second
// list also at the end of a longer key.
constexpr std::array<std::string_view, 23> kRefusedKeys{
    "$include", "args",   "argv",  "env",    "cwd",   "bin",      "binary",  "exec",
    "store",    "root",   "host",  "port",   "proxy", "endpoint", "address", "headers",
    "sandbox",  "avatar", "tools", "admins", "owner", "owners",   "program",
};
constexpr std::array<std::string_view, 15> kRefusedEndings{
    "dir",    "command", "commands", "path",      "file",      "directory", "url",      "uri",
    "script", "policy",  "origin",   "allowfrom", "allowlist", "workspace", "hostname",
};

std::string folded_key(std::string_view key) {
  std::string out = lower_case(key);
  std::erase_if(out, [](char c) { return c == '_' || c == '-'; });
  return out;
}

bool is_refused_key(std::string_view key) {
  if (is_secret({&key, 1})) return true;
  const std::string name = folded_key(key);
  return std::ranges::find(kRefusedKeys, name) != kRefusedKeys.end() ||
         std::ranges::any_of(kRefusedEndings,
                             [&](std::string_view ending) { return name.ends_with(ending); });
}

using Keys = std::vector<std::string_view>;

std::string_view take_part(std::string_view& pattern) {
  const std::size_t dot = pattern.find('.');
  const std::string_view part = pattern.substr(0, dot);
  pattern = dot == std::string_view::npos ? std::string_view{} : pattern.substr(dot + 1);
  return part;
}

// Whether `pattern` names the keys from `at` on. A `**` stands only at its end.
bool matches(const Keys& keys, std::string_view pattern, std::size_t at = 0) {
  while (!pattern.empty()) {
    const std::string_view part = take_part(pattern);
    if (part == "**") return true;
    if (at == keys.size() || (part != "*" && part != keys[at])) return false;
    ++at;
  }
  return at == keys.size();
}

// Whether the keys begin with what `prefix` names.
bool begins_with(const Keys& keys, std::string_view prefix) {
  return matches(keys, std::string{prefix} + ".**");
}

bool is_allowed_of_agent(const Keys& keys) {
  for (const std::string_view place : kAgentPlaces) {
    const auto depth = static_cast<std::size_t>(std::ranges::count(place, '.')) + 1;
    if (keys.size() <= depth || !begins_with(keys, place)) continue;
    const auto fits = [&](std::string_view pattern) { return matches(keys, pattern, depth); };
    if (std::ranges::any_of(kAllowedOfAgents, fits)) return true;
  }
  return false;
}

bool is_allowed_path(const Keys& keys) {
  if (std::ranges::any_of(keys, is_refused_key)) return false;
  const auto refused = [&](std::string_view pattern) { return begins_with(keys, pattern); };
  if (std::ranges::any_of(kRefusedPaths, refused)) return false;
  const auto fits = [&](std::string_view pattern) { return matches(keys, pattern); };
  return std::ranges::any_of(kAllowedPaths, fits) || is_allowed_of_agent(keys);
}

// No limit at all is the one value of a limit that is refused.
bool takes_limit_away(const Document& document, NodeId id, const Keys& keys) {
  std::int64_t value{};
  return !keys.empty() && keys.back() == "requests_per_minute" &&
         document.kind(id) == Kind::number && as_integer(document, id, value) && value == 0;
}

// Whether every setting inside may be what it is. `fresh`: this is what would be written.
bool is_allowed_value(const Document& document, NodeId id, Keys& keys, bool fresh) {
  const Kind kind = document.kind(id);
  if ((kind == Kind::object || kind == Kind::array) && document.first_child(id) != 0) {
    for (NodeId child = document.first_child(id); child != 0; child = document.next(child)) {
      if (kind == Kind::object) keys.push_back(document.key(child));
      const bool allowed = is_allowed_value(document, child, keys, fresh);
      if (kind == Kind::object) keys.pop_back();
      if (!allowed) return false;
    }
    return true;
  }
  if (!is_allowed_path(keys)) return false;
  if (!fresh) return true;
  // A variable's value would be shown to whoever may read the setting.
  if (kind == Kind::string && document.text(id).find("${") != std::string_view::npos) return false;
  return !takes_limit_away(document, id, keys);
}

bool is_allowed(Tree before, Tree after, const Change& change) {
  Keys keys;
  for (const Step& step : change.path) {
    if (!step.in_list) keys.push_back(step.key);
  }
  return (change.before == 0 || is_allowed_value(before.document, change.before, keys, false)) &&
         (change.after == 0 || is_allowed_value(after.document, change.after, keys, true));
}

}  // namespace

std::vector<std::string> refused_remotely(Tree before, Tree after,
                                          const std::vector<Change>& changes) {
  std::vector<std::string> refused;
  for (const Change& change : changes) {
    if (!is_allowed(before, after, change)) refused.push_back(show_path(change.path));
  }
  return refused;
}

}  // namespace spine::config
