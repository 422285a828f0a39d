// Methods answered from the configuration and the log file, without asking the engine.
#include "adapters/websocket/agent_rows.h"
#include "adapters/websocket/log_tail.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"
#include "engine/core/session_key.h"
#include "engine/log/log.h"

namespace spine::net::handlers {
namespace {

constexpr TextRule kOptionalName{.bytes_max = limits::kKeyBytesMax};

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
  json.member("raw", config.raw);
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

void commands_list(Call& call) {
  Response response{call.net, call.slot, call.id};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.key("commands");
  write_commands(json, call.net.config());
  json.end_object();
  response.send();
}

// The configured channels. Their adapters come with later versions: none of them runs.
void channels_status(Call& call) {
  Response response{call.net, call.slot, call.id};
  write_channels_status(response.json(), call.net.config(), call.net.wall_ms);
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
