// Tables: everything the state consists of. For files of engine/core only.
#pragma once

#include <cstdint>
#include <string>

#include "engine/core/approvals.h"
#include "engine/core/devices.h"
#include "engine/core/duplicates.h"
#include "engine/core/idempotency.h"
#include "engine/core/pairing.h"
#include "engine/core/policy.h"
#include "engine/core/principals.h"
#include "engine/core/runs.h"
#include "engine/core/sessions.h"
#include "engine/core/state.h"
#include "engine/core/text_arena.h"
#include "engine/core/zone.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/limits.h"

namespace spine::core {

// What there is once.
struct Meta {
  Seq applied{};
  Instant now{};
  Bits128 epoch{};
  Bits128 fingerprint_key{};
  Bits128 boot_id{};  // of the last EngineStarted
  std::uint64_t boottime_ms{};
  std::uint64_t start_logical_ms{};
  Seq started{};                      // the last EngineStarted
  bool stopped{};                     // EngineStopped came after it
  std::int16_t utc_offset_minutes{};  // of the last TimeZoneChanged, as its name
  std::string zone{};
  Zone local{};
  std::uint64_t rejection_tat_us{};  // bucket of journalled rejections
  Seq exact_since{};  // the first ConfigApplied with exact_ids: ids of older messages were folded
};

inline constexpr std::size_t kTextsMax = 8 * std::size_t{limits::kSessionsMax} +
                                         2 * std::size_t{limits::kPrincipalsMax} +
                                         2 * (limits::kRunsOpenMax + limits::kRunsFinishedKept);

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
};

// Logical time at which something in the tables is due; 0 = nothing pending.
std::uint64_t next_due_ms(const Tables& tables);

}  // namespace spine::core
