// Rows of tools: {"type":"toolCall"} parts of the assistant, and "toolResult" rows.
#include "adapters/websocket/tool_rows.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <string>

#include "adapters/websocket/rows.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::net {
namespace {

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
  text.shown = text_of(flatbuffers::GetRoot<fb::BodyRecorded>(body->body.data())->text());
  return text;
}

std::string cut_mark(const ToolText& text) {
  return fmt::format("[{} bytes in all: `spine journal dump` has what is kept of them.]",
                     text.bytes);
}

void write_cut_members(http::JsonWriter& json, const ToolText& text) {
  if (!text.cut()) return;
  json.member("truncated", true);
  json.member("textBytes", text.bytes);
}

// Arguments are an object to whoever shows them.
void write_arguments(http::JsonWriter& json, const ToolText& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  if (!text.cut() &&
      parser.parse(text.shown.data(), text.shown.size()).get(value) == simdjson::SUCCESS) {
    if (value.is_object()) return json.raw(simdjson::minify(value));
  }
  json.begin_object();
  if (!text.shown.empty()) json.member("text", text.shown);
  if (text.cut()) json.member("truncated", cut_mark(text));
  json.end_object();
}

void write_call(http::JsonWriter& json, const EventView& event, const EventView* body_event) {
  const auto& body = *flatbuffers::GetRoot<fb::ToolCalled>(event.body.data());
  const ToolText text = tool_text(body.arguments(), body.arguments_bytes(), body_event);
  json.member("role", "assistant");
  json.key("content");
  json.begin_array();
  json.begin_object();
  json.member("type", "toolCall");
  json.member("id", text_of(body.call_id()));
  json.member("name", text_of(body.name()));
  json.key("arguments");
  write_arguments(json, text);
  json.member_if("title", text_of(body.title()));
  json.end_object();
  json.end_array();
  write_cut_members(json, text);
  json.member("stopReason", "toolUse");
}

void write_result(http::JsonWriter& json, const EventView& event, const EventView* body_event) {
  const auto& body = *flatbuffers::GetRoot<fb::ToolReturned>(event.body.data());
  const ToolText text = tool_text(body.result(), body.result_bytes(), body_event);
  json.member("role", "toolResult");
  json.member("toolCallId", text_of(body.call_id()));
  json.member("toolName", text_of(body.name()));
  json.key("content");
  json.begin_array();
  write_text_part(json, text.shown);
  if (text.cut()) write_text_part(json, cut_mark(text));
  json.end_array();
  write_cut_members(json, text);
  json.member("isError", body.is_error());
  json.member("durationMs", body.duration_ms());
}

}  // namespace

void write_tool(http::JsonWriter& json, const EventView& event, std::string_view run_key,
                const EventView* body) {
  json.begin_object();
  if (event.header.kind == static_cast<std::uint16_t>(fb::EventBody::ToolCalled)) {
    write_call(json, event, body);
  } else {
    write_result(json, event, body);
  }
  json.member("timestamp", event.header.wall_ms);
  write_meta(json, event, run_key, {});
  json.end_object();
}

}  // namespace spine::net
