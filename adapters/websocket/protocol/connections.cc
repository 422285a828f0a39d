// Slots of the connection table.
#include "adapters/websocket/protocol/connections.h"

#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

ConnectionRef Connections::open(lws* socket, std::uint64_t deadline) {
  std::uint32_t slot = slots();
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    if (slot == limits::kConnectionsMax) return {};
    generation.emplace_back();
    std::apply([](auto&... column) { (column.emplace_back(), ...); }, columns());
  }
  stage[slot] = Stage::greeting;
  if (++generation[slot] == 0) ++generation[slot];
  calls_left[slot] = limits::kCallsBurst;
  wsi[slot] = socket;
  deadline_ms[slot] = deadline;
  ++count_;
  return ref(slot);
}

void Connections::close(std::uint32_t slot) {
  SPINE_CHECK(stage[slot] != Stage::free);
  std::apply([slot](auto&... column) { ((column[slot] = {}), ...); }, columns());
  free_.push_back(slot);
  --count_;
}

}  // namespace spine::net
