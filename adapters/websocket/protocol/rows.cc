// Rendering of rows: sessions, messages, tools ({"type":"toolCall"} parts, and "toolResult" rows).
#include "adapters/websocket/protocol/rows.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <simdjson.h>

#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::net {
namespace {

constexpr std::uint64_t kContextTokens = 200'000;
// Of a reason, as sent; the journal has all of it.
constexpr std::size_t kFailureBytesMax = 16 * limits::kKiB;

// What clients are shown for an agent whose own choice is not known: they do not send without a
// name.
std::string_view default_model(const config::AgentConfig* agent) {
  if (agent == nullptr) return "spine/echo";
  switch (agent->process.driver) {
    case config::Driver::echo:
      return "spine/echo";
    case config::Driver::pi:
      return "pi/default";
    case config::Driver::acp:
      return "acp/default";
    case config::Driver::jsonl:
      if (agent->process.preset == "claude") return "claude/default";
      if (agent->process.preset == "codex") return "codex/default";
      return "jsonl/default";
  }
  return "spine/echo";
}

// For clients that do not know our members an extra part says that the text was cut.
void write_content(JsonWriter& json, std::string_view whole, Seq seq, TextWindow shown) {
  std::string_view rest = whole;
  rest.remove_prefix(std::min(shown.from, rest.size()));
  const std::string_view text = cut_escaped(rest, shown.max);
  write_cut(json, whole, whole.substr(0, whole.size() - rest.size() + text.size()), seq);
  json.array("content", [&] {
    write_text_part(json, text);
    if (text.size() != rest.size()) {
      write_text_part(json, fmt::format("[The text goes on: it has {} bytes.]", whole.size()));
    }
  });
}

// Attachments that do not fit are counted.
void write_attachments(JsonWriter& json, const fb::MessageReceived& body, std::size_t bytes_max) {
  if (body.attachments() == nullptr || body.attachments()->size() == 0) return;
  std::size_t sent = 0;
  std::size_t left_out = 0;
  json.array("attachments", [&] {
    for (const fb::Attachment* attachment : *body.attachments()) {
      std::string row;
      JsonWriter one{row};
      one.begin_object();
      one.member_if("name", text_of(attachment->name()));
      one.member_if("mimeType", text_of(attachment->mime_type()));
      one.member_if("url", text_of(attachment->url()));
      one.member("bytes", attachment->bytes());
      if (attachment->sha256() != nullptr)
        one.member("sha256", show_hex(bytes_of(attachment->sha256())));
      if (attachment->problem() != fb::AttachmentProblem::none) {
        one.member("problem", fb::EnumNameAttachmentProblem(attachment->problem()));
      }
      if (attachment->kind() != fb::AttachmentKind::unknown) {
        one.member("kind", fb::EnumNameAttachmentKind(attachment->kind()));
      }
      one.end_object();
      if (sent + row.size() > bytes_max) {
        ++left_out;
        continue;
      }
      sent += row.size();
      json.raw(row);
    }
  });
  if (left_out != 0) json.member("attachmentsLeftOut", left_out);
}

// Who wrote a row, and what. Borrowed.
struct Said {
  std::string_view role{"assistant"};
  std::string_view text{};
};

// REQUIRES: the event is no tool's. `partial`: how far a run had come that was stopped or failed.
Said said_in(const EventView& event, const EventView* partial) {
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::MessageReceived: {
      const auto& body = root_of<fb::MessageReceived>(event);
      return {body.via() == fb::MessageVia::system ? "system" : "user", text_of(body.text())};
    }
    case fb::EventBody::RunFinished:
      return {.text = text_of(root_of<fb::RunFinished>(event).text())};
    case fb::EventBody::CommandAnswered:
      return {.text = text_of(root_of<fb::CommandAnswered>(event).text())};
    default:
      if (partial == nullptr) return {};
      return {.text = text_of(root_of<fb::PartialAnswerRecorded>(*partial).text())};
  }
}

void write_user(JsonWriter& json, const EventView& event, std::string_view run_key,
                TextWindow shown) {
  const auto& body = root_of<fb::MessageReceived>(event);
  const std::string_view key = run_key.empty() ? text_of(body.idempotency_key()) : run_key;
  const std::string user_key = key.empty() ? std::string{} : std::string{key} + ":user";
  json.member_if("idempotencyKey", user_key);
  write_attachments(json, body, shown.attachments_max);
  if (body.via() == fb::MessageVia::channel) {
    json.member_if("channel", text_of(body.channel()));
    json.member_if("senderId", text_of(body.sender_id()));
    json.member_if("senderName", text_of(body.sender_name()));
    json.member_if("externalId", text_of(body.external_id()));
  }
  write_meta(json, event, key, user_key);
}

void write_reply(JsonWriter& json, const fb::RunFinished& body) {
  const std::string_view stop = text_of(body.stop_reason());
  json.member("stopReason", stop.empty() ? std::string_view{"stop"} : stop);
  json.member_if("provider", text_of(body.provider()));
  json.member_if("model", text_of(body.model()));
  json.object("usage", [&] {
    json.member("input", body.input_tokens());
    json.member("output", body.output_tokens());
    json.member("totalTokens", body.input_tokens() + body.output_tokens());
  });
}

// Why the answer is incomplete.
void write_failure(JsonWriter& json, const EventView& event) {
  const bool failed = is_kind(event, fb::EventBody::RunFailed);
  json.member("stopReason", failed ? "error" : "aborted");
  json.member("errorMessage",
              failed ? failure_text(root_of<fb::RunFailed>(event))
                     : std::string{abort_text(root_of<fb::RunAborted>(event).reason())});
}

// A text that may stand in its event, or begin in a body of its own.
struct ToolText {
  std::string_view shown{};
  std::uint64_t bytes{};  // of the whole
  bool cut() const { return shown.size() < bytes; }
};

ToolText tool_text(const flatbuffers::String* inline_text, std::uint64_t bytes,
                   const EventView* body) {
  ToolText text{.shown = text_of(inline_text), .bytes = bytes};
  if (!text.shown.empty() || body == nullptr) return text;
  text.shown = text_of(root_of<fb::BodyRecorded>(*body).text());
  return text;
}

std::string cut_mark(const ToolText& text) {
  return fmt::format("[{} bytes in all: `spine journal dump` has what is kept of them.]",
                     text.bytes);
}

void write_cut_members(JsonWriter& json, const ToolText& text) {
  if (!text.cut()) return;
  json.member("truncated", true);
  json.member("textBytes", text.bytes);
}

// Clients expect arguments to be a JSON object.
void write_arguments(JsonWriter& json, const ToolText& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  if (!text.cut() &&
      parser.parse(text.shown.data(), text.shown.size()).get(value) == simdjson::SUCCESS) {
    if (value.is_object()) return json.raw(simdjson::minify(value));
  }
  json.object([&] {
    if (!text.shown.empty()) json.member("text", text.shown);
    if (text.cut()) json.member("truncated", cut_mark(text));
  });
}

void write_tool_call(JsonWriter& json, const EventView& event, const EventView* body_event) {
  const auto& body = root_of<fb::ToolCalled>(event);
  const ToolText text = tool_text(body.arguments(), body.arguments_bytes(), body_event);
  json.member("role", "assistant");
  json.array("content", [&] {
    json.object([&] {
      json.member("type", "toolCall");
      json.member("id", text_of(body.call_id()));
      json.member("name", text_of(body.name()));
      json.key("arguments");
      write_arguments(json, text);
      json.member_if("title", text_of(body.title()));
    });
  });
  write_cut_members(json, text);
  json.member("stopReason", "toolUse");
}

void write_tool_result(JsonWriter& json, const EventView& event, const EventView* body_event) {
  const auto& body = root_of<fb::ToolReturned>(event);
  const ToolText text = tool_text(body.result(), body.result_bytes(), body_event);
  json.member("role", "toolResult");
  json.member("toolCallId", text_of(body.call_id()));
  json.member("toolName", text_of(body.name()));
  json.array("content", [&] {
    write_text_part(json, text.shown);
    if (text.cut()) write_text_part(json, cut_mark(text));
  });
  write_cut_members(json, text);
  json.member("isError", body.is_error());
  json.member("durationMs", body.duration_ms());
}

// As transcripts of the agent runtime have it. `body` is the BodyRecorded that holds the beginning
// of what is too large for the event; may be null.
void write_tool(JsonWriter& json, const EventView& event, std::string_view run_key,
                const EventView* body) {
  if (is_kind(event, fb::EventBody::ToolCalled)) {
    write_tool_call(json, event, body);
  } else {
    write_tool_result(json, event, body);
  }
  json.member("timestamp", event.header.wall_ms);
  write_meta(json, event, run_key, {});
}

}  // namespace

void write_text_part(JsonWriter& json, std::string_view text) {
  json.object([&] {
    json.member("type", "text");
    json.member("text", text);
  });
}

void write_meta(JsonWriter& json, const EventView& event, std::string_view run_key,
                std::string_view idempotency_key) {
  json.object("__openclaw", [&] {
    json.member("id", std::to_string(event.seq.value));
    json.member("seq", event.seq.value);
    json.member_if("idempotencyKey", idempotency_key);
    json.member_if("runId", run_key);
  });
}

bool take_attached(const EventView& event, Attached& out) {
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::PartialAnswerRecorded:
      out.partial_answer = &event;
      return true;
    case fb::EventBody::BodyRecorded:
      out.tool_body = &event;
      return true;
    default:
      return false;
  }
}

void write_cut(JsonWriter& json, std::string_view whole, std::string_view shown, Seq seq) {
  if (shown.size() == whole.size()) return;
  json.member("truncated", true);
  json.member("textBytes", whole.size());
  json.member("textNext", shown.size());
  if (seq) json.member("historyCursor", std::to_string(next(seq).value));
}

void write_command(JsonWriter& json, const pipeline::ReplyItem& item) {
  if (item.command.empty()) return;
  json.member("command", item.command);
  json.member("text", item.command_answer);
}

void write_waits_behind(JsonWriter& json, const pipeline::ReplyItem& item, std::int64_t wall_ms) {
  if (item.behind_run_key.empty()) return;
  json.object("waitsBehind", [&] {
    json.member("runId", item.behind_run_key);
    json.member("startedAt", item.behind_started_wall_ms);
    json.member("runningMs", std::max<std::int64_t>(wall_ms - item.behind_started_wall_ms, 0));
  });
}

std::string dashed(std::string_view name) {
  std::string text{name};
  std::ranges::replace(text, '_', '-');
  return text;
}

std::string failure_text(const fb::RunFailed& body) {
  const std::string_view whole = text_of(body.message());
  std::string text{cut_escaped(whole, kFailureBytesMax)};
  if (text.size() != whole.size()) text += " [...]";
  if (text.empty()) text = "the run failed";
  return text;
}

std::string_view abort_text(fb::AbortReason reason) {
  constexpr std::array<std::string_view, 5> kTexts{
      "stopped by a client", "stopped: the session was reset", "stopped: the session was deleted",
      "stopped: a newer message took its place", "stopped by a message that said so"};
  const auto index = static_cast<std::size_t>(reason);
  return kTexts.at(index < kTexts.size() ? index : 0);
}

std::string_view abort_reason_name(fb::AbortReason reason) {
  return reason == fb::AbortReason::rpc ? std::string_view{"rpc"} : fb::EnumNameAbortReason(reason);
}

std::string_view error_kind_name(fb::RunErrorKind kind) {
  return fb::EnumNameRunErrorKind(kind == fb::RunErrorKind::crash ? fb::RunErrorKind::unknown
                                                                  : kind);
}

const config::AgentConfig* find_agent(const config::Config& config, std::string_view id) {
  for (const config::AgentConfig& agent : config.agents) {
    if (agent.id == id) return &agent;
  }
  return nullptr;
}

ModelName model_of(const config::Config& config, std::string_view agent_id) {
  const config::AgentConfig* agent = find_agent(config, agent_id);
  const std::string_view fallback = default_model(agent);
  // The built-in agent's name is what the configuration gives everybody who names none.
  const bool named =
      agent != nullptr && !agent->model_primary.empty() && agent->model_primary != "spine/echo";
  return model_name(named ? std::string_view{agent->model_primary} : fallback);
}

ModelName model_name(std::string_view whole) {
  const std::size_t slash = whole.find('/');
  if (slash == std::string_view::npos) return {{}, whole, whole};
  return {whole.substr(0, slash), whole.substr(slash + 1), whole};
}

void write_defaults(JsonWriter& json, std::string_view name, const config::Config& config) {
  const ModelName model = model_of(config, config.default_agent);
  json.object(name, [&] {
    json.member("modelProvider", model.provider);
    json.member("model", model.model);
    json.member("contextTokens", kContextTokens);
  });
}

void write_session(JsonWriter& json, const config::Config& config, const core::SessionView& session,
                   std::int64_t now_wall_ms) {
  const ModelName model =
      session.model.empty() ? model_of(config, session.agent_id) : model_name(session.model);
  json.begin_object();
  json.member("key", session.key);
  json.member("kind", fb::EnumNameConversationKind(session.conversation));
  json.member("agentId", session.agent_id);
  json.member("isMain", session.is_main);
  json.member("sessionId", uuid_string(session.uuid));
  json.member("chatType", fb::EnumNameConversationKind(session.conversation));
  json.member_if("channel", session.channel);
  json.member_if("displayName", session.display_name);
  json.member_if("label", session.label);
  json.member_if("thinkingLevel", session.thinking_level);
  const auto marked = [&session](fb::SessionMark mark) {
    return (session.marks & static_cast<std::uint32_t>(mark)) != 0;
  };
  if (marked(fb::SessionMark::archived)) json.member("archived", true);
  if (marked(fb::SessionMark::pinned)) json.member("pinned", true);
  if (marked(fb::SessionMark::unread)) json.member("unread", true);
  json.member("updatedAt", session.updated_wall_ms);
  json.member("sessionStartedAt", session.started_wall_ms);
  json.member("visibility", "shared");
  json.member("modelProvider", model.provider);
  json.member("model", model.model);
  json.member("contextTokens", kContextTokens);
  json.member("totalTokens", 0);
  json.member("totalTokensFresh", false);
  json.member("messageCount", session.message_count);
  json.member("hasActiveRun", !session.active_run_key.empty());
  json.array("activeRunIds", [&] {
    if (!session.active_run_key.empty()) json.value(session.active_run_key);
  });
  json.member("runsWaiting", session.runs_waiting);
  json.member("status", session.active_run_key.empty() ? "idle" : "running");
  json.member("snapshotAt", now_wall_ms);
  json.end_object();
}

void write_recent(JsonWriter& json, const core::SessionView& session, std::int64_t now_wall_ms) {
  json.object([&] {
    json.member("key", session.key);
    json.member("updatedAt", session.updated_wall_ms);
    json.member("age", now_wall_ms - session.updated_wall_ms);
  });
}

void write_message(JsonWriter& json, const EventView& event, std::string_view run_key,
                   TextWindow shown, const Attached& belongings) {
  const auto kind = static_cast<fb::EventBody>(event.header.kind);
  json.object([&] {
    if (kind == fb::EventBody::ToolCalled || kind == fb::EventBody::ToolReturned) {
      return write_tool(json, event, run_key, belongings.tool_body);
    }
    const Said said = said_in(event, belongings.partial_answer);
    json.member("role", said.role);
    write_content(json, said.text, event.seq, shown);
    json.member("timestamp", event.header.wall_ms);
    if (kind == fb::EventBody::MessageReceived) return write_user(json, event, run_key, shown);
    if (kind == fb::EventBody::RunFinished) {
      write_reply(json, root_of<fb::RunFinished>(event));
    } else if (kind == fb::EventBody::CommandAnswered) {
      json.member("stopReason", "stop");
      json.member("command", text_of(root_of<fb::CommandAnswered>(event).command()));
    } else {
      write_failure(json, event);
    }
    write_meta(json, event, run_key, {});
  });
}

namespace {

// {role, text}, without braces. What ended without a text says why.
void write_line(JsonWriter& json, const EventView& event, std::size_t bytes_max) {
  const Said said = said_in(event, nullptr);
  std::string why;
  if (is_kind(event, fb::EventBody::RunFailed)) why = failure_text(root_of<fb::RunFailed>(event));
  if (is_kind(event, fb::EventBody::RunAborted)) why = "(stopped)";
  json.member("role", said.role);
  json.member("text", cut_escaped(why.empty() ? said.text : why, bytes_max));
}

}  // namespace

void write_preview_item(JsonWriter& json, const EventView& event, std::size_t bytes_max) {
  json.object([&] { write_line(json, event, bytes_max); });
}

void write_read_row(JsonWriter& json, const EventView& event, std::size_t bytes_max) {
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::MessageReceived:
    case fb::EventBody::RunFinished:
    case fb::EventBody::RunFailed:
    case fb::EventBody::RunAborted:
    case fb::EventBody::CommandAnswered:
      break;
    default:
      return;
  }
  const bool received = is_kind(event, fb::EventBody::MessageReceived);
  const std::string_view sender =
      received ? text_of(root_of<fb::MessageReceived>(event).sender_name()) : std::string_view{};
  json.object([&] {
    json.member("id", std::to_string(event.seq.value));
    json.member("user", !sender.empty() ? sender : received ? "user" : "assistant");
    json.member("ts", show_time(event.header.wall_ms));
    write_line(json, event, bytes_max);
  });
}

void write_assistant_text(JsonWriter& json, std::string_view text, std::int64_t wall_ms,
                          TextWindow shown) {
  json.object([&] {
    json.member("role", "assistant");
    write_content(json, text, Seq{}, shown);
    json.member("timestamp", wall_ms);
  });
}

}  // namespace spine::net
