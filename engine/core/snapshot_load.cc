// Snapshot in: every value is checked before it is used.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "engine/core/digest.h"
#include "engine/core/snapshot.h"
#include "engine/core/snapshot_approvals.h"
#include "engine/core/snapshot_columns.h"
#include "engine/core/snapshot_format.h"
#include "engine/core/snapshot_pairing.h"
#include "engine/core/tables.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"

namespace spine::core {

namespace fbs = fb::snapshot;

namespace {

// Gives a recorded body to what was made of it; absent = there was none.
template <class Target>
bool load_body(const flatbuffers::Vector<std::uint8_t>* bytes, fb::EventBody kind, Target& target) {
  if (bytes == nullptr || bytes->size() == 0) return true;
  const KeptBody body{{reinterpret_cast<const std::byte*>(bytes->data()), bytes->size()}};
  if (!verify_event_body(static_cast<std::uint16_t>(kind), body.view())) return false;
  target.apply(body.view());
  return true;
}

bool load_meta(const fbs::Meta* from, Tables& tables) {
  if (from == nullptr || from->applied() == 0 || from->started() > from->applied() ||
      from->exact_since() > from->applied()) {
    return false;
  }
  Meta& meta = tables.meta;
  meta.epoch = bits_of(from->epoch());
  tables.set_fingerprint_key(bits_of(from->fingerprint_key()));
  meta.applied = Seq{from->applied()};
  meta.now = Instant{.wall_ms = from->wall_ms(), .logical_ms = from->logical_ms()};
  meta.boot_id = bits_of(from->boot_id());
  meta.boottime_ms = from->boottime_ms();
  meta.start_logical_ms = from->start_logical_ms();
  meta.started = Seq{from->started()};
  meta.stopped = from->stopped();
  meta.utc_offset_minutes = from->utc_offset_minutes();
  if (from->zone() != nullptr) meta.zone = from->zone()->str();
  meta.rejection_tat_us = from->rejection_tat_us();
  meta.exact_since = Seq{from->exact_since()};
  tables.duplicates.set_evicted_young(from->duplicates_evicted_young());
  tables.idempotency.set_evicted_young(from->idempotency_evicted_young());
  meta.local.set_offset(meta.utc_offset_minutes);
  return meta.zone.size() <= limits::kNameBytesMax &&
         load_body(from->policy(), fb::EventBody::ConfigApplied, tables.policy) &&
         load_body(from->zone_rules(), fb::EventBody::ZoneRules, meta.local);
}

bool load_principals(const fbs::Principals* from, Tables& tables) {
  if (from == nullptr) return false;
  Columns columns(tables.meta.applied.value);
  const auto ids = columns.ids(from->id(), limits::kPrincipalsMax);
  const auto kinds = columns.numbers(from->kind());
  auto keys = columns.texts(from->key(), limits::kKeyBytesMax);
  auto names = columns.texts(from->name(), limits::kNameBytesMax);
  const auto tats = columns.numbers(from->tat_us());
  const auto seen = columns.numbers(from->seen_ms());
  const auto seen_seqs = columns.seqs(from->seen_seq());
  if (!columns.good()) return false;
  for (std::size_t i = 0; i < ids.count(); ++i) {
    const auto kind = static_cast<fb::PrincipalKind>(kinds[i]);
    const std::string_view key = keys.next();
    const std::string_view name = names.next();
    if (tables.principals.find_key(kind, key) != 0) return false;
    const std::uint32_t row = tables.principals.add(PrincipalId{ids[i]}, kind, key, name);
    PrincipalHot& hot = tables.principals.hot(row);
    hot.tat_us = tats[i];
    hot.seen_ms = seen[i];
    hot.seen_seq = seen_seqs[i];
  }
  return true;
}

bool load_sessions(const fbs::Sessions* from, Tables& tables) {
  if (from == nullptr) return false;
  Columns columns(tables.meta.applied.value);
  const auto ids = columns.ids(from->id(), limits::kSessionsMax);
  auto keys = columns.texts(from->key(), limits::kKeyBytesMax);
  auto agents = columns.texts(from->agent_id(), limits::kNameBytesMax);
  auto channels = columns.texts(from->channel(), limits::kNameBytesMax);
  auto names = columns.texts(from->display_name(), limits::kNameBytesMax);
  const auto uuids = columns.structs(from->uuid());
  const auto conversations = columns.numbers(from->conversation());
  const auto owners = columns.numbers(from->owner());
  const auto started = columns.numbers(from->started_wall_ms());
  const auto updated = columns.numbers(from->updated_wall_ms());
  const auto active = columns.numbers(from->active_ms());
  const auto active_seqs = columns.seqs(from->active_seq());
  const auto firsts = columns.seqs(from->history_first());
  const auto lasts = columns.seqs(from->history_last());
  const auto counts = columns.numbers(from->message_count());
  auto labels = columns.texts(from->label(), limits::kNameBytesMax);
  auto levels = columns.texts(from->thinking_level(), limits::kThinkingLevelBytesMax);
  auto models = columns.texts(from->model(), limits::kModelBytesMax);
  const auto marks = columns.numbers(from->marks());
  auto agent_sessions = columns.texts(from->agent_session(), limits::kAgentSessionBytesMax);
  if (!columns.good()) return false;
  for (std::size_t i = 0; i < ids.count(); ++i) {
    const SessionTexts texts{.key = keys.next(),
                             .agent = agents.next(),
                             .channel = channels.next(),
                             .name = names.next()};
    if (tables.sessions.find_key(texts.key) != 0) return false;
    const std::uint32_t row = tables.sessions.open(SessionId{ids[i]}, texts);
    tables.sessions.set_label(row, labels.next());
    tables.sessions.set_thinking_level(row, levels.next());
    tables.sessions.set_model(row, models.next());
    tables.sessions.set_agent_session(row, agent_sessions.next());
    SessionCold& cold = tables.sessions.cold(row);
    cold.marks = marks[i];
    cold.uuid = bits_of(uuids[i]);
    cold.conversation = static_cast<fb::ConversationKind>(conversations[i]);
    cold.owner = owners[i];
    cold.started_wall_ms = started[i];
    SessionHot& hot = tables.sessions.hot(row);
    hot.updated_wall_ms = updated[i];
    hot.active_ms = active[i];
    hot.active_seq = active_seqs[i];
    hot.history_first = firsts[i];
    hot.history_last = lasts[i];
    hot.message_count = counts[i];
    const std::uint32_t owner = tables.principals.find(PrincipalId{cold.owner});
    if (owner != 0) ++tables.principals.hot(owner).sessions;
  }
  return true;
}

// Puts a run that was read where its status says. False when there is no such place.
bool place_run(Tables& tables, std::uint32_t row, RunStatus status) {
  Run& run = tables.runs[row];
  const bool open = status == RunStatus::queued || status == RunStatus::running;
  if (open != (run.ended == 0)) return false;
  if (!open) {
    tables.runs.end(row, status, Seq{run.ended});
    return true;
  }
  run.session_row = tables.sessions.find(SessionId{run.session});
  if (run.session_row == 0) return false;
  SessionHot& hot = tables.sessions.hot(run.session_row);
  if (status == RunStatus::running) {
    if (hot.running != 0) return false;
    hot.running = row;
    tables.runs.start(row);
    return true;
  }
  tables.runs.wait(hot.waiting, row);
  ++hot.waiting_count;
  const std::uint32_t principal = tables.principals.find(PrincipalId{run.principal});
  if (run.not_before_ms != 0 && principal != 0) ++tables.principals.hot(principal).delayed;
  return true;
}

bool load_runs(const fbs::Runs* from, Tables& tables) {
  if (from == nullptr) return false;
  Columns columns(tables.meta.applied.value);
  const auto ids = columns.ids(from->id(), limits::kRunsOpenMax + limits::kRunsFinishedKept);
  auto keys = columns.texts(from->key(), limits::kIdempotencyKeyBytesMax);
  auto agents = columns.texts(from->agent_id(), limits::kNameBytesMax);
  const auto sessions = columns.numbers(from->session());
  const auto messages = columns.numbers(from->message());
  const auto principals = columns.numbers(from->principal());
  const auto correlations = columns.numbers(from->correlation());
  const auto not_before = columns.numbers(from->not_before_ms());
  const auto started = columns.seqs(from->started());
  const auto ended = columns.seqs(from->ended());
  const auto started_wall = columns.numbers(from->started_wall_ms());
  const auto ended_wall = columns.numbers(from->ended_wall_ms());
  const auto attempts = columns.numbers(from->attempt());
  const auto statuses =
      columns.numbers(from->status(), static_cast<std::uint8_t>(RunStatus::aborted));
  const auto crashes = columns.numbers(from->crashes());
  const auto trusts = columns.numbers(from->trust());
  const auto queue_modes = columns.numbers(from->queue_mode());
  const auto steered = columns.numbers(from->steered());
  if (!columns.good()) return false;
  std::uint32_t ended_count = 0;
  for (std::size_t i = 0; i < ids.count(); ++i) {
    ended_count += ended[i] != 0 ? 1 : 0;
    if (tables.runs.full() || ended_count > limits::kRunsFinishedKept) return false;
    const auto status = static_cast<RunStatus>(statuses[i]);
    if (status == RunStatus::unknown) return false;
    const std::uint32_t row =
        tables.runs.add(RunSeed{.id = RunId{ids[i]}, .key = keys.next(), .agent = agents.next()});
    Run& run = tables.runs[row];
    run.session = sessions[i];
    run.message = messages[i];
    run.principal = principals[i];
    run.correlation = correlations[i];
    run.not_before_ms = not_before[i];
    run.started = started[i];
    run.ended = ended[i];
    run.started_wall_ms = started_wall[i];
    run.ended_wall_ms = ended_wall[i];
    run.attempt = attempts[i];
    run.crashes = crashes[i];
    run.trust = static_cast<fb::Trust>(trusts[i]);
    run.queue_mode = static_cast<fb::QueueMode>(queue_modes[i]);
    run.steered = steered[i];
    if (!place_run(tables, row, status)) return false;
  }
  return true;
}

bool load_rings(const fbs::Snapshot& from, Tables& tables) {
  if (from.duplicates() == nullptr || from.idempotency() == nullptr) return false;
  Columns duplicates(tables.meta.applied.value);
  const auto prints = duplicates.rows(from.duplicates()->fingerprint(), limits::kDuplicatesMax);
  const auto seqs = duplicates.seqs(from.duplicates()->seq());
  const auto minutes = duplicates.numbers(from.duplicates()->minute());
  if (!duplicates.good()) return false;
  for (std::size_t i = 0; i < prints.count(); ++i) {
    tables.duplicates.add(
        Duplicate{.fingerprint = bits_of(prints[i]), .seq = Seq{seqs[i]}, .minute = minutes[i]});
  }
  Columns idempotency(tables.meta.applied.value);
  const auto keys =
      idempotency.rows(from.idempotency()->fingerprint(), limits::kIdempotencyKeysMax);
  const auto messages = idempotency.seqs(from.idempotency()->message());
  const auto runs = idempotency.seqs(from.idempotency()->run());
  const auto times = idempotency.numbers(from.idempotency()->logical_ms());
  if (!idempotency.good()) return false;
  for (std::size_t i = 0; i < keys.count(); ++i) {
    tables.idempotency.restore(IdempotentRequest{.fingerprint = bits_of(keys[i]),
                                                 .message = Seq{messages[i]},
                                                 .run = RunId{runs[i]},
                                                 .logical_ms = times[i]});
  }
  return true;
}

// What is derived from several tables: idle lists, and which delays count.
void derive(Tables& tables) {
  for (std::uint32_t row = 1; row < tables.runs.end(); ++row) {
    if (!tables.runs.live(row) || tables.runs[row].status != RunStatus::queued) continue;
    const Run& run = tables.runs[row];
    const bool free = tables.sessions.hot(run.session_row).running == 0;
    tables.runs.set_delay_armed(row, free && run.not_before_ms != 0);
  }
  const auto settle = [](auto& table, auto seq_of) {
    std::vector<std::uint32_t> rows;  // in order of ids, as they were read
    for (std::uint32_t row = 1; row < table.end(); ++row)
      rows.push_back(row);
    std::stable_sort(rows.begin(), rows.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return seq_of(a) < seq_of(b); });
    for (const std::uint32_t row : rows)
      table.settle(row);
  };
  settle(tables.sessions, [&](auto row) { return tables.sessions.hot(row).active_seq; });
  settle(tables.principals, [&](auto row) { return tables.principals.hot(row).seen_seq; });
}

Error corrupt(std::string_view what) {
  return Error{Errc::corrupt, "The snapshot is damaged: " + std::string(what) +
                                  " It can be deleted; the state is then folded from the journal."};
}

Status load(const fbs::Snapshot& from, State& state) {
  Tables& tables = state.tables();
  if (!load_meta(from.meta(), tables)) return corrupt("its clocks or its policy make no sense.");
  if (!load_principals(from.principals(), tables)) return corrupt("a principal makes no sense.");
  if (!load_sessions(from.sessions(), tables)) return corrupt("a session makes no sense.");
  if (!load_runs(from.runs(), tables)) return corrupt("a run makes no sense.");
  if (!load_rings(from, tables)) return corrupt("its fingerprints make no sense.");
  if (!load_devices(from.devices(), tables)) return corrupt("a device makes no sense.");
  if (!load_pairing_requests(from.pairing_requests(), tables) ||
      !load_paired_senders(from.paired_senders(), tables)) {
    return corrupt("a sender that asked to be paired makes no sense.");
  }
  if (!load_approvals(from.approvals(), tables) ||
      !load_allowed_tools(from.allowed_tools(), tables) ||
      !load_quarantine(from.quarantined(), tables)) {
    return corrupt("what an agent asked, or its quarantine, makes no sense.");
  }
  derive(tables);
  if (digest(state).total != bits_of(from.digest())) {
    return corrupt("the digest of its tables is not the one that was saved.");
  }
  return Unit{};
}

}  // namespace

Status load_snapshot(ByteSpan payload, State& state) {
  SPINE_CHECK(is_aligned8(payload.data()));
  state = State{};
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(payload.data()),
                                 payload.size());
  if (payload.size() < 8 || !fbs::VerifySnapshotBuffer(verifier)) {
    return corrupt("it is not a FlatBuffer of a state.");
  }
  const fbs::Snapshot& from = *fbs::GetSnapshot(payload.data());
  if (from.format() > kSnapshotFormat || from.digest_version() > kDigestVersion) {
    return Error{Errc::newer_format,
                 "The snapshot has format " + std::to_string(from.format()) +
                     " and digest version " + std::to_string(from.digest_version()) +
                     "; this program understands " + std::to_string(kSnapshotFormat) + " and " +
                     std::to_string(kDigestVersion) +
                     ". The state is folded from the journal instead."};
  }
  Status loaded = load(from, state);
  if (!loaded) state = State{};
  return loaded;
}

}  // namespace spine::core
