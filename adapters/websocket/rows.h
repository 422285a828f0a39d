// Rows: sessions and messages in the shapes clients render, PROTOCOL section 3.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "adapters/http/json.h"
#include "engine/config/config.h"
#include "engine/core/views.h"
#include "schemas/fields.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::net {

// "provider/model" of an agent, in two parts. Borrowed from the configuration.
struct ModelName {
  std::string_view provider{};
  std::string_view model{};
  std::string_view whole{};
};

const config::AgentConfig* find_agent(const config::Config& config, std::string_view id);
// The two parts of "provider/model".
ModelName model_name(std::string_view whole);
ModelName model_of(const config::Config& config, std::string_view agent_id);
bool is_main_session(const config::Config& config, std::string_view key);

// {"modelProvider","model","contextTokens"}: the defaults of lists.
void write_defaults(http::JsonWriter& json, const config::Config& config);
// SessionRow.
void write_session(http::JsonWriter& json, const config::Config& config,
                   const core::SessionView& session, std::int64_t now_wall_ms);
// {key, updatedAt, age}: entry of the "recent" lists.
void write_recent(http::JsonWriter& json, const core::SessionView& session,
                  std::int64_t now_wall_ms);
// A message row. REQUIRES: the event is a MessageReceived, RunFinished, RunFailed, RunAborted or
// CommandAnswered.
// `run_key` may be empty when it is not known. A text of more than text_max bytes is cut there, and
// "truncated":true says so.
inline constexpr std::size_t kNoTextMax = std::numeric_limits<std::size_t>::max();
void write_message(http::JsonWriter& json, const EventView& event, std::string_view run_key,
                   std::size_t text_max = kNoTextMax);
// {role, text}: one line of sessions.preview, its text cut at bytes_max.
void write_preview_item(http::JsonWriter& json, const EventView& event, std::size_t bytes_max);
// {"role":"assistant","content":[{"type":"text","text":...}],"timestamp":...}.
void write_assistant_text(http::JsonWriter& json, std::string_view text, std::int64_t wall_ms);

// The first bytes of the text, without half a character at the end.
std::string_view cut_text(std::string_view text, std::size_t bytes_max);

// Why a run failed and what becomes of its message, for people. Never empty.
std::string failure_text(const fb::RunFailed& body);
// stopReason of a run that was stopped.
std::string_view abort_reason_name(fb::AbortReason reason);
// unknown, refusal, timeout, rate_limit, context_length (crash is unknown to clients).
std::string_view error_kind_name(fb::RunErrorKind kind);

}  // namespace spine::net
