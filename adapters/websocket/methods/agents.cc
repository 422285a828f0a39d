// agent, agent.wait, agents.*, runs.* and models.list: agents, what they work on, and requests
// that are answered when a run ends.
#include <string>

#include "adapters/websocket/methods/agent_rows.h"
#include "adapters/websocket/methods/channel_message.h"
#include "adapters/websocket/methods/delivered_message.h"
#include "adapters/websocket/methods/methods.h"
#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/rows.h"
#include "engine/core/sessions/session_key.h"
#include "schemas/vocab/uuid.h"

namespace spine::net {
namespace {

namespace input_kind = pipeline::input_kind;
using core::ReplyCode;

constexpr std::uint64_t kWaitMsDefault = 30'000;
constexpr std::uint64_t kWaitMsMax = 24ULL * 3600 * 1000;

// False, with the refusal sent, when too many wait already.
bool wait_for_run(const Responder& to, Waiter waiter) {
  waiter.connection = to.ref();
  waiter.id = to.id;
  if (to.net.runs.wait(std::move(waiter))) return true;
  to.net.shared.metrics.rate_limited.add();
  to.refuse_rate_limited("waiting", "too many requests wait for runs to end", 1'000);
  return false;
}

// Answers a wait for a run that has already ended.
void answer_ended(Responder& to, const EventView* end) {
  Waiter waiter{};
  if (to.net.runs.take_one(to.ref(), to.id, waiter)) answer_waiter(to.net, waiter, end);
}

void send_accepted(Responder& to, std::string_view run_key, const pipeline::ReplyItem& item) {
  to.respond([&](JsonWriter& json) {
    json.member("runId", run_key);
    json.member("sessionKey", item.session_key);
    json.member("agentId", core::agent_of_key(item.session_key));
    json.member("status", "accepted");
    json.member("acceptedAt", to.net.wall_ms);
    write_waits_behind(json, item, to.net.wall_ms);
  });
}

// The message is recorded and no agent will answer it (/new, /reset, agent none), or the gateway
// itself has (/status).
void send_no_run(Responder& to, std::string_view run_key, const pipeline::ReplyItem& item) {
  const Ending ending{.text = item.command_answer, .answered = !item.command.empty()};
  to.respond([&](JsonWriter& json) {
    json.member("runId", run_key);
    json.member("status", "ok");
    json.member("summary", ending.answered ? "completed" : "no run was started");
    json.member("run", false);
    write_command(json, item);
    write_result(json, to.net, to.slot, ending);
  });
}

// Answers that the message was taken, and again when its run ends.
struct AgentMessage {
  std::string key{};
  std::uint64_t wait_ms{};  // 0 = for ever

  void operator()(Responder& to, const pipeline::ReplyItem& item) const {
    const ReplyCode code = item.reply.code;
    const bool done = code == ReplyCode::done;
    if (!done && code != ReplyCode::in_flight && !to.accepted(item)) return;
    const std::string run_key{item.run_key.empty() ? std::string_view{key} : item.run_key};
    send_accepted(to, run_key, item);
    if (!to.net.hub.writable(to.slot)) return;  // its backlog became too large
    if (!item.reply.run) return send_no_run(to, run_key, item);
    const std::uint64_t deadline_ms = wait_ms == 0 ? 0 : to.net.now_ms() + wait_ms;
    if (!wait_for_run(to, {.run_key = run_key, .second_answer = true, .deadline_ms = deadline_ms}))
      return;
    if (!done) return;
    to.ask({input_kind::kQueryRun, run_key}, [](Responder& client, const pipeline::RunItem& run) {
      answer_ended(client, run.has_end ? &run.end : nullptr);
    });
  }
};

void agent(Call& call) {
  if (!call.may_ask()) return;
  const bool delivered = wants_delivery(call);
  if (!call.params.ok()) return;
  if (delivered) {
    return submit_delivered(call,
                            {.via = fb::MessageVia::agent,
                             .session_key = std::string{call.text("sessionKey")},
                             .agent_id = std::string{call.text("agentId")},
                             .text = std::string{call.text("message")},
                             .idempotency_key = std::string{call.text("idempotencyKey")},
                             .queue_mode = queue_mode_of(call.text("queueMode"))},
                            AgentMessage{.key = std::string{call.text("idempotencyKey")},
                                         .wait_ms = call.number("timeout") * 1000});
  }
  const fb::EventBody kind =
      build_operator_message(call.net, call.slot,
                             {.via = fb::MessageVia::agent,
                              .session_key = call.text("sessionKey"),
                              .agent_id = call.text("agentId"),
                              .text = call.text("message"),
                              .idempotency_key = call.text("idempotencyKey"),
                              .queue_mode = queue_mode_of(call.text("queueMode"))});
  call.submit(kind, AgentMessage{.key = std::string{call.text("idempotencyKey")},
                                 .wait_ms = call.number("timeout") * 1000});
}

void agent_wait(Call& call) {
  const std::string_view run_key = call.text("runId");
  // Registers the wait before it asks, so that an end between the two is not missed.
  if (!call.may_ask() ||
      !wait_for_run(call, {.run_key = std::string{run_key},
                           .deadline_ms = call.net.now_ms() + call.number("timeoutMs")})) {
    return;
  }
  call.ask({input_kind::kQueryRun, run_key}, [](Responder& to, const pipeline::RunItem& item) {
    if (!item.found) return;  // it may start yet: the wait goes on
    if (item.has_end) return answer_ended(to, &item.end);
    to.net.runs.watch(item.run.id, item.run.key, item.session_key, item.run.agent_id);
  });
}

std::string_view status_name(core::RunStatus status) {
  switch (status) {
    case core::RunStatus::queued:
      return "queued";
    case core::RunStatus::running:
      return "running";
    case core::RunStatus::finished:
      return "finished";
    case core::RunStatus::failed:
      return "failed";
    case core::RunStatus::aborted:
      return "aborted";
    case core::RunStatus::unknown:
      break;
  }
  return "unknown";
}

void write_run(JsonWriter& json, const pipeline::ListedRun& listed) {
  const core::RunView& run = listed.run;
  json.member("runId", run.key);
  json.member("sessionKey", listed.session_key);
  json.member("agentId", run.agent_id);
  json.member("status", status_name(run.status));
  json.member("queuedAt", listed.queued_wall_ms);
  if (run.started) json.member("startedAt", run.started_wall_ms);
  if (run.ended) json.member("endedAt", run.ended_wall_ms);
  json.member("attempt", run.attempt);
  json.member("trusted", run.trust == fb::Trust::trusted);
  json.member("messageSeq", run.message.value);
  json.member_or_null("waitsBehind", listed.behind_run_key);
}

// What is being worked on and what waits, of all sessions; or what ended last.
void runs_list(Call& call) {
  call.ask({.kind = input_kind::kQueryRuns,
            .a = call.number("limit"),
            .b = call.boolean("ended") ? std::uint64_t{1} : 0},
           [](Responder& to, const pipeline::RunsItem& item) {
             to.respond([&](JsonWriter& json) {
               json.member("ts", to.wall_ms());
               json.member("totalCount", item.total);
               json.objects("runs", item.runs,
                            [&](const pipeline::ListedRun& run) { write_run(json, run); });
             });
           });
}

// Why the run that was named is not tried again.
void refuse_retry(Responder& to, const std::string& run, const pipeline::ReplyItem& item) {
  switch (item.reply.code) {
    case ReplyCode::not_found:
      return to.refuse(
          "no run \"" + run + "\" is open or among the last that ended (spine runs list --ended)",
          "RUN_NOT_FOUND", "run_not_found");
    case ReplyCode::run_open:
      return to.refuse(item.run_key == run
                           ? "run \"" + run + "\" has not ended"
                           : "the message of run \"" + run + "\" is being worked on, by run \"" +
                                 std::string{item.run_key} + "\"",
                       "RUN_OPEN", "run_open");
    case ReplyCode::run_answered:
      return to.refuse("the message of run \"" + run + "\" has been answered" +
                           (item.run_key == run || item.run_key.empty()
                                ? std::string{}
                                : ", by run \"" + std::string{item.run_key} + "\"") +
                           ", and people have seen the answer: with \"force\" it is answered once "
                           "more",
                       "RUN_ANSWERED", "run_answered");
    case ReplyCode::left_behind:
      return to.refuse("the message of run \"" + run +
                           "\" is in no present conversation: its session was deleted, or began "
                           "afresh since",
                       "RUN_LEFT_BEHIND", "left_behind");
    default:
      return to.refuse_reply(item);
  }
}

// A new run for the message of one that ended; under a key that was used before, the run of then.
void runs_retry(Call& call) {
  std::string key{call.text("idempotencyKey")};
  if (key.empty()) key = uuid_string(as_uuid(call.net.entropy.next()));
  const fb::EventBody kind = call.net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    return fb::CreateRunRetryRequested(builder, 0, put_text(builder, key), call.boolean("force"));
  });
  call.submit(
      kind, {.run_key = call.text("runId")},
      [run = std::string{call.text("runId")}, key](Responder& to, const pipeline::ReplyItem& item) {
        const ReplyCode code = item.reply.code;
        const bool repeated = code == ReplyCode::in_flight || code == ReplyCode::done;
        if (code != ReplyCode::accepted && !repeated) return refuse_retry(to, run, item);
        to.respond([&](JsonWriter& json) {
          json.member("ok", true);
          json.member("runId", item.run_key.empty() ? std::string_view{key} : item.run_key);
          json.member("retryOf", run);
          json.member("sessionKey", item.session_key);
          json.member("status", code == ReplyCode::accepted    ? "started"
                                : code == ReplyCode::in_flight ? "in_flight"
                                                               : "ok");
          write_waits_behind(json, item, to.net.wall_ms);
        });
      });
}

void agent_identity_get(Call& call) {
  const config::AgentConfig* agent = named_agent(call);
  if (agent == nullptr) return;
  call.respond([&](JsonWriter& json) {
    json.member("agentId", agent->id);
    json.member("name", agent->name.empty() ? agent->id : agent->name);
    json.member("avatar", agent->emoji);
    json.member_if("emoji", agent->emoji);
  });
}

void refuse_unknown_agent(const Responder& to, std::string_view agent_id) {
  std::string known;
  for (const config::AgentConfig& agent : to.net.config().agents)
    known += (known.empty() ? "" : ", ") + agent.id;
  to.refuse("unknown agent id \"" + std::string{agent_id} + "\" (configured: " + known + ")",
            "UNKNOWN_AGENT_ID", "unknown_agent");
}

void agents_status(Call& call) {
  const std::string_view id = call.text("agentId");
  if (!id.empty() && find_agent(call.net.config(), id) == nullptr) {
    return refuse_unknown_agent(call, id);
  }
  call.respond([&](JsonWriter& json) {
    write_agents_status(json, call.net.config(), call.net.agents_report.get(), id, call.net.wall_ms,
                        call.may(Scope::admin));
  });
}

template <auto kCreate>
void change_agent(Call& call) {
  const std::string_view id = call.text("agentId");
  if (find_agent(call.net.config(), id) == nullptr) return refuse_unknown_agent(call, id);
  const fb::EventBody kind = call.net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    return kCreate(builder, put_text(builder, id));
  });
  call.submit(kind, [id = std::string{id}](Responder& to, const pipeline::ReplyItem& item) {
    const ReplyCode code = item.reply.code;
    if (code == ReplyCode::not_found) return refuse_unknown_agent(to, id);
    if (code != ReplyCode::nothing_to_do && !to.accepted(item)) return;
    to.respond([&](JsonWriter& json) {
      json.member("ok", true);
      json.member("agentId", id);
      json.member("changed", code == ReplyCode::accepted);
    });
  });
}

constexpr Param kNamedId = required_text("agentId", limits::kNameBytesMax);

constexpr Method kAgentMethods[]{
    {"agent",
     Scope::write,
     {required_text("message", limits::kTextBytesMax),
      required_text("idempotencyKey", limits::kIdempotencyKeyBytesMax),
      optional_text("agentId", limits::kNameBytesMax),
      optional_text("sessionKey", limits::kKeyBytesMax), number("timeout", 0, kWaitMsMax / 1000, 0),
      kQueueMode},
     agent},
    {"agent.wait",
     Scope::write,
     {required_text("runId", limits::kIdempotencyKeyBytesMax),
      number("timeoutMs", 0, kWaitMsMax, kWaitMsDefault)},
     agent_wait,
     !kPast,
     "it waits for what is still to come. runs.list and chat.history say what had become of a run"},
    {"agent.identity.get", Scope::read, kNamedAgent, agent_identity_get},
    {"agents.list", Scope::read, {}, show_configured<write_agents_list>},
    {"agents.status",
     Scope::read,
     {optional_text("agentId", limits::kNameBytesMax)},
     agents_status},
    {"agents.restart", Scope::admin, {kNamedId}, change_agent<fb::CreateAgentRestartRequested>},
    {"agents.reset", Scope::admin, {kNamedId}, change_agent<fb::CreateAgentReset>},
    {"models.list", Scope::read, {}, show_configured<write_models>},
    {"runs.list",
     Scope::read,
     {number("limit", 1, 1'000, 100), boolean("ended")},
     runs_list,
     kPast},
    {"runs.retry",
     Scope::write,
     {required_text("runId", limits::kIdempotencyKeyBytesMax), boolean("force"),
      optional_text("idempotencyKey", limits::kIdempotencyKeyBytesMax, 1)},
     runs_retry},
};

}  // namespace

const config::AgentConfig* named_agent(const Call& call) {
  const config::Config& config = call.net.config();
  core::KeyBuffer of_session;
  if (!core::agent_of_typed_key(call.text("sessionKey"), of_session)) {
    call.refuse_key(call.text("sessionKey"));
    return nullptr;
  }
  std::string_view id = call.text("agentId");
  if (id.empty()) id = of_session.view();
  if (id.empty()) id = config.default_agent;
  const config::AgentConfig* agent = find_agent(config, id);
  if (agent == nullptr) {
    call.refuse("unknown agent id \"" + std::string{id} + "\"", "UNKNOWN_AGENT_ID",
                "unknown_agent");
  }
  return agent;
}

std::span<const Method> agent_methods() {
  return kAgentMethods;
}

}  // namespace spine::net
