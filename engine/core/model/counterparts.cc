// By the keys that sessions and principals have in both.
#include "engine/core/model/counterparts.h"

#include "engine/core/model/folding.h"
#include "engine/core/model/tables.h"
#include "schemas/fields.h"

namespace spine::core {

SessionId counterpart(const State& from, SessionId id, const State& there) {
  const Sessions& sessions = from.tables().sessions;
  const std::uint32_t row = sessions.find(id);
  if (row == 0) return {};
  const Sessions& others = there.tables().sessions;
  return others.id_of(others.find_key(sessions.text(sessions.cold(row).key)));
}

PrincipalId counterpart(const State& from, PrincipalId id, const State& there) {
  const Principals& principals = from.tables().principals;
  const std::uint32_t row = principals.find(id);
  if (row == 0) return {};
  const PrincipalCold& cold = principals.cold(row);
  const Principals& others = there.tables().principals;
  return others.id_of(others.find_key(cold.kind, principals.text(cold.key)));
}

void put_policy(State& state, ByteSpan body) {
  const EventView event{.seq = next(state.applied()),
                        .header = {.kind = kind_number(fb::EventBody::ConfigApplied)},
                        .body = body};
  fold_config(Folding{.tables = state.tables(), .event = event});
}

}  // namespace spine::core
