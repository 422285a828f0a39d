// Slots of the connection table.
#include "adapters/websocket/connections.h"

#include "adapters/websocket/credentials.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

Client::Client() = default;
Client::~Client() = default;

ConnectionRef Connections::open(lws* socket, std::uint64_t deadline) {
  std::uint32_t slot = 0;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    if (stage.size() == limits::kConnectionsMax) return {};
    slot = slots();
    stage.emplace_back();
    flags.emplace_back();
    scopes.emplace_back();
    generation.emplace_back();
    out.emplace_back();
    principal.emplace_back();
    calls_left.emplace_back();
    calls_at_ms.emplace_back();
    queries.emplace_back();
    seq.emplace_back();
    told_from.emplace_back();
    wsi.emplace_back();
    deadline_ms.emplace_back();
    close_code.emplace_back();
    held_bytes.emplace_back();
    left_bytes.emplace_back();
    took_ms.emplace_back();
    partial.emplace_back();
    client.emplace_back();
  }
  stage[slot] = Stage::greeting;
  flags[slot] = 0;
  scopes[slot] = 0;
  if (++generation[slot] == 0) ++generation[slot];
  principal[slot] = 0;
  calls_left[slot] = limits::kCallsBurst;
  calls_at_ms[slot] = 0;
  queries[slot] = 0;
  seq[slot] = 0;
  told_from[slot] = 0;
  wsi[slot] = socket;
  deadline_ms[slot] = deadline;
  close_code[slot] = 0;
  held_bytes[slot] = 0;
  left_bytes[slot] = 0;
  took_ms[slot] = 0;
  ++count_;
  return ref(slot);
}

void Connections::close(std::uint32_t slot) {
  SPINE_CHECK(stage[slot] != Stage::free);
  stage[slot] = Stage::free;
  wsi[slot] = nullptr;
  out[slot].reset();
  partial[slot].reset();
  client[slot].reset();
  free_.push_back(slot);
  --count_;
}

}  // namespace spine::net
