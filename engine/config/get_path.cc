// get_path: one setting as JSON, for people who ask what is in force.
#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "engine/config/config.h"
#include "engine/config/json5.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

// "bindings[0].agentId" and "bindings.0.agentId" name the same. Empty when there is none.
std::string_view take_key(std::string_view& rest) {
  while (rest.starts_with('.') || rest.starts_with('[') || rest.starts_with(']')) {
    rest.remove_prefix(1);
  }
  const std::size_t end = std::min(rest.find_first_of(".[]"), rest.size());
  const std::string_view key = rest.substr(0, end);
  rest.remove_prefix(end);
  return key;
}

NodeId element(const Document& document, NodeId list, std::string_view key) {
  std::size_t index{};
  const auto read = std::from_chars(key.data(), key.data() + key.size(), index);
  if (read.ec != std::errc{} || read.ptr != key.data() + key.size()) return 0;
  NodeId id = document.first_child(list);
  for (; id != 0 && index != 0; --index)
    id = document.next(id);
  return id;
}

NodeId walk(const Document& document, NodeId root, std::string_view path) {
  NodeId at = root;
  for (std::string_view key = take_key(path); at != 0 && !key.empty(); key = take_key(path)) {
    if (document.kind(at) == Kind::object) {
      at = document.find(at, key);
    } else {
      at = document.kind(at) == Kind::array ? element(document, at, key) : 0;
    }
  }
  return at;
}

std::string_view name_of(AuthMode mode) {
  switch (mode) {
    case AuthMode::token:
      return "token";
    case AuthMode::password:
      return "password";
    case AuthMode::none:
      return "none";
    case AuthMode::pairing:
      break;
  }
  return "pairing";
}

std::string_view name_of(fb::DmScope scope) {
  switch (scope) {
    case fb::DmScope::main:
      return "main";
    case fb::DmScope::per_peer:
      return "per-peer";
    case fb::DmScope::per_account_channel_peer:
      return "per-account-channel-peer";
    case fb::DmScope::per_channel_peer:
      break;
  }
  return "per-channel-peer";
}

std::string_view name_of(LogLevel level) {
  constexpr std::array<std::string_view, 5> kNames{"trace", "debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out.push_back(',');
    append_json_string(out, text);
  }
  return out + "]";
}

// What is in force for settings that have a default; empty for others.
std::string in_force(const Config& config, std::string_view path) {
  if (path == "gateway.port") return fmt::format("{}", config.port);
  if (path == "gateway.bind" && config.bind_addresses == Config{}.bind_addresses) {
    return json_string("loopback");
  }
  if (path == "gateway.host") return json_string(config.bind_addresses.front());
  if (path == "gateway.auth.mode" || path == "gateway.auth.type") {
    return json_string(name_of(config.auth_mode));
  }
  if (path == "gateway.rate_limit.requests_per_minute") {
    return fmt::format("{}", config.messages_per_minute);
  }
  if (path == "gateway.rate_limit.burst") return fmt::format("{}", config.messages_burst);
  if (path == "session.dmScope") return json_string(name_of(config.dm_scope));
  if (path == "session.groupScope")
    return json_string(config.group_scope_main ? "main" : "per-group");
  if (path == "session.mainKey") return json_string(config.main_key);
  if (path == "session.resetTriggers") return list_of(config.reset_triggers);
  if (path == "session.maintenance.pruneAfter") {
    return json_string(fmt::format("{}d", config.session_idle_days));
  }
  if (path == "logging.level") return json_string(name_of(config.log_level));
  if (path == "logging.format") {
    return json_string(config.log_format == LogFormat::json ? "json" : "text");
  }
  return {};
}

}  // namespace

Result<std::string> get_path(const Config& config, std::string_view dotted_path) {
  Document document;
  SPINE_TRY(NodeId root, parse_json5(document, config.redacted_json, config.path.string()));
  const NodeId found = walk(document, root, dotted_path);
  if (found != 0) return to_json(document, found);
  std::string value = in_force(config, dotted_path);
  if (!value.empty()) return value;
  return Error{Errc::not_found,
               fmt::format("{} is not set in {}, and has no default that can be shown.",
                           printable(dotted_path), printable(config.path.string()))};
}

}  // namespace spine::config
