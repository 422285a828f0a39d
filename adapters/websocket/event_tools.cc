// What clients are told of the tools an agent uses.
#include <simdjson.h>
#include <string>

#include "adapters/websocket/events.h"
#include "schemas/fields.h"

namespace spine::net {

using pipeline::EventItem;

namespace {

// Agents write the arguments: what is no JSON goes on as a text.
void write_json_or_text(JsonWriter& json, std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  if (parser.parse(text.data(), text.size()).get(value) == simdjson::SUCCESS) {
    json.raw(simdjson::minify(value));
  } else {
    json.value(text);
  }
}

// {"content":[{"type":"text","text":...}]}: the shape clients show results in.
void write_tool_result(JsonWriter& json, std::string_view text) {
  json.begin_object();
  json.key("content");
  json.begin_array();
  json.begin_object();
  json.member("type", "text");
  json.member("text", text);
  json.end_object();
  json.end_array();
  json.end_object();
}

}  // namespace

void Events::tool_called(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  const auto& body = *flatbuffers::GetRoot<fb::ToolCalled>(item.event.body.data());
  const std::string_view arguments = text_of(body.arguments());
  data_.clear();
  JsonWriter data{data_};
  data.begin_object();
  data.member("phase", "start");
  data.member("name", text_of(body.name()));
  data.member("toolCallId", text_of(body.call_id()));
  data.member_if("title", text_of(body.title()));
  data.key("args");
  if (arguments.empty()) {
    data.raw("{}");
  } else {
    write_json_or_text(data, arguments);
  }
  // Too large for the event: the journal has them.
  if (arguments.empty() && body.arguments_bytes() != 0) {
    data.member("argsBytes", body.arguments_bytes());
  }
  data.end_object();
  push_tool(*run, item);
}

void Events::tool_returned(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  const auto& body = *flatbuffers::GetRoot<fb::ToolReturned>(item.event.body.data());
  const std::string_view result = text_of(body.result());
  data_.clear();
  JsonWriter data{data_};
  data.begin_object();
  data.member("phase", "result");
  data.member("name", text_of(body.name()));
  data.member("toolCallId", text_of(body.call_id()));
  data.member("isError", body.is_error());
  data.member("durationMs", body.duration_ms());
  data.key("result");
  if (result.empty() && body.result_bytes() != 0) {
    write_tool_result(data, "(" + std::to_string(body.result_bytes()) +
                                " bytes: too long to be shown here, the journal has them)");
    data.member("resultBytes", body.result_bytes());
  } else {
    write_tool_result(data, result);
  }
  data.end_object();
  push_tool(*run, item);
}

}  // namespace spine::net
