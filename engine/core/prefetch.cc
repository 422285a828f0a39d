// prefetch: the fingerprint of a message leads to the slot it will be looked up in.
#include "engine/core/prefetch.h"

#include "engine/core/fingerprint.h"
#include "engine/core/tables.h"

namespace spine::core {

void prefetch(const State& state, std::uint16_t kind, ByteSpan body) {
  if (kind != static_cast<std::uint16_t>(fb::EventBody::MessageReceived)) return;
  const auto& message = *flatbuffers::GetRoot<fb::MessageReceived>(body.data());
  if (!has_fingerprint(message)) return;
  const Tables& tables = state.tables();
  tables.duplicates.prefetch(message_fingerprint(tables.meta.fingerprint_key, message));
}

}  // namespace spine::core
