// agent and agent.wait: requests that are answered when a run ends.
#include "adapters/websocket/agent_methods.h"

#include <algorithm>

#include "adapters/websocket/inputs.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"
#include "engine/core/session_key.h"

namespace spine::net {
namespace {

// How a run ended, whatever the kind of its last event.
struct Ending {
  std::string_view status{"timeout"};
  std::string_view summary{"timeout"};
  std::string_view text{};
  std::string_view stop_reason{};
  std::string error{};
  std::int64_t ended_wall_ms{};
  Seq seq{};
  const fb::RunFinished* finished{};
  bool answered{};  // with the text
};

// How much of an answer goes to one who waited for it. Who asked gets the whole, unlike those who
// are merely told; but thousands may wait for one run, and what all are owed is bounded.
std::size_t reply_bytes_max(const Hub& hub, std::uint32_t slot) {
  const auto left = [](std::size_t most, std::size_t owed) {
    return owed < most ? most - owed : 0;
  };
  const std::size_t room = std::min(left(limits::kAnswersOwedMax, hub.owed(slot)),
                                    left(limits::kBufferedBytesAllMax / 2, hub.owed_all()));
  return std::clamp(room, std::size_t{limits::kKiB}, limits::kHistoryBytesMax);
}

void write_reply_text(http::JsonWriter& json, const Ending& ending, std::size_t bytes_max) {
  const std::string_view shown = http::cut_escaped(ending.text, bytes_max);
  json.member("text", shown);
  write_cut(json, ending.text, shown, ending.seq);
}

Ending ending_of(const EventView* end) {
  Ending ending{};
  if (end == nullptr) return ending;
  ending.ended_wall_ms = end->header.wall_ms;
  ending.seq = end->seq;
  switch (static_cast<fb::EventBody>(end->header.kind)) {
    case fb::EventBody::RunFinished: {
      ending.finished = flatbuffers::GetRoot<fb::RunFinished>(end->body.data());
      ending.answered = true;
      ending.status = "ok";
      ending.summary = "completed";
      ending.text = text_of(ending.finished->text());
      ending.stop_reason = text_of(ending.finished->stop_reason());
      if (ending.stop_reason.empty()) ending.stop_reason = "stop";
      return ending;
    }
    case fb::EventBody::RunFailed:
      ending.status = "error";
      ending.summary = "failed";
      ending.error = failure_text(*flatbuffers::GetRoot<fb::RunFailed>(end->body.data()));
      return ending;
    case fb::EventBody::CommandAnswered:
      ending.answered = true;
      ending.status = "ok";
      ending.summary = "completed";
      ending.text = text_of(flatbuffers::GetRoot<fb::CommandAnswered>(end->body.data())->text());
      ending.stop_reason = "stop";
      return ending;
    case fb::EventBody::RunsMerged:
      // Another run answers the message, too.
      ending.status = "ok";
      ending.summary = "completed";
      ending.stop_reason = "merged";
      return ending;
    case fb::EventBody::RunAborted:
      ending.stop_reason =
          abort_reason_name(flatbuffers::GetRoot<fb::RunAborted>(end->body.data())->reason());
      [[fallthrough]];
    default:
      ending.status = "error";
      ending.summary = "aborted";
      ending.error = "aborted";
      return ending;
  }
}

void write_result(http::JsonWriter& json, const Ending& ending, std::size_t bytes_max) {
  json.begin_object();
  json.key("payloads");
  json.begin_array();
  if (ending.answered) {
    json.begin_object();
    write_reply_text(json, ending, bytes_max);
    json.member_null("mediaUrl");
    json.end_object();
  }
  json.end_array();
  json.key("meta");
  json.begin_object();
  if (ending.finished != nullptr) {
    json.member("durationMs", ending.finished->duration_ms());
    json.key("agentMeta");
    json.begin_object();
    json.member("provider", text_of(ending.finished->provider()));
    json.member("model", text_of(ending.finished->model()));
    json.key("usage");
    json.begin_object();
    json.member("input", ending.finished->input_tokens());
    json.member("output", ending.finished->output_tokens());
    json.end_object();
    json.end_object();
  }
  json.end_object();
  json.end_object();
}

void write_wait(http::JsonWriter& json, const Ending& ending, std::size_t bytes_max) {
  if (ending.ended_wall_ms != 0) json.member("endedAt", ending.ended_wall_ms);
  json.member_if("error", ending.error);
  json.member_if("stopReason", ending.stop_reason);
  if (!ending.answered) return;
  json.key("terminalReply");
  json.begin_object();
  json.member("disposition", "final");
  write_reply_text(json, ending, bytes_max);
  json.end_object();
}

}  // namespace

void answer_waiter(Context& net, const Waiter& waiter, const EventView* end) {
  if (!net.hub.table.live(waiter.connection) || !net.hub.writable(waiter.connection.slot)) return;
  const Ending ending = ending_of(end);
  const std::size_t bytes_max = reply_bytes_max(net.hub, waiter.connection.slot);
  Response response{net, waiter.connection.slot, waiter.id};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("runId", waiter.asked_key.empty() ? waiter.run_key : waiter.asked_key);
  json.member("status", ending.status);
  if (waiter.second_answer) {
    json.member("summary", ending.summary);
    json.member_if("error", ending.error);
    json.key("result");
    write_result(json, ending, bytes_max);
  } else {
    write_wait(json, ending, bytes_max);
  }
  json.end_object();
  response.send();
}

void answer_waiters(Context& net, std::string_view run_key, const EventView& end) {
  if (run_key.empty() || net.runs.waiting() == 0) return;
  for (const Waiter& waiter : net.runs.take(run_key))
    answer_waiter(net, waiter, &end);
}

namespace handlers {
namespace {

constexpr std::int64_t kWaitMsDefault = 30'000;
constexpr std::int64_t kWaitMsMax = 24LL * 3600 * 1000;

void too_many_waiting(Context& net, std::uint32_t slot, std::string_view id) {
  net.shared.metrics.rate_limited.add();
  refuse_rate_limited(net, slot, id, "waiting", "too many requests wait for runs to end", 1'000);
}

void send_accepted(Answer& answer, std::string_view run_key, const pipeline::ReplyItem& item) {
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("runId", run_key);
  json.member("sessionKey", item.session_key);
  json.member("agentId", core::agent_of_key(item.session_key));
  json.member("status", "accepted");
  json.member("acceptedAt", answer.net.wall_ms);
  write_waits_behind(json, item, answer.net.wall_ms);
  json.end_object();
  response.send();
}

// The message is recorded and no agent will answer it (/new, /reset, agent none), or the gateway
// itself has (/status).
void send_no_run(Answer& answer, std::string_view run_key, const pipeline::ReplyItem& item) {
  const Ending ending{.text = item.command_answer, .answered = !item.command.empty()};
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("runId", run_key);
  json.member("status", "ok");
  json.member("summary", ending.answered ? "completed" : "no run was started");
  json.member("run", false);
  write_command(json, item);
  json.key("result");
  write_result(json, ending, reply_bytes_max(answer.net.hub, answer.slot));
  json.end_object();
  response.send();
}

}  // namespace

void agent(Call& call) {
  const std::string_view message = call.params.text(
      "message", {.required = true, .bytes_min = 1, .bytes_max = limits::kTextBytesMax});
  const std::string_view idempotency = call.params.text(
      "idempotencyKey",
      {.required = true, .bytes_min = 1, .bytes_max = limits::kIdempotencyKeyBytesMax});
  const std::string_view agent_id =
      call.params.text("agentId", {.bytes_max = limits::kNameBytesMax});
  const std::string_view session_key =
      call.params.text("sessionKey", {.bytes_max = limits::kKeyBytesMax});
  const std::int64_t seconds =
      call.params.integer("timeout", {.min = 0, .max = kWaitMsMax / 1000, .otherwise = 0});
  const fb::QueueMode queue_mode = read_queue_mode(call.params);
  if (!call.valid()) return;
  build_operator_message(call.net, call.slot,
                         {.via = fb::MessageVia::agent,
                          .session_key = session_key,
                          .agent_id = agent_id,
                          .text = message,
                          .idempotency_key = idempotency,
                          .queue_mode = queue_mode});
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.text = idempotency;
  more.a = static_cast<std::uint64_t>(seconds) * 1000;
  call.net.push(fb::EventBody::MessageReceived, call.slot, number);
}

void on_agent(Answer& answer, const pipeline::ReplyItem& item) {
  using core::ReplyCode;
  const ReplyCode code = item.reply.code;
  const bool open = (code == ReplyCode::accepted && item.reply.run) || code == ReplyCode::in_flight;
  const bool over = code == ReplyCode::done || code == ReplyCode::accepted;
  if (!open && !over) return refuse_reply(answer, item);
  Context& net = answer.net;
  const PendingMore& more = answer.request().extra();
  const std::string run_key{item.run_key.empty() ? std::string_view{more.text} : item.run_key};
  send_accepted(answer, run_key, item);
  if (!net.hub.writable(answer.slot)) return;  // that was more than it may be owed
  if (!item.reply.run) return send_no_run(answer, run_key, item);
  const bool kept = net.runs.wait({.connection = answer.request().connection,
                                   .id = std::string{answer.id()},
                                   .run_key = run_key,
                                   .second_answer = true,
                                   .deadline_ms = more.a == 0 ? 0 : net.now_ms() + more.a});
  if (!kept) return too_many_waiting(net, answer.slot, answer.id());
  if (open) return;
  net.query(pipeline::input_kind::kQueryRun, answer.slot, answer.number, run_key);
  answer.keep = true;
}

void on_agent_run(Answer& answer, const pipeline::RunItem& item) {
  Waiter waiter{};
  if (!answer.net.runs.take_one(answer.request().connection, answer.id(), waiter)) return;
  answer_waiter(answer.net, waiter, item.has_end ? &item.end : nullptr);
}

void agent_wait(Call& call) {
  const std::string_view run = call.params.text(
      "runId", {.required = true, .bytes_min = 1, .bytes_max = limits::kIdempotencyKeyBytesMax});
  const std::int64_t ms =
      call.params.integer("timeoutMs", {.min = 0, .max = kWaitMsMax, .otherwise = kWaitMsDefault});
  if (!call.valid()) return;
  // Waits before it asks: an end between the two is not missed.
  const bool kept =
      call.net.runs.wait({.connection = call.ref(),
                          .id = std::string{call.id},
                          .run_key = std::string{run},
                          .deadline_ms = call.net.now_ms() + static_cast<std::uint64_t>(ms)});
  if (!kept) return too_many_waiting(call.net, call.slot, call.id);
  call.net.query(pipeline::input_kind::kQueryRun, call.slot, call.pend(), run);
}

void on_agent_wait(Answer& answer, const pipeline::RunItem& item) {
  if (!item.found) return;  // it may start yet: the wait goes on
  if (!item.has_end) {
    answer.net.runs.watch(item.run.id, item.run.key, item.session_key, item.run.agent_id);
    return;
  }
  Waiter waiter{};
  if (!answer.net.runs.take_one(answer.request().connection, answer.id(), waiter)) return;
  answer_waiter(answer.net, waiter, &item.end);
}

}  // namespace handlers
}  // namespace spine::net
