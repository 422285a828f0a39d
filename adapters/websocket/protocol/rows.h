// Rows: sessions and messages in the shapes clients render.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "engine/config/config.h"
#include "engine/core/model/views.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/fields.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
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

// NAME:{"modelProvider","model","contextTokens"}: the defaults of lists.
void write_defaults(JsonWriter& json, std::string_view name, const config::Config& config);
// SessionRow.
void write_session(JsonWriter& json, const config::Config& config, const core::SessionView& session,
                   std::int64_t now_wall_ms);
// {key, updatedAt, age}: entry of the "recent" lists.
void write_recent(JsonWriter& json, const core::SessionView& session, std::int64_t now_wall_ms);
// Which part of a text is shown: from byte `from` on, as much as takes at most `max` bytes when it
// is sent. All bounds on what is sent count bytes after JSON escaping, where a control character
// takes six.
struct TextWindow {
  std::size_t max{std::numeric_limits<std::size_t>::max()};
  std::size_t from{};
  // Bound of all attachments' rows (names, URLs), as sent.
  std::size_t attachments_max{limits::kMiB};
};
// What belongs to a row and stands in an event of its own; null = nothing.
struct Attached {
  const EventView* partial_answer{};
  const EventView* tool_body{};
};
// Takes an event that is no row; false when it is one.
bool take_attached(const EventView& event, Attached& out);

// A message row. REQUIRES: the event is a MessageReceived, RunFinished, RunFailed, RunAborted,
// CommandAnswered, ToolCalled or ToolReturned.
// `run_key` may be empty when it is not known. Of a text that is cut the row says so, and how to
// get the rest: "truncated":true, "textBytes" (all of it), "textNext" (what is not shown begins
// there) and "historyCursor", with which chat.history begins at this row.
void write_message(JsonWriter& json, const EventView& event, std::string_view run_key,
                   TextWindow shown = {}, const Attached& belongings = {});
// {"type":"text","text":...}: a part of a row's content.
void write_text_part(JsonWriter& json, std::string_view text);
// "__openclaw": what a row is known by.
void write_meta(JsonWriter& json, const EventView& event, std::string_view run_key,
                std::string_view idempotency_key);
// Only the members that say the text was cut; its event is at `seq`. Nothing when all was shown.
void write_cut(JsonWriter& json, std::string_view whole, std::string_view shown, Seq seq);
// {role, text}: one line of sessions.preview, its text cut at bytes_max.
void write_preview_item(JsonWriter& json, const EventView& event, std::size_t bytes_max);
// {id, user, ts, role, text}, all texts: one line of message.action read, its text cut at
// bytes_max. Nothing for an event that says nothing to people.
void write_read_row(JsonWriter& json, const EventView& event, std::size_t bytes_max);
// {"role":"assistant","content":[{"type":"text","text":...}],"timestamp":...}.
void write_assistant_text(JsonWriter& json, std::string_view text, std::int64_t wall_ms,
                          TextWindow shown);

// Ours, of a reply to a message: {command, text} when the gateway itself answered it, and
// waitsBehind {runId, startedAt, runningMs} when its run waits for another to end.
void write_command(JsonWriter& json, const pipeline::ReplyItem& item);
void write_waits_behind(JsonWriter& json, const pipeline::ReplyItem& item, std::int64_t wall_ms);

// A name of an enumeration as the protocol spells it: "control-socket".
std::string dashed(std::string_view name);

// Why a run failed and what becomes of its message, for people. Never empty; bounded, whatever the
// agent said.
std::string failure_text(const fb::RunFailed& body);
// Why a run was stopped, for people. Never empty.
std::string_view abort_text(fb::AbortReason reason);
// stopReason of a run that was stopped.
std::string_view abort_reason_name(fb::AbortReason reason);
// unknown, refusal, timeout, rate_limit, context_length (crash is unknown to clients).
std::string_view error_kind_name(fb::RunErrorKind kind);

}  // namespace spine::net
