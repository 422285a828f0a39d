// runs.list: what is being worked on and what waits, of all sessions.
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"

namespace spine::net::handlers {
namespace {

constexpr std::int64_t kRunsDefault = 100;
constexpr std::int64_t kRunsMax = 1'000;

void write_run(http::JsonWriter& json, const pipeline::OpenRun& open) {
  const bool running = open.run.status == core::RunStatus::running;
  json.begin_object();
  json.member("runId", open.run.key);
  json.member("sessionKey", open.session_key);
  json.member("agentId", open.run.agent_id);
  json.member("status", running ? "running" : "queued");
  json.member("queuedAt", open.queued_wall_ms);
  if (running) json.member("startedAt", open.run.started_wall_ms);
  json.member("attempt", open.run.attempt);
  json.member("trusted", open.run.trust == fb::Trust::trusted);
  json.member("messageSeq", open.run.message.value);
  json.key("waitsBehind");
  if (open.behind_run_key.empty()) {
    json.null();
  } else {
    json.value(open.behind_run_key);
  }
  json.end_object();
}

}  // namespace

void runs_list(Call& call) {
  const std::int64_t limit =
      call.params.integer("limit", {.min = 1, .max = kRunsMax, .otherwise = kRunsDefault});
  if (!call.valid()) return;
  call.net.query(pipeline::input_kind::kQueryRuns, call.slot, call.pend(), {},
                 static_cast<std::uint64_t>(limit));
}

void on_runs_list(Answer& answer, const pipeline::RunsItem& item) {
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ts", answer.net.wall_ms);
  json.member("totalCount", item.total);
  json.key("runs");
  json.begin_array();
  for (const pipeline::OpenRun& open : item.runs)
    write_run(json, open);
  json.end_array();
  json.end_object();
  response.send();
}

}  // namespace spine::net::handlers
