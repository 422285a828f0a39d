// Principals that are added, are active and expire.
#include "engine/core/principals/evolve.h"

namespace spine::core {

void charge(const Folding& fold, std::uint32_t principal_row) {
  std::uint64_t& tat_us = fold.tables.principals.hot(principal_row).tat_us;
  tat_us = fold.tables.policy.message_rate.charge(tat_us, fold.logical_ms() * kUsPerMs,
                                                  limits::kDelayedRunsPerPrincipalMax);
}

void fold_principal_added(const Folding& fold) {
  const auto& body = fold.body<fb::PrincipalAdded>();
  Principals& principals = fold.tables.principals;
  const std::string_view key = cut_bytes(body.key(), limits::kKeyBytesMax);
  if (principals.full() || principals.find_key(body.kind(), key) != 0) return;
  PrincipalRow added{};
  added.id = PrincipalId{fold.seq().value};
  added.kind = body.kind();
  added.key = key;
  added.name = cut_bytes(body.name());
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
  Device* device = fold.tables.devices.find(text_of(body.principal_key()));
  if (device != nullptr) device->last_seen_wall_ms = fold.wall_ms();
}

}  // namespace spine::core
