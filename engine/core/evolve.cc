// evolve: by the table of kinds; events of the engine, of principals and of the configuration.
#include "engine/core/evolve.h"

#include <algorithm>

#include "engine/core/evolve_rows.h"
#include "engine/core/fingerprint.h"
#include "engine/core/kinds.h"
#include "engine/core/tables.h"
#include "schemas/vocab/limits.h"

namespace spine::core {
namespace {

// What old events mean depends on these: a journal that reached one of them would fold to another
// state if it changed. A new bound needs a new kind of event that sets it.
static_assert(limits::kSessionsMax == 65'536 && limits::kPrincipalsMax == 131'072 &&
              limits::kRunsOpenMax == 65'536 && limits::kRunsFinishedKept == 4'096 &&
              limits::kDuplicatesMax == 1U << 20 && limits::kIdempotencyKeysMax == 100'000 &&
              limits::kDuplicateYoungMs == 604'800'000 && limits::kIdempotencyMs == 86'400'000 &&
              limits::kKeyBytesMax == 512 && limits::kNameBytesMax == 256 &&
              limits::kRejectionsPerMinute == 60 && limits::kDevicesMax == 1'024 &&
              limits::kPairingRequestsMax == 256 && limits::kPairedSendersMax == 16'384 &&
              limits::kThinkingLevelBytesMax == 32 && limits::kModelBytesMax == 128 &&
              limits::kPublicKeyBytes == 32 && limits::kTokenHashBytes == 32 &&
              limits::kScopesBytesMax == 512 && limits::kApprovalsMax == 256 &&
              limits::kAllowedToolsMax == 1'024 && limits::kAllowedToolsPerRunMax == 16 &&
              limits::kQuarantinedMax == 256 && limits::kApprovalTextBytesMax == 4'096 &&
              limits::kAgentSessionBytesMax == 128);

}  // namespace

void fold_journal_created(const Folding& fold) {
  // Only the first event of a journal creates it: later the key is in use.
  if (fold.seq() != Seq{1}) return;
  const auto& body = fold.body<fb::JournalCreated>();
  fold.tables.meta.epoch = bits_of(body.epoch());
  fold.tables.set_fingerprint_key(bits_of(body.fingerprint_key()));
}

void fold_engine_started(const Folding& fold) {
  const auto& body = fold.body<fb::EngineStarted>();
  Meta& meta = fold.tables.meta;
  meta.boot_id = bits_of(body.boot_id());
  meta.boottime_ms = body.boottime_ms();
  meta.start_logical_ms = fold.logical_ms();
  meta.started = fold.seq();
  if (body.accepted_loss() != 0) {
    meta.loss = {.hi = meta.boot_id.hi ^ fold.seq().value,
                 .lo = meta.boot_id.lo ^ meta.boottime_ms};
  }
  meta.stopped = false;
}

void fold_engine_stopped(const Folding& fold) {
  fold.tables.meta.stopped = true;
}

void fold_zone_rules(const Folding& fold) {
  fold.tables.meta.local.apply(fold.event.body);
}

void fold_time_zone(const Folding& fold) {
  const auto& body = fold.body<fb::TimeZoneChanged>();
  fold.tables.meta.utc_offset_minutes = body.offset_minutes();
  fold.tables.meta.local.set_offset(body.offset_minutes());
  fold.tables.meta.zone = text_of(body.zone()).substr(0, limits::kNameBytesMax);
}

void fold_principal_added(const Folding& fold) {
  const auto& body = fold.body<fb::PrincipalAdded>();
  Principals& principals = fold.tables.principals;
  const std::string_view key = text_of(body.key()).substr(0, limits::kKeyBytesMax);
  if (principals.full() || principals.find_key(body.kind(), key) != 0) return;
  PrincipalRow added{};
  added.id = PrincipalId{fold.seq().value};
  added.kind = body.kind();
  added.key = key;
  added.name = text_of(body.name()).substr(0, limits::kNameBytesMax);
  const std::uint32_t row = principals.add(added);
  principals.touch(row, fold.logical_ms(), fold.seq());
  if (body.charged()) charge(fold, row);
}

void fold_principal_expired(const Folding& fold) {
  Principals& principals = fold.tables.principals;
  const std::uint32_t row =
      principals.find(PrincipalId{fold.body<fb::PrincipalExpired>().principal()});
  if (row != 0) principals.remove(row);
}

void fold_client_connected(const Folding& fold) {
  Principals& principals = fold.tables.principals;
  const std::uint32_t row = principals.find(PrincipalId{fold.event.header.principal});
  if (row != 0) principals.touch(row, fold.logical_ms(), fold.seq());
  const auto& body = fold.body<fb::ClientConnected>();
  if (body.principal_kind() != fb::PrincipalKind::device) return;
  fold_device_seen(fold, text_of(body.principal_key()));
}

void fold_config(const Folding& fold) {
  Tables& tables = fold.tables;
  tables.policy.apply(fold.event.body);
  const bool exact = tables.policy.ids == IdCase::exact;
  if (exact && !tables.meta.exact_since) tables.meta.exact_since = fold.seq();
}

void fold_rejection(const Folding& fold) {
  std::uint64_t& tat_us = fold.tables.meta.rejection_tat_us;
  tat_us = kRejectionRate.charge(tat_us, fold.logical_ms() * kUsPerMs, 0);
}

void evolve(State& state, const EventView& event) {
  Tables& tables = state.tables();
  SPINE_CHECK(event.seq == next(tables.meta.applied));
  tables.meta.applied = event.seq;
  tables.meta.now.wall_ms = event.header.wall_ms;
  tables.meta.now.logical_ms = std::max(tables.meta.now.logical_ms, event.header.logical_ms);
  const Kind& kind = kind_of(event.header.kind);
  if (kind.fold != nullptr) kind.fold(Folding{.tables = tables, .event = event});
}

void charge(const Folding& fold, std::uint32_t principal_row) {
  std::uint64_t& tat_us = fold.tables.principals.hot(principal_row).tat_us;
  tat_us = fold.tables.policy.message_rate.charge(tat_us, fold.logical_ms() * kUsPerMs,
                                                  limits::kDelayedRunsPerPrincipalMax);
}

}  // namespace spine::core
