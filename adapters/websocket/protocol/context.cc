// Inputs, queries and interest: how the net thread asks the engine.
#include "adapters/websocket/protocol/context.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/core/questions/past.h"
#include "schemas/fields.h"

namespace spine::net {
namespace {

pipeline::InputHeader header_of(std::uint16_t kind) {
  return {.kind = kind, .source = static_cast<std::uint16_t>(Source::websocket)};
}

}  // namespace

void Context::push(fb::EventBody kind, std::uint32_t slot, std::uint64_t request,
                   const pipeline::InputNames& names) {
  pipeline::InputHeader header = header_of(static_cast<std::uint16_t>(kind));
  header.principal = hub.table.principal[slot];
  if (request != 0) {
    header.connection = hub.table.ref(slot);
    header.request = request;
    count_waiting();
  }
  ingress.push(header, finished(builder), names);
}

void Context::push_own(fb::EventBody kind) {
  ingress.push(header_of(static_cast<std::uint16_t>(kind)), finished(builder));
}

void Context::ask_key(std::uint32_t slot, std::uint64_t request, std::string_view typed) {
  pipeline::InputHeader header = header_of(pipeline::input_kind::kResolveKey);
  header.connection = hub.table.ref(slot);
  header.request = request;
  count_waiting();
  ingress.push(header, as_bytes(typed));
}

void Context::query(const Question& question, std::uint32_t slot, std::uint64_t request) {
  pipeline::InputHeader header = header_of(question.kind);
  header.connection = hub.table.ref(slot);
  header.request = request;
  header.principal = hub.table.principal[slot];
  header.a = question.a;
  header.b = question.b;
  charge(slot);
  if (!waiting_queries.empty() || !may_go(slot)) {
    waiting_queries.push_back({header, std::string{question.text}});
    return;
  }
  hand_in(header, question.text);
}

void Context::query_past(const AsOf& as_of, const Question& question, std::uint32_t slot,
                         std::uint64_t request) {
  pipeline::InputHeader header = header_of(pipeline::input_kind::kQueryPast);
  header.connection = hub.table.ref(slot);
  header.request = request;
  charge(slot);
  const std::string found = as_of.seq ? std::to_string(as_of.seq.value) : std::string{};
  const core::PastQuestion asked{as_of.seq ? std::string_view{found} : as_of.moment, question};
  ingress.push(header, as_bytes(core::line_of(asked)));
}

// What a query costs.
void Context::charge(std::uint32_t slot) {
  std::uint32_t& calls = hub.table.calls_left[slot];
  calls -= std::min(calls, limits::kCallsPerQuery - 1);
  ++hub.table.queries[slot];
}

void Context::hand_in(const pipeline::InputHeader& query_header, std::string_view text) {
  ++queries_at_once;
  count_waiting();
  ingress.push(query_header, as_bytes(text));
}

bool Context::may_go(std::uint32_t slot) const {
  // When the total backlog is large, a client with a backlog of its own gets no more answers yet.
  const std::size_t backlog = hub.backlog(slot);
  return queries_at_once < limits::kQueriesAtOnceMax && backlog < limits::kAnswerBacklogBytesMax &&
         (backlog == 0 || hub.backlog_all() < limits::kBufferedBytesAllMax / 2);
}

bool Context::may_ask(std::uint32_t slot) const {
  return hub.table.queries[slot] < limits::kQueriesPerConnectionMax &&
         waiting_queries.size() < limits::kQueriesWaitingMax;
}

void Context::query_answered(ConnectionRef asked_by) {
  --queries_at_once;
  past_answered(asked_by);
}

void Context::past_answered(ConnectionRef asked_by) {
  if (hub.table.live(asked_by)) --hub.table.queries[asked_by.slot];
}

void Context::release_queries() {
  const auto goes = [this](const WaitingQuery& query) {
    const pipeline::InputHeader& header = query.header;
    if (!hub.table.live(header.connection)) {
      pending.remove(header.request);
      return true;
    }
    if (!may_go(header.connection.slot)) return false;
    hand_in(header, query.text);
    return true;
  };
  if (waiting_queries.empty() || queries_at_once == limits::kQueriesAtOnceMax) return;
  std::erase_if(waiting_queries, goes);
}

void Context::take_interest(std::uint32_t slot) {
  Connections& table = hub.table;
  const bool may_read = satisfies(table.scopes[slot], Scope::read);
  if (!may_read || table.flag(slot, connection_flag::kInterested)) return;
  table.set(slot, connection_flag::kInterested);
  interested.push_back(slot);
  // seq_cst: the engine must see it before it decides on what is pushed next.
  shared.event_interest.fetch_add(1, std::memory_order_seq_cst);
}

void Context::watch_sessions(std::uint32_t slot) {
  if (hub.table.flag(slot, connection_flag::kWatchesSessions)) return;
  hub.table.set(slot, connection_flag::kWatchesSessions);
  shared.session_interest.fetch_add(1, std::memory_order_seq_cst);
}

void Context::lose_interest(std::uint32_t slot) {
  if (hub.table.flag(slot, connection_flag::kWatchesSessions)) {
    hub.table.unset(slot, connection_flag::kWatchesSessions);
    shared.session_interest.fetch_sub(1, std::memory_order_seq_cst);
  }
  if (!hub.table.flag(slot, connection_flag::kInterested)) return;
  hub.table.unset(slot, connection_flag::kInterested);
  interested.erase(std::find(interested.begin(), interested.end(), slot));
  shared.event_interest.fetch_sub(1, std::memory_order_seq_cst);
  // Without watchers the engine publishes no ends of runs, so the rows would never be removed.
  if (interested.empty()) runs.forget_all();
}

void Context::take_reports() {
  if (auto newer = shared.agents.take()) agents_report = std::move(newer);
  if (auto newer = shared.skills.take()) skills_report = std::move(newer);
  if (auto newer = shared.channels.take()) channels_report = std::move(newer);
  if (auto newer = shared.channel_loads.take()) channel_loads = std::move(newer);
}

http::Facts Context::facts() const {
  return {.shared = &shared,
          .version = options.version,
          .now_wall_ms = wall_ms,
          .now_boottime_ms = now_ms(),
          .inputs_waiting = inputs_waiting,
          .waiting_since_ms = waiting_since_ms,
          .resident_bytes = http::resident_bytes(),
          .agents = agents_report.get(),
          .channels = channel_loads.get(),
          .live_channels = channels_report.get()};
}

}  // namespace spine::net
