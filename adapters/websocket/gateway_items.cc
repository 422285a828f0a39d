// What comes back from the engine: answers to requests, events, the end.
#include <cstring>
#include <utility>

#include "adapters/websocket/gateway.h"
#include "adapters/websocket/respond.h"

namespace spine::net {

void Gateway::answer(const pipeline::OutHeader& header, ByteSpan payload) {
  const auto kind = static_cast<pipeline::ItemKind>(header.kind);
  net_.count_answered();
  if (kind != pipeline::ItemKind::reply) net_.query_answered(header.connection);
  PendingRequest& request = net_.pending.at(header.request);
  SPINE_CHECK(request.then.takes() == kind);
  if (net_.hub.table.live(header.connection) && net_.hub.writable(header.connection.slot)) {
    Responder to{net_, header.connection.slot, request.id()};
    request.then.run(to, payload);
  } else {
    request.then.run_for_nobody(net_, payload);
  }
  net_.pending.remove(header.request);
}

// The engine has put its events into the outbox before the follower saw them; but the two have
// queues of their own. When this turn's items are all taken, every event before the gap's end is
// here.
void Gateway::keep_gap(const pipeline::OutHeader& header, ByteSpan payload) {
  KeptGap gap{.header = header, .bytes = payload.size()};
  gap.words.resize(align8(payload.size()) / 8);
  std::memcpy(gap.words.data(), payload.data(), payload.size());
  gaps_.push_back(std::move(gap));
}

void Gateway::answer_gaps() {
  for (const KeptGap& gap : std::exchange(gaps_, {}))
    answer(gap.header, {reinterpret_cast<const std::byte*>(gap.words.data()), gap.bytes});
}

void Gateway::item(const pipeline::OutHeader& header, ByteSpan payload) {
  using pipeline::ItemKind;
  switch (static_cast<ItemKind>(header.kind)) {
    case ItemKind::gap:
      return keep_gap(header, payload);
    case ItemKind::event: {
      pipeline::EventItem event{};
      pipeline::read(payload, event);
      if (!net_.resuming.empty()) net_.recent.add(event.event.seq, payload);
      return events_.event(event);
    }
    case ItemKind::delta: {
      if (net_.interested.empty()) return;
      pipeline::DeltaItem delta{};
      pipeline::read(payload, delta);
      return events_.delta(delta);
    }
    case ItemKind::stopping: {
      pipeline::StoppingItem stopping{};
      pipeline::read(payload, stopping);
      return stop(stopping.reason);
    }
    default:
      return answer(header, payload);
  }
}

}  // namespace spine::net
