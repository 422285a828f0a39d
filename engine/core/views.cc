// Views: rows as clients see them.
#include "engine/core/views.h"

#include <algorithm>

#include "engine/core/session_key.h"
#include "engine/core/tables.h"
#include "engine/core/typed_key.h"
#include "schemas/fields.h"

namespace spine::core {

bool view_session(const State& state, SessionId session, SessionView& out) {
  const Tables& tables = state.tables();
  const std::uint32_t row = tables.sessions.find(session);
  if (row == 0) return false;
  const SessionHot& hot = tables.sessions.hot(row);
  out = SessionView{tables.sessions.copy(row)};
  out.runs_waiting = hot.waiting_count;
  out.is_main = is_main_key(tables.policy, out.key);
  if (hot.running != 0) {
    out.active_run = tables.runs[hot.running].id;
    out.active_run_key = tables.runs.text(tables.runs[hot.running].key);
  }
  return true;
}

SessionName name_session(const State& state, SessionId session) {
  const Tables& tables = state.tables();
  const std::uint32_t row = tables.sessions.find(session);
  if (row == 0) return {};
  const SessionCold& cold = tables.sessions.cold(row);
  const std::uint32_t running = tables.sessions.hot(row).running;
  return {.key = tables.sessions.text(cold.key),
          .uuid = cold.uuid,
          .active_run = running == 0 ? RunId{} : tables.runs[running].id};
}

bool view_run(const State& state, RunId id, RunView& out) {
  const Runs& runs = state.tables().runs;
  const std::uint32_t row = runs.find(id);
  if (row != 0) out = runs.copy(row);
  return row != 0;
}

SessionId find_session(const State& state, std::string_view key) {
  const Sessions& sessions = state.tables().sessions;
  const std::uint32_t row = sessions.find_key(key);
  return row == 0 ? SessionId{} : sessions.id_of(row);
}

bool is_main_session(const State& state, std::string_view key) {
  return is_main_key(state.tables().policy, key);
}

bool find_typed_key(const State& state, std::string_view typed, KeyBuffer& key) {
  return find_session_key(state.tables(), {}, typed, IdCase::exact, key);
}

SessionId find_session_label(const State& state, std::string_view label) {
  const Sessions& sessions = state.tables().sessions;
  const std::uint32_t row = sessions.find_label(label);
  return row == 0 ? SessionId{} : sessions.id_of(row);
}

RunId find_run(const State& state, std::string_view run_key) {
  const Runs& runs = state.tables().runs;
  const std::uint32_t row = runs.find_key(run_key);
  return row == 0 ? RunId{} : runs.id_of(row);
}

std::size_t list_sessions(const State& state, std::string_view agent_id, std::size_t offset,
                          std::size_t limit, std::vector<SessionId>& out) {
  const Sessions& sessions = state.tables().sessions;
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 1; row < sessions.end(); ++row) {
    if (!sessions.live(row)) continue;
    if (agent_id.empty() || sessions.text(sessions.cold(row).agent_id) == agent_id) {
      rows.push_back(row);
    }
  }
  const std::size_t first = std::min(offset, rows.size());
  const std::size_t last = first + std::min(limit, rows.size() - first);
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(last), rows.end(),
                    [&](std::uint32_t a, std::uint32_t b) {
                      const std::int64_t updated_a = sessions.hot(a).updated_wall_ms;
                      const std::int64_t updated_b = sessions.hot(b).updated_wall_ms;
                      if (updated_a != updated_b) return updated_a > updated_b;
                      return sessions.id_of(a) < sessions.id_of(b);
                    });
  for (std::size_t i = first; i < last; ++i)
    out.push_back(sessions.id_of(rows[i]));
  return rows.size();
}

bool is_reset_trigger(const State& state, std::string_view text, std::string_view& rest) {
  return state.tables().policy.is_reset_trigger(text, rest);
}

bool begins_conversation(const EventView& event) {
  if (is_kind(event.header.kind, fb::EventBody::SessionOpened)) return true;
  return is_kind(event.header.kind, fb::EventBody::SessionReset) &&
         flatbuffers::GetRoot<fb::SessionReset>(event.body.data())->reason() ==
             fb::ResetReason::message;
}

std::size_t list_open_runs(const State& state, std::size_t limit, std::vector<RunId>& out) {
  const Runs& runs = state.tables().runs;
  std::vector<RunId> open;
  for (std::uint32_t row = 1; row < runs.end(); ++row)
    if (runs.live(row) && runs.open(row)) open.push_back(runs.id_of(row));
  const std::size_t count = std::min(limit, open.size());
  std::partial_sort(open.begin(), open.begin() + static_cast<std::ptrdiff_t>(count), open.end());
  out.insert(out.end(), open.begin(), open.begin() + static_cast<std::ptrdiff_t>(count));
  return open.size();
}

EngineMemory view_engine(const State& state) {
  const Meta& meta = state.tables().meta;
  return EngineMemory{.boot_id = meta.boot_id,
                      .boottime_ms = meta.boottime_ms,
                      .start_logical_ms = meta.start_logical_ms,
                      .started = meta.started,
                      .loss = meta.loss,
                      .stopped = meta.stopped,
                      .utc_offset_minutes = meta.utc_offset_minutes,
                      .zone = meta.zone,
                      .policy = state.tables().policy.body(),
                      .zone_rules = meta.local.body()};
}

StateCounts count_state(const State& state) {
  const Tables& tables = state.tables();
  std::uint64_t bytes = tables.texts.bytes();
  for_each_table(tables, [&](std::string_view, const auto& table) { bytes += table.bytes(); });
  return StateCounts{.sessions = tables.sessions.count(),
                     .principals = tables.principals.count(),
                     .runs_open = tables.runs.open_count(),
                     .runs_running = tables.runs.running_count(),
                     .obligations_open = tables.runs.running_count(),
                     .duplicates = tables.duplicates.count(),
                     .idempotency_keys = tables.idempotency.count(),
                     .devices = tables.devices.count(),
                     .paired_senders = tables.paired_senders.count(),
                     .duplicates_evicted_young = tables.duplicates.evicted_young(),
                     .idempotency_evicted_young = tables.idempotency.evicted_young(),
                     .bytes = bytes};
}

}  // namespace spine::core
