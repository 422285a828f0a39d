// Snapshot out: the tables as columns.
#include "engine/core/digest.h"
#include "engine/core/rows_by_id.h"
#include "engine/core/snapshot.h"
#include "engine/core/snapshot_approvals.h"
#include "engine/core/snapshot_format.h"
#include "engine/core/snapshot_out.h"
#include "engine/core/snapshot_pairing.h"
#include "engine/core/tables.h"

namespace spine::core {
namespace {

auto save_body(Builder& builder, ByteSpan body) {
  builder.ForceVectorAlignment(body.size(), 1, sizeof(std::uint64_t));
  return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(body.data()), body.size());
}

flatbuffers::Offset<fbs::Meta> save_meta(Builder& builder, const Tables& tables) {
  const Meta& meta = tables.meta;
  const auto zone = builder.CreateString(meta.zone);
  const auto policy = save_body(builder, tables.policy.body());
  const auto zone_rules = save_body(builder, meta.local.body());
  const fbs::Bits128 epoch = fbs_bits(meta.epoch);
  const fbs::Bits128 key = fbs_bits(meta.fingerprint_key);
  const fbs::Bits128 boot = fbs_bits(meta.boot_id);
  fbs::MetaBuilder out(builder);
  out.add_epoch(&epoch);
  out.add_fingerprint_key(&key);
  out.add_applied(meta.applied.value);
  out.add_wall_ms(meta.now.wall_ms);
  out.add_logical_ms(meta.now.logical_ms);
  out.add_boot_id(&boot);
  out.add_boottime_ms(meta.boottime_ms);
  out.add_start_logical_ms(meta.start_logical_ms);
  out.add_started(meta.started.value);
  out.add_stopped(meta.stopped);
  out.add_utc_offset_minutes(meta.utc_offset_minutes);
  out.add_zone(zone);
  out.add_rejection_tat_us(meta.rejection_tat_us);
  out.add_duplicates_evicted_young(tables.duplicates.evicted_young());
  out.add_idempotency_evicted_young(tables.idempotency.evicted_young());
  out.add_policy(policy);
  out.add_zone_rules(zone_rules);
  out.add_exact_since(meta.exact_since.value);
  return out.Finish();
}

flatbuffers::Offset<fbs::Sessions> save_sessions(Builder& builder, const Sessions& sessions) {
  const auto hot = [&](std::uint32_t row) -> const SessionHot& { return sessions.hot(row); };
  const auto cold = [&](std::uint32_t row) -> const SessionCold& { return sessions.cold(row); };
  const auto text = [&](Text at) { return sessions.text(at); };
  const Rows rows = rows_by_id(sessions, [&](std::uint32_t row) { return cold(row).id; });
  using u64 = std::uint64_t;
  using i64 = std::int64_t;
  const auto id = column<u64>(builder, rows, [&](auto row) { return cold(row).id; });
  const auto key = text_column(builder, rows, [&](auto row) { return text(cold(row).key); });
  const auto agent = text_column(builder, rows, [&](auto row) { return text(cold(row).agent); });
  const auto channel =
      text_column(builder, rows, [&](auto row) { return text(cold(row).channel); });
  const auto name = text_column(builder, rows, [&](auto row) { return text(cold(row).name); });
  const auto uuid = bits_column(builder, rows, [&](auto row) { return cold(row).uuid; });
  const auto conversation =
      column<std::uint8_t>(builder, rows, [&](auto row) { return cold(row).conversation; });
  const auto owner = column<u64>(builder, rows, [&](auto row) { return cold(row).owner; });
  const auto started =
      column<i64>(builder, rows, [&](auto row) { return cold(row).started_wall_ms; });
  const auto updated =
      column<i64>(builder, rows, [&](auto row) { return hot(row).updated_wall_ms; });
  const auto active = column<u64>(builder, rows, [&](auto row) { return hot(row).active_ms; });
  const auto active_seq = column<u64>(builder, rows, [&](auto row) { return hot(row).active_seq; });
  const auto first = column<u64>(builder, rows, [&](auto row) { return hot(row).history_first; });
  const auto last = column<u64>(builder, rows, [&](auto row) { return hot(row).history_last; });
  const auto count = column<u64>(builder, rows, [&](auto row) { return hot(row).message_count; });
  const auto label = text_column(builder, rows, [&](auto row) { return text(cold(row).label); });
  const auto thinking =
      text_column(builder, rows, [&](auto row) { return text(cold(row).thinking_level); });
  const auto model = text_column(builder, rows, [&](auto row) { return text(cold(row).model); });
  const auto marks =
      column<std::uint32_t>(builder, rows, [&](auto row) { return cold(row).marks; });
  const auto agent_session =
      text_column(builder, rows, [&](auto row) { return text(cold(row).agent_session); });
  return fbs::CreateSessions(builder, id, key, agent, channel, name, uuid, conversation, owner,
                             started, updated, active, active_seq, first, last, count, label,
                             thinking, model, marks, agent_session);
}

flatbuffers::Offset<fbs::Principals> save_principals(Builder& builder,
                                                     const Principals& principals) {
  const auto hot = [&](std::uint32_t row) -> const PrincipalHot& { return principals.hot(row); };
  const auto cold = [&](std::uint32_t row) -> const PrincipalCold& { return principals.cold(row); };
  const Rows rows = rows_by_id(principals, [&](std::uint32_t row) { return cold(row).id; });
  using u64 = std::uint64_t;
  const auto id = column<u64>(builder, rows, [&](auto row) { return cold(row).id; });
  const auto kind = column<std::uint8_t>(builder, rows, [&](auto row) { return cold(row).kind; });
  const auto key =
      text_column(builder, rows, [&](auto row) { return principals.text(cold(row).key); });
  const auto name =
      text_column(builder, rows, [&](auto row) { return principals.text(cold(row).name); });
  const auto tat = column<u64>(builder, rows, [&](auto row) { return hot(row).tat_us; });
  const auto seen = column<u64>(builder, rows, [&](auto row) { return hot(row).seen_ms; });
  const auto seen_seq = column<u64>(builder, rows, [&](auto row) { return hot(row).seen_seq; });
  return fbs::CreatePrincipals(builder, id, kind, key, name, tat, seen, seen_seq);
}

flatbuffers::Offset<fbs::Runs> save_runs(Builder& builder, const Runs& runs) {
  const Rows rows = rows_by_id(runs, [&](std::uint32_t row) { return runs[row].id; });
  using u64 = std::uint64_t;
  using i64 = std::int64_t;
  const auto id = column<u64>(builder, rows, [&](auto row) { return runs[row].id; });
  const auto key = text_column(builder, rows, [&](auto row) { return runs.text(runs[row].key); });
  const auto agent =
      text_column(builder, rows, [&](auto row) { return runs.text(runs[row].agent); });
  const auto session = column<u64>(builder, rows, [&](auto row) { return runs[row].session; });
  const auto message = column<u64>(builder, rows, [&](auto row) { return runs[row].message; });
  const auto principal = column<u64>(builder, rows, [&](auto row) { return runs[row].principal; });
  const auto correlation =
      column<u64>(builder, rows, [&](auto row) { return runs[row].correlation; });
  const auto not_before =
      column<u64>(builder, rows, [&](auto row) { return runs[row].not_before_ms; });
  const auto started = column<u64>(builder, rows, [&](auto row) { return runs[row].started; });
  const auto ended = column<u64>(builder, rows, [&](auto row) { return runs[row].ended; });
  const auto started_wall =
      column<i64>(builder, rows, [&](auto row) { return runs[row].started_wall_ms; });
  const auto ended_wall =
      column<i64>(builder, rows, [&](auto row) { return runs[row].ended_wall_ms; });
  const auto attempt =
      column<std::uint16_t>(builder, rows, [&](auto row) { return runs[row].attempt; });
  const auto status =
      column<std::uint8_t>(builder, rows, [&](auto row) { return runs[row].status; });
  const auto crashes =
      column<std::uint16_t>(builder, rows, [&](auto row) { return runs[row].crashes; });
  const auto trust = column<std::uint8_t>(builder, rows, [&](auto row) { return runs[row].trust; });
  const auto queue_mode =
      column<std::uint8_t>(builder, rows, [&](auto row) { return runs[row].queue_mode; });
  const auto steered = column<u64>(builder, rows, [&](auto row) { return runs[row].steered; });
  return fbs::CreateRuns(builder, id, key, agent, session, message, principal, correlation,
                         not_before, started, ended, started_wall, ended_wall, attempt, status,
                         crashes, trust, queue_mode, steered);
}

flatbuffers::Offset<fbs::Duplicates> save_duplicates(Builder& builder, const Duplicates& ring) {
  const Rows rows = ring_rows(ring.count());
  const auto print = bits_column(builder, rows, [&](auto i) { return ring.at(i).fingerprint; });
  const auto seq =
      column<std::uint64_t>(builder, rows, [&](auto i) { return ring.at(i).seq.value; });
  const auto minute =
      column<std::uint32_t>(builder, rows, [&](auto i) { return ring.at(i).minute; });
  return fbs::CreateDuplicates(builder, print, seq, minute);
}

flatbuffers::Offset<fbs::Idempotency> save_idempotency(Builder& builder, const Idempotency& ring) {
  const Rows rows = ring_rows(ring.count());
  using u64 = std::uint64_t;
  const auto print = bits_column(builder, rows, [&](auto i) { return ring.at(i).fingerprint; });
  const auto message = column<u64>(builder, rows, [&](auto i) { return ring.at(i).message.value; });
  const auto run = column<u64>(builder, rows, [&](auto i) { return ring.at(i).run.value; });
  const auto logical = column<u64>(builder, rows, [&](auto i) { return ring.at(i).logical_ms; });
  return fbs::CreateIdempotency(builder, print, message, run, logical);
}

}  // namespace

void save_snapshot(const State& state, Builder& builder) {
  const Tables& tables = state.tables();
  const StateDigest own = digest(state);
  const auto meta = save_meta(builder, tables);
  const auto sessions = save_sessions(builder, tables.sessions);
  const auto principals = save_principals(builder, tables.principals);
  const auto runs = save_runs(builder, tables.runs);
  const auto duplicates = save_duplicates(builder, tables.duplicates);
  const auto idempotency = save_idempotency(builder, tables.idempotency);
  const auto devices = save_devices(builder, tables.devices);
  const auto requests = save_pairing_requests(builder, tables.pairing_requests);
  const auto senders = save_paired_senders(builder, tables.paired_senders);
  const auto approvals = save_approvals(builder, tables.approvals);
  const auto tools = save_allowed_tools(builder, tables.allowed_tools);
  const auto quarantined = save_quarantine(builder, tables.quarantine);
  const fbs::Bits128 total = fbs_bits(own.total);
  builder.Finish(fbs::CreateSnapshot(builder, kSnapshotFormat, own.version, &total, meta, sessions,
                                     principals, runs, duplicates, idempotency, devices, requests,
                                     senders, approvals, tools, quarantined),
                 fbs::SnapshotIdentifier());
}

}  // namespace spine::core
