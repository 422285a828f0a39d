// evolve: by the table of kinds; events of the engine and of the configuration.
#include "engine/core/model/evolve.h"

#include <algorithm>

#include "engine/core/model/folding.h"
#include "engine/core/model/kinds.h"
#include "engine/core/model/tables.h"
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
              limits::kAgentSessionBytesMax == 128 && limits::kHistoriesMax == 8'192 &&
              limits::kHistoryPartsBytesMax == 1'024 && limits::kDeliveriesMax == 65'536 &&
              limits::kChannelAccountsMax == 256 && limits::kMigrationsMax == 1'024 &&
              limits::kBurstsMax == 1'024 && limits::kBurstMessagesMax == 31 &&
              limits::kSendsKept == 16'384);

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
  if (body.loss() != nullptr) meta.loss = bits_of(body.loss());
  meta.stopped = false;
  fold.tables.channels.stop_all(fold.wall_ms());
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
  fold.tables.meta.zone = cut_bytes(body.zone());
}

void fold_config(const Folding& fold) {
  Tables& tables = fold.tables;
  tables.policy.apply(fold.event.body);
  const bool exact = tables.policy.ids == IdCase::exact;
  if (exact && !tables.meta.exact_since) tables.meta.exact_since = fold.seq();
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

void prefetch(const State& state, std::uint16_t kind, ByteSpan body) {
  if (!is_kind(kind, fb::EventBody::MessageReceived)) return;
  const auto& message = root_of<fb::MessageReceived>(body);
  if (!has_fingerprint(message)) return;
  const Tables& tables = state.tables();
  tables.duplicates.prefetch(message_fingerprint(tables.meta.fingerprint_key, message));
}

}  // namespace spine::core
