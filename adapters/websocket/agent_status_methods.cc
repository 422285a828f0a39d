// agents.status, agents.restart and agents.reset: how agents are, and what to do about it.
#include <string>

#include "adapters/websocket/agent_report_rows.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/put_text.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"

namespace spine::net::handlers {
namespace {

using core::ReplyCode;

void refuse_unknown_agent(Context& net, std::uint32_t slot, std::string_view id,
                          std::string_view agent_id) {
  std::string known;
  for (const config::AgentConfig& agent : net.config().agents)
    known += (known.empty() ? "" : ", ") + agent.id;
  refuse(
      net, slot, id,
      {.message = "unknown agent id \"" + std::string{agent_id} + "\" (configured: " + known + ")",
       .details = details_of("UNKNOWN_AGENT_ID", "unknown_agent")});
}

// False, with the refusal said, when the agent that is named is not configured.
bool is_configured(Call& call, std::string_view agent_id) {
  if (find_agent(call.net.config(), agent_id) != nullptr) return true;
  refuse_unknown_agent(call.net, call.slot, call.id, agent_id);
  return false;
}

template <class Create>
void change_agent(Call& call, fb::EventBody kind, Create create) {
  const std::string_view agent_id = call.params.text(
      "agentId", {.required = true, .bytes_min = 1, .bytes_max = limits::kNameBytesMax});
  if (!call.valid() || !is_configured(call, agent_id)) return;
  const std::uint64_t number = call.pend();
  call.net.pending.at(number).extra().text = agent_id;
  flatbuffers::FlatBufferBuilder& builder = call.net.builder;
  builder.Clear();
  builder.Finish(create(builder, put_text(builder, agent_id)));
  call.net.push(kind, call.slot, number);
}

}  // namespace

void agents_status(Call& call) {
  const std::string_view agent_id =
      call.params.text("agentId", {.bytes_max = limits::kNameBytesMax});
  if (!call.valid()) return;
  if (!agent_id.empty() && !is_configured(call, agent_id)) return;
  Response response{call.net, call.slot, call.id};
  write_agents_status(response.json(), call.net.config(), call.net.agents_report.get(), agent_id,
                      call.net.wall_ms,
                      satisfies(call.net.hub.table.scopes[call.slot], Scope::admin));
  response.send();
}

void agents_restart(Call& call) {
  change_agent(call, fb::EventBody::AgentRestartRequested,
               [](flatbuffers::FlatBufferBuilder& builder, auto agent_id) {
                 return fb::CreateAgentRestartRequested(builder, agent_id);
               });
}

void agents_reset(Call& call) {
  change_agent(call, fb::EventBody::AgentReset,
               [](flatbuffers::FlatBufferBuilder& builder, auto agent_id) {
                 return fb::CreateAgentReset(builder, agent_id);
               });
}

void on_agents_changed(Answer& answer, const pipeline::ReplyItem& item) {
  const std::string& agent_id = answer.request().extra().text;
  const ReplyCode code = item.reply.code;
  if (code == ReplyCode::not_found) {
    return refuse_unknown_agent(answer.net, answer.slot, answer.id(), agent_id);
  }
  if (code != ReplyCode::accepted && code != ReplyCode::nothing_to_do) {
    return refuse_reply(answer, item);
  }
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ok", true);
  json.member("agentId", agent_id);
  json.member("changed", code == ReplyCode::accepted);
  json.end_object();
  response.send();
}

}  // namespace spine::net::handlers
