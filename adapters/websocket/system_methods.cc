// wake and system-event: words for the agent that no person wrote.
#include <string>

#include "adapters/websocket/inputs.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"

namespace spine::net::handlers {
namespace {

constexpr TextRule kText{.required = true, .bytes_min = 1, .bytes_max = limits::kTextBytesMax};

// Hands it in for the session, or for the agent's main one.
void hand_in(Call& call, std::string_view text, bool run) {
  const std::string_view session =
      call.params.text("sessionKey", {.bytes_max = limits::kKeyBytesMax});
  const std::string_view agent = call.params.text("agentId", {.bytes_max = limits::kNameBytesMax});
  if (!call.valid()) return;
  build_operator_message(call.net, call.slot,
                         {.via = fb::MessageVia::system,
                          .session_key = session,
                          .agent_id = agent,
                          .text = text,
                          .no_run = !run});
  call.net.push(fb::EventBody::MessageReceived, call.slot, call.pend());
}

}  // namespace

void wake(Call& call) {
  const std::string_view mode = call.params.text("mode", {.required = true, .bytes_max = 32});
  const std::string_view text = call.params.text("text", kText);
  if (call.valid() && mode != "now" && mode != "next-heartbeat") {
    call.params.complain("mode", "must be equal to one of the allowed values");
  }
  if (call.valid()) hand_in(call, text, mode == "now");
}

void system_event(Call& call) {
  const std::string_view text = call.params.text("text", kText);
  if (call.valid()) hand_in(call, text, false);
}

void on_system_message(Answer& answer, const pipeline::ReplyItem& item) {
  if (item.reply.code != core::ReplyCode::accepted) return refuse_reply(answer, item);
  Response response{answer.net, answer.slot, answer.id()};
  response.json().raw("{\"ok\":true}");
  response.send();
}

}  // namespace spine::net::handlers
