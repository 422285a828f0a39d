// What comes back from the engine: answers to requests, events, the end.
#include <cstring>
#include <type_traits>
#include <utility>

#include "adapters/websocket/gateway.h"
#include "adapters/websocket/respond.h"

namespace spine::net {

// Gives the answer to whoever put the question, or to what is to be done without them.
template <class Item>
void Gateway::answer(const pipeline::OutHeader& header, ByteSpan payload, Item& item) {
  net_.count_answered();
  if constexpr (!std::is_same_v<Item, pipeline::ReplyItem>) net_.query_answered(header.connection);
  PendingRequest& request = net_.pending.at(header.request);
  Continuation& then = request.then;
  if (net_.hub.table.live(header.connection) && net_.hub.writable(header.connection.slot)) {
    pipeline::read(payload, item);
    Responder to{net_, header.connection.slot, request.id()};
    then.run(to, item);
  } else if (then.runs_for_nobody()) {
    pipeline::read(payload, item);
    then.run_for_nobody(net_, item);
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
  for (const KeptGap& gap : std::exchange(gaps_, {})) {
    answer(gap.header, {reinterpret_cast<const std::byte*>(gap.words.data()), gap.bytes}, gap_);
  }
}

void Gateway::item(const pipeline::OutHeader& header, ByteSpan payload) {
  using pipeline::ItemKind;
  switch (static_cast<ItemKind>(header.kind)) {
    case ItemKind::reply: {
      pipeline::ReplyItem reply{};
      return answer(header, payload, reply);
    }
    case ItemKind::sessions:
      return answer(header, payload, sessions_);
    case ItemKind::history:
      return answer(header, payload, history_);
    case ItemKind::run: {
      pipeline::RunItem run{};
      return answer(header, payload, run);
    }
    case ItemKind::status: {
      pipeline::StatusItem status{};
      return answer(header, payload, status);
    }
    case ItemKind::digest: {
      pipeline::DigestItem digest{};
      return answer(header, payload, digest);
    }
    case ItemKind::devices:
      return answer(header, payload, devices_);
    case ItemKind::pairing:
      return answer(header, payload, pairing_);
    case ItemKind::approvals:
      return answer(header, payload, approvals_);
    case ItemKind::runs:
      return answer(header, payload, runs_);
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
      SPINE_CHECK(false && "an item of a kind nobody handles");
  }
}

}  // namespace spine::net
