// sessions.create and sessions.patch.
#include <string>

#include "adapters/websocket/inputs.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/put_text.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"
#include "engine/core/session_key.h"

namespace spine::net::handlers {
namespace {

using core::ReplyCode;

constexpr TextRule kLabel{.bytes_min = 1, .bytes_max = limits::kNameBytesMax};
constexpr TextRule kShortText{.bytes_max = limits::kNameBytesMax};

// What a reply to a pending sessions.create answers.
enum CreateStep : std::uint8_t { kOpened, kFirstMessage };

// What is to be changed about a session. Borrowed.
struct SessionPatch {
  fb::SessionField fields{};
  std::string_view label{};
  std::string_view thinking_level{};
  std::string_view model{};
  fb::SessionMark marks{};
};

void build_session_opened(Context& net, std::string_view key, std::string_view agent,
                          std::string_view label, Bits128 uuid) {
  flatbuffers::FlatBufferBuilder& builder = net.builder;
  builder.Clear();
  const auto key_text = put_text(builder, key);
  const auto agent_text = put_text(builder, agent);
  const auto channel = put_text(builder, "webchat");
  const auto label_text = put_text(builder, label);
  const fb::Bits128 id{uuid.hi, uuid.lo};
  fb::SessionOpenedBuilder table{builder};
  table.add_key(key_text);
  table.add_agent_id(agent_text);
  table.add_uuid(&id);
  table.add_channel(channel);
  table.add_label(label_text);
  builder.Finish(table.Finish());
}

void build_session_patched(Context& net, const SessionPatch& patch) {
  flatbuffers::FlatBufferBuilder& builder = net.builder;
  builder.Clear();
  const auto label = put_text(builder, patch.label);
  const auto thinking = put_text(builder, patch.thinking_level);
  const auto model = put_text(builder, patch.model);
  builder.Finish(fb::CreateSessionPatched(builder, static_cast<std::uint32_t>(patch.fields), label,
                                          thinking, model,
                                          static_cast<std::uint32_t>(patch.marks)));
}

void refuse_label(Answer& answer) {
  refuse(answer.net, answer.slot, answer.id(),
         {.message = "label already in use: " + answer.request().extra().name,
          .details = details_of("LABEL_TAKEN", "label_taken")});
}

void write_resolved(http::JsonWriter& json, const config::Config& config, std::string_view agent) {
  const ModelName model = model_of(config, agent);
  json.key("resolved");
  json.begin_object();
  json.member("modelProvider", model.provider);
  json.member("model", model.model);
  json.end_object();
}

// The session as it is now, of a method whose pending request holds its label.
void write_entry(http::JsonWriter& json, Answer& answer, std::string_view uuid) {
  json.key("entry");
  json.begin_object();
  json.member("sessionId", uuid);
  json.member("updatedAt", answer.net.wall_ms);
  json.member_if("label", answer.request().extra().name);
  json.end_object();
}

// `refused`: why the first message was not taken; empty = it was, or there was none.
void answer_created(Answer& answer, bool run_started, std::string_view refused = {}) {
  const PendingMore& more = answer.request().extra();
  std::string uuid;
  append_uuid(uuid, more.uuid);
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ok", true);
  json.member("key", more.text);
  json.member("sessionId", uuid);
  write_entry(json, answer, uuid);
  json.member("runStarted", run_started);
  json.member_if("messageRefused", refused);
  write_resolved(json, answer.net.config(), core::agent_of_key(more.text));
  json.end_object();
  response.send();
}

}  // namespace

void sessions_create(Call& call) {
  const std::string_view asked = call.params.text("agentId", kShortText);
  const std::string_view label = call.params.text("label", kLabel);
  const std::string_view message =
      call.params.text("message", {.bytes_max = limits::kTextBytesMax});
  if (!call.valid()) return;
  const config::Config& config = call.net.config();
  const std::string_view agent = asked.empty() ? std::string_view{config.default_agent} : asked;
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.uuid = as_uuid(call.net.entropy.next());
  more.text = "agent:" + std::string{agent} + ":dashboard:";
  append_uuid(more.text, as_uuid(call.net.entropy.next()));
  more.name = label;
  more.message = message;
  build_session_opened(call.net, more.text, agent, label, more.uuid);
  call.net.push(fb::EventBody::SessionOpened, call.slot, number);
}

void on_sessions_create(Answer& answer, const pipeline::ReplyItem& item) {
  PendingMore& more = answer.request().extra();
  const ReplyCode code = item.reply.code;
  if (answer.request().step == kFirstMessage) {
    const bool taken = code == ReplyCode::accepted;
    return answer_created(answer, taken && item.reply.run,
                          taken ? std::string_view{}
                          : code == ReplyCode::missing_scope
                              ? "missing scope: operator.admin"
                              : "the message was not accepted: send it again");
  }
  if (code == ReplyCode::label_taken) return refuse_label(answer);
  if (code != ReplyCode::accepted) return refuse_reply(answer, item);
  if (more.message.empty()) return answer_created(answer, false);
  std::string key;
  append_uuid(key, as_uuid(answer.net.entropy.next()));
  build_operator_message(answer.net, answer.slot,
                         {.via = fb::MessageVia::chat,
                          .session_key = more.text,
                          .text = more.message,
                          .idempotency_key = key});
  answer.request().step = kFirstMessage;
  answer.net.push(fb::EventBody::MessageReceived, answer.slot, answer.number);
  answer.keep = true;
}

namespace {

// A text that null takes away; false when it is not there.
bool read_clearable(Params& params, const char* key, std::string_view& out) {
  if (params.is_null(key)) return true;
  if (!params.has(key)) return false;
  out = params.text(key, kShortText);
  return true;
}

SessionPatch read_patch(Params& params) {
  SessionPatch patch{};
  if (read_clearable(params, "label", patch.label)) patch.fields |= fb::SessionField::label;
  if (read_clearable(params, "model", patch.model)) patch.fields |= fb::SessionField::model;
  if (read_clearable(params, "thinkingLevel", patch.thinking_level)) {
    patch.fields |= fb::SessionField::thinking_level;
  }
  const auto mark = [&params, &patch](const char* key, fb::SessionField field,
                                      fb::SessionMark value) {
    if (!params.has(key)) return;
    patch.fields |= field;
    if (params.boolean(key, false)) patch.marks |= value;
  };
  mark("archived", fb::SessionField::archived, fb::SessionMark::archived);
  mark("pinned", fb::SessionField::pinned, fb::SessionMark::pinned);
  mark("unread", fb::SessionField::unread, fb::SessionMark::unread);
  return patch;
}

}  // namespace

void sessions_patch(Call& call) {
  const std::string_view asked = call.params.text(
      "key", {.required = true, .bytes_min = 1, .bytes_max = limits::kKeyBytesMax});
  const SessionPatch patch = read_patch(call.params);
  if (!call.valid()) return;
  const std::uint64_t number = call.pend();
  call.net.pending.at(number).extra().name = patch.label;
  build_session_patched(call.net, patch);
  call.net.push(fb::EventBody::SessionPatched, call.slot, number, {.session_key = asked});
}

void on_sessions_patch(Answer& answer, const pipeline::ReplyItem& item) {
  if (item.reply.code == ReplyCode::label_taken) return refuse_label(answer);
  if (item.reply.code != ReplyCode::accepted) return refuse_reply(answer, item);
  std::string uuid;
  append_uuid(uuid, item.session_uuid);
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ok", true);
  json.member("path", "journal");
  json.member("key", item.session_key);
  write_entry(json, answer, uuid);
  write_resolved(json, answer.net.config(), core::agent_of_key(item.session_key));
  json.end_object();
  response.send();
}

}  // namespace spine::net::handlers
