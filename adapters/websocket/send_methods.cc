// chat.send, sessions.send and sessions.steer: a message of an operator for a session.
#include <string>

#include "adapters/websocket/channel_message.h"
#include "adapters/websocket/inputs.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"

namespace spine::net::handlers {
namespace {

using core::ReplyCode;

constexpr TextRule kSendKey{.required = true, .bytes_min = 1, .bytes_max = limits::kKeyBytesMax};
constexpr TextRule kSendText{.required = true, .bytes_min = 1, .bytes_max = limits::kTextBytesMax};

// Reads what chat.send and sessions.send share, and hands the message in.
void hand_in_chat(Call& call, std::string_view session_key, bool key_required,
                  fb::QueueMode queue_mode) {
  const std::string_view message = call.params.text("message", kSendText);
  const std::string_view given = call.params.text(
      "idempotencyKey",
      {.required = key_required, .bytes_min = 1, .bytes_max = limits::kIdempotencyKeyBytesMax});
  simdjson::dom::array attachments;
  if (call.params.array("attachments", attachments) && attachments.size() != 0) {
    call.params.complain("attachments", "must be empty (this gateway takes text only)");
  }
  if (!call.valid()) return;
  std::string made;
  if (given.empty()) append_uuid(made, as_uuid(call.net.entropy.next()));
  const std::string_view key = given.empty() ? std::string_view{made} : given;
  build_operator_message(call.net, call.slot,
                         {.via = fb::MessageVia::chat,
                          .session_key = session_key,
                          .text = message,
                          .idempotency_key = key,
                          .queue_mode = queue_mode});
  const std::uint64_t number = call.pend();
  call.net.pending.at(number).extra().text = key;
  call.net.push(fb::EventBody::MessageReceived, call.slot, number);
}

}  // namespace

void chat_send(Call& call) {
  const std::string_view session_key = call.params.text("sessionKey", kSendKey);
  hand_in_chat(call, session_key, true, read_queue_mode(call.params));
}

// sessions.steer is OpenClaw's name of a message that interrupts what is being worked on.
void sessions_send(Call& call) {
  const std::string_view session_key = call.params.text("key", kSendKey);
  const bool steers = call.method.name == "sessions.steer";
  hand_in_chat(call, session_key, false,
               steers ? fb::QueueMode::interrupt : read_queue_mode(call.params));
}

void on_chat_send(Answer& answer, const pipeline::ReplyItem& item) {
  const ReplyCode code = item.reply.code;
  if (code != ReplyCode::accepted && code != ReplyCode::in_flight && code != ReplyCode::done &&
      code != ReplyCode::duplicate) {
    return refuse_reply(answer, item);
  }
  const bool started = code == ReplyCode::accepted && item.reply.run;
  const std::string& key = answer.request().extra().text;
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("runId", item.run_key.empty() ? std::string_view{key} : item.run_key);
  json.member("status", started ? "started" : code == ReplyCode::in_flight ? "in_flight" : "ok");
  json.member("messageSeq", item.reply.seq.value);
  // Ours: the message is recorded and nobody will answer it (/new, /reset, agent none).
  if (!item.reply.run) json.member("run", false);
  write_command(json, item);
  write_waits_behind(json, item, answer.net.wall_ms);
  json.end_object();
  response.send();
}

}  // namespace spine::net::handlers
