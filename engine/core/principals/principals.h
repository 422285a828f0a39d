// Principals: the table of everybody who causes events.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/base/key_buffer.h"
#include "engine/core/model/idle_table.h"
#include "engine/core/model/rows.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

// What every message of a principal touches.
struct PrincipalHot : PrincipalActivity {
  std::uint32_t sessions{};  // how many it opened that are still there
  std::uint32_t delayed{};   // its runs that wait for their time
};
static_assert(sizeof(PrincipalHot) == 32);

using PrincipalCold = PrincipalFacts<Text>;

// A sender without sessions is in the idle list.
class Principals
    : public IdleTable<PrincipalRow, PrincipalHot, PrincipalCold, limits::kPrincipalsMax> {
 public:
  explicit Principals(TextArena& texts) : IdleTable(texts) {}

  // 0 = none.
  std::uint32_t find_key(fb::PrincipalKind kind, std::string_view key) const;

  // REQUIRES: !full(), no principal of that id or (kind, key), texts within their bounds. The row
  // is not in the idle list yet.
  std::uint32_t add(const PrincipalRow& from);
  // One of a snapshot. False when there is one of that kind and key.
  bool restore(const PrincipalRow& from);
  void remove(std::uint32_t row);

  // Notes that the principal was needed at (ms, seq) and keeps the idle list in order.
  void touch(std::uint32_t row, std::uint64_t ms, Seq seq) {
    IdleTable::touch(row, ms, seq, is_idle(row));
  }
  // Puts the row in the idle list, or takes it out, as its kind and sessions say.
  void settle(std::uint32_t row) { IdleTable::settle(row, is_idle(row)); }

 private:
  bool is_idle(std::uint32_t row) const {
    return cold_[row].kind == fb::PrincipalKind::sender && hot_[row].sessions == 0;
  }
  std::uint32_t hash_key(fb::PrincipalKind kind, std::string_view key) const;
};

// The key of a sender on an account of a channel, into a buffer that is empty. `key`: of
// fingerprints, for keys that are too long.
void put_sender_key(std::string_view channel, std::string_view account, std::string_view sender_id,
                    IdCase ids, Bits128 key, KeyBuffer& out);

}  // namespace spine::core
