// Methods answered from the configuration and the log file, without asking the engine.
#include "adapters/websocket/log_tail.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"
#include "engine/log/log.h"

namespace spine::net::handlers {
namespace {

constexpr TextRule kOptionalName{.bytes_max = limits::kKeyBytesMax};

void write_model(http::JsonWriter& json, const ModelName& model) {
  json.begin_object();
  json.member("id", model.whole);
  json.member("name", model.model);
  json.member("provider", model.provider);
  json.member("available", true);
  json.end_object();
}

}  // namespace

void config_get(Call& call) {
  const config::Config& config = call.net.config();
  std::string hash;
  append_hex(hash, config.hash);
  const std::string_view parsed =
      config.redacted_json.empty() ? std::string_view{"{}"} : config.redacted_json;
  Response response{call.net, call.slot, call.id};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("path", config.path.string());
  json.member("exists", config.exists);
  // The file's own text may hold secrets in any spelling; what is shown is the redacted value.
  json.member("raw", config.exists ? parsed : std::string_view{});
  json.member_raw("parsed", parsed);
  json.member_raw("sourceConfig", parsed);
  json.member_raw("config", parsed);
  json.member("valid", true);
  json.member_raw("issues", "[]");
  json.key("warnings");
  json.begin_array();
  for (const std::string& warning : config.warnings)
    json.value(warning);
  json.end_array();
  json.member("hash", hash);
  json.end_object();
  response.send();
}

void agents_list(Call& call) {
  const config::Config& config = call.net.config();
  Response response{call.net, call.slot, call.id};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("defaultId", config.default_agent);
  json.member("mainKey", config.main_key);
  json.member("scope", "per-sender");
  json.key("agents");
  json.begin_array();
  for (const config::AgentConfig& agent : config.agents) {
    json.begin_object();
    json.member("id", agent.id);
    json.member("name", agent.name.empty() ? agent.id : agent.name);
    json.member_if("emoji", agent.emoji);
    json.key("model");
    json.begin_object();
    json.member("primary", model_of(config, agent.id).whole);
    json.end_object();
    json.member_if("workspace", agent.workspace);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  response.send();
}

void agent_identity_get(Call& call) {
  const config::Config& config = call.net.config();
  std::string_view id = call.params.text("agentId", kOptionalName);
  const std::string_view session_key = call.params.text("sessionKey", kOptionalName);
  if (!call.valid()) return;
  const std::string key = session_key_of(config, session_key);
  if (id.empty()) id = agent_of_key(key);
  const config::AgentConfig* agent = find_agent(config, id);
  if (agent == nullptr) {
    return refuse(call.net, call.slot, call.id,
                  {.message = "unknown agent id \"" + std::string{id} + "\"",
                   .details = details_of("UNKNOWN_AGENT_ID", "unknown_agent")});
  }
  Response response{call.net, call.slot, call.id};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("agentId", agent->id);
  json.member("name", agent->name.empty() ? agent->id : agent->name);
  json.member("avatar", agent->emoji);
  json.member_if("emoji", agent->emoji);
  json.end_object();
  response.send();
}

void models_list(Call& call) {
  const config::Config& config = call.net.config();
  std::vector<std::string_view> seen;
  Response response{call.net, call.slot, call.id};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.key("models");
  json.begin_array();
  for (const config::AgentConfig& agent : config.agents) {
    const ModelName model = model_of(config, agent.id);
    bool known = false;
    for (const std::string_view other : seen)
      known = known || other == model.whole;
    if (known) continue;
    seen.push_back(model.whole);
    write_model(json, model);
  }
  json.end_array();
  json.end_object();
  response.send();
}

void logs_tail(Call& call) {
  constexpr std::int64_t kFromEnd = -1;
  const std::int64_t cursor = call.params.integer(
      "cursor", {.min = 0, .max = std::int64_t{1} << 53, .otherwise = kFromEnd});
  const std::int64_t lines =
      call.params.integer("limit", {.min = 1, .max = 5'000, .otherwise = 500});
  const std::int64_t bytes =
      call.params.integer("maxBytes", {.min = 1, .max = 1'000'000, .otherwise = 250'000});
  if (!call.valid()) return;
  const std::filesystem::path file = log::current_file();
  if (file.empty()) {
    return refuse(call.net, call.slot, call.id,
                  {.code = error_code::kUnavailable, .message = "no log file is written"});
  }
  const auto tail = tail_log(
      file,
      {.cursor = cursor == kFromEnd ? LogTailRequest::kFromEnd : static_cast<std::uint64_t>(cursor),
       .lines_max = static_cast<std::uint64_t>(lines),
       .bytes_max = static_cast<std::uint64_t>(bytes)});
  if (!tail) {
    return refuse(call.net, call.slot, call.id,
                  {.code = error_code::kUnavailable, .message = tail.error().message});
  }
  Response response{call.net, call.slot, call.id};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("file", file.string());
  json.member("cursor", tail->cursor);
  json.member("size", tail->size);
  json.key("lines");
  json.begin_array();
  for (const std::string& line : tail->lines)
    json.value(line);
  json.end_array();
  json.member("truncated", tail->truncated);
  json.member("reset", tail->reset);
  json.end_object();
  response.send();
}

}  // namespace spine::net::handlers
