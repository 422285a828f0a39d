// Tables: everything the state consists of. For files of engine/core only.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

#include "engine/core/agents/quarantine.h"
#include "engine/core/approvals/approvals.h"
#include "engine/core/base/text_arena.h"
#include "engine/core/base/zone.h"
#include "engine/core/channels/channels.h"
#include "engine/core/channels/migrations.h"
#include "engine/core/deliveries/deliveries.h"
#include "engine/core/deliveries/previews.h"
#include "engine/core/devices/devices.h"
#include "engine/core/messages/bursts.h"
#include "engine/core/messages/repeats.h"
#include "engine/core/model/policy.h"
#include "engine/core/model/state.h"
#include "engine/core/pairing/pairing.h"
#include "engine/core/principals/principals.h"
#include "engine/core/runs/runs.h"
#include "engine/core/sends/sends.h"
#include "engine/core/sessions/histories.h"
#include "engine/core/sessions/sessions.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/limits.h"

namespace spine::core {

// The values that are in no table of rows.
struct Meta : EngineLife {
  Seq applied{};
  Instant now{};
  Bits128 epoch{};
  Bits128 fingerprint_key{};
  std::string zone{};  // of the last TimeZoneChanged
  Zone local{};
  std::uint64_t rejection_tat_us{};  // bucket of journalled rejections
  Seq exact_since{};  // the first ConfigApplied with exact_ids: ids of older messages were folded
};

// How many texts the arena holds at most.
inline constexpr std::size_t kTextsMax =
    Sessions::kRowsMax * count_texts<SessionRow>(SessionRow::columns()) +
    Principals::kRowsMax * count_texts<PrincipalRow>(PrincipalRow::columns()) +
    Runs::kRowsMax * count_texts<Runs::Row>(Runs::Row::columns());

// Never moved: the tables of rows refer to `texts`.
struct Tables {
  Tables() = default;
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;

  // The key of the journal: fingerprints are made with all of it, and a part of it seeds the hash
  // of texts. REQUIRES: the tables are empty.
  void set_fingerprint_key(Bits128 key) {
    meta.fingerprint_key = key;
    sessions.set_seed(key.hi);
    principals.set_seed(key.hi);
    runs.set_seed(key.hi);
    paired_senders.set_seed(key.hi);
  }

  Meta meta{};
  Policy policy{};
  TextArena texts{kTextsMax};
  Sessions sessions{texts};
  Principals principals{texts};
  Runs runs{texts};
  Duplicates duplicates{};
  Idempotency idempotency{};
  Devices devices{};
  PairingRequests pairing_requests{};
  PairedSenders paired_senders{};
  Approvals approvals{};
  AllowedTools allowed_tools{};
  Quarantine quarantine{};
  Histories histories{};
  Channels channels{};
  Deliveries deliveries{};
  Migrations migrations{};
  Bursts bursts{};
  Previews previews{};
  Sends sends{};
};

// Every table of rows once, in the order of digests and snapshots, with its name there. A new table
// comes behind the others: while it is empty it changes no digest.
constexpr auto table_list() {
  return std::tuple{std::pair{"sessions", &Tables::sessions},
                    std::pair{"principals", &Tables::principals},
                    std::pair{"runs", &Tables::runs},
                    std::pair{"duplicates", &Tables::duplicates},
                    std::pair{"idempotency", &Tables::idempotency},
                    std::pair{"devices", &Tables::devices},
                    std::pair{"pairing_requests", &Tables::pairing_requests},
                    std::pair{"paired_senders", &Tables::paired_senders},
                    std::pair{"approvals", &Tables::approvals},
                    std::pair{"allowed_tools", &Tables::allowed_tools},
                    std::pair{"quarantined", &Tables::quarantine},
                    std::pair{"histories", &Tables::histories},
                    std::pair{"channels", &Tables::channels},
                    std::pair{"deliveries", &Tables::deliveries},
                    std::pair{"migrations", &Tables::migrations},
                    std::pair{"bursts", &Tables::bursts},
                    std::pair{"previews", &Tables::previews},
                    std::pair{"sends", &Tables::sends}};
}

template <class AnyTables, class Visit>
void for_each_table(AnyTables& tables, Visit visit) {
  std::apply([&](const auto&... each) { (visit(each.first, tables.*each.second), ...); },
             table_list());
}

// The single values, as the one row of a table of their own. Column 0 is written even when it is
// zero: the state before JournalCreated has a digest, too.
constexpr auto meta_columns() {
  const auto meta = [](auto member) {
    return [member](auto& tables) -> auto& {
      return tables.meta.*member;
    };
  };
  return std::tuple{
      column(0, "epoch", meta(&Meta::epoch)),
      column(1, "fingerprint_key", meta(&Meta::fingerprint_key)),
      column(2, "applied", meta(&Meta::applied)),
      column(
          3, "wall_ms", [](auto& tables) -> auto& { return tables.meta.now.wall_ms; }),
      column(
          4, "logical_ms", [](auto& tables) -> auto& { return tables.meta.now.logical_ms; }),
      column(5, "boot_id", meta(&Meta::boot_id)),
      column(6, "boottime_ms", meta(&Meta::boottime_ms)),
      column(7, "start_logical_ms", meta(&Meta::start_logical_ms)),
      column(8, "started", meta(&Meta::started), kSeqOfState),
      column(9, "stopped", meta(&Meta::stopped)),
      column(10, "utc_offset_minutes", meta(&Meta::utc_offset_minutes)),
      column(11, "zone", meta(&Meta::zone), limits::kNameBytesMax),
      column(12, "rejection_tat_us", meta(&Meta::rejection_tat_us)),
      column(
          13, "duplicates_evicted_young",
          [](auto& tables) -> auto& { return tables.duplicates.evicted_young(); }),
      column(
          14, "policy", [](auto& tables) -> auto& { return tables.policy; }),
      column(
          15, "idempotency_evicted_young",
          [](auto& tables) -> auto& { return tables.idempotency.evicted_young(); }),
      column(16, "zone_rules", meta(&Meta::local)),
      column(17, "exact_since", meta(&Meta::exact_since), kSeqOfState),
      column(18, "loss", meta(&Meta::loss))};
}

// Memory that the tables take at most: every row in use, with texts of every length.
constexpr std::size_t state_bytes_max() {
  const auto bytes_of = []<class Table>(Table Tables::*) {
    return std::size_t{Table::kRowsMax} * Table::kRowBytesMax;
  };
  return std::apply([&](const auto&... each) { return (bytes_of(each.second) + ...); },
                    table_list());
}
static_assert(state_bytes_max() <= limits::kStateBytesMax);

}  // namespace spine::core
