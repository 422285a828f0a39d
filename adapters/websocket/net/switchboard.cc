// Connections, messages and timers of the protocol, and what comes back from the engine.
#include "adapters/websocket/net/switchboard.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "adapters/websocket/door/handshake.h"
#include "adapters/websocket/net/method_table.h"
#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/method.h"
#include "adapters/websocket/protocol/net_log.h"
#include "adapters/websocket/pushes/bridge_pushes.h"
#include "adapters/websocket/pushes/run_pushes.h"
#include "engine/core/questions/past.h"

namespace spine::net {
namespace {

constexpr std::uint64_t kHealthMs = 60'000;
constexpr std::uint64_t kPresenceMs = 1'000;  // changes are gathered for so long
// The list goes to every client, so with many of them it goes less often.
constexpr std::uint64_t kPresenceMsPerClient = 20;
constexpr std::uint64_t kCheckMs = 1'000;  // how often deadlines of connections are looked at

fb::EventBody build_client_disconnected(Context& net, std::uint32_t slot) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const Client& client = *net.hub.table.client[slot];
    const std::uint16_t seen = net.hub.table.close_code[slot];
    const fb::Bits128 connection = put_bits(client.connection);
    fb::ClientDisconnectedBuilder table{builder};
    table.add_connection(&connection);
    table.add_connected_ms(net.now_ms() - client.connected_ms);
    table.add_close_code(seen == 0 ? close_code::kNone : seen);
    return table.Finish();
  });
}

}  // namespace

Switchboard::Switchboard(const NetOptions& options, pipeline::Shared& shared,
                         pipeline::IngressProducer& ingress)
    : net_(options, shared, ingress), door_(net_), events_(net_), journal_(net_) {
  net_.methods = methods();
  net_.door = &door_;
  net_.events = &events_;
  net_.journal = &journal_;
}

ConnectionRef Switchboard::opened(lws* socket, const Peer& peer) {
  const ConnectionRef ref = net_.hub.table.open(socket, net_.now_ms() + net_.options.handshake_ms);
  if (!ref) return ref;
  net_.hub.table.client[ref.slot] = std::make_unique<Client>();
  static_cast<Peer&>(*net_.hub.table.client[ref.slot]) = peer;
  net_.shared.metrics.ws_connections.set(net_.hub.table.count());
  send_challenge(net_, ref.slot);
  return ref;
}

void Switchboard::received(std::uint32_t slot, const Piece& piece) {
  Connections& table = net_.hub.table;
  if (!net_.hub.writable(slot)) return;
  auto& partial = table.partial[slot];
  const std::size_t known =
      (partial == nullptr ? 0 : partial->size()) + piece.bytes.size() + piece.more_bytes;
  const bool early = table.stage[slot] != Stage::open;
  if (known > (early ? limits::kFrameBytesBeforeHelloMax : limits::kFrameBytesMax)) {
    net_.shared.metrics.frames_refused.add();
    drop_partial(slot);
    return net_.hub.close(slot, close_code::kTooBig, "message too big");
  }
  if (partial == nullptr) {
    if (piece.last) return message(slot, piece.bytes);
    partial = std::make_unique<std::string>();
  }
  partial->append(piece.bytes);
  partial_bytes_ += piece.bytes.size();
  if (!piece.last) return bound_partials();
  partial_bytes_ -= partial->size();
  const std::unique_ptr<std::string> whole = std::move(partial);
  message(slot, *whole);
}

void Switchboard::drop_partial(std::uint32_t slot) {
  auto& partial = net_.hub.table.partial[slot];
  if (partial == nullptr) return;
  partial_bytes_ -= partial->size();
  partial.reset();
}

void Switchboard::bound_partials() {
  const auto size_of = [](const auto& partial) { return partial == nullptr ? 0 : partial->size(); };
  const auto& partials = net_.hub.table.partial;
  while (partial_bytes_ > limits::kPartialBytesAllMax) {
    const auto worst = static_cast<std::uint32_t>(std::ranges::max_element(partials, {}, size_of) -
                                                  partials.begin());
    drop_partial(worst);
    net_.hub.close(worst, close_code::kTryLater, "too much is being received");
  }
}

void Switchboard::message(std::uint32_t slot, std::string_view text) {
  Connections& table = net_.hub.table;
  ++frames_in_;
  text_.assign(text);
  if (table.stage[slot] == Stage::open && satisfies(table.scopes[slot], Scope::write)) {
    std::string_view id;
    ChannelMessage channel_message{};
    if (fast_reader_.read(text_, id, channel_message)) {
      if (within_rate(slot, id)) accept_channel_message({net_, slot, id}, channel_message);
      return;
    }
  }
  reader_.read(text_, request_);
  if (table.stage[slot] == Stage::open) return request(slot, request_);
  if (table.stage[slot] == Stage::greeting) return first_frame(net_, slot, request_);
  // Between connect and hello-ok reading is paused, and what was received already is kept (in
  // Socket::unread). A message that still gets here was sent too early.
  net_.hub.close(slot, close_code::kPolicy, "invalid handshake: hello-ok was not awaited");
}

bool Switchboard::within_rate(std::uint32_t slot, std::string_view id) {
  Connections& table = net_.hub.table;
  if (table.calls_left[slot] == 0 || table.calls_at_ms[slot] == 0) [[unlikely]] {
    const std::uint64_t passed = net_.now_ms() - table.calls_at_ms[slot];
    const std::uint64_t earned =
        std::min<std::uint64_t>(passed, 60'000) * limits::kCallsPerSecond / 1000;
    table.calls_left[slot] = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(limits::kCallsBurst, table.calls_left[slot] + earned));
    table.calls_at_ms[slot] = net_.now_ms();
  }
  if (table.calls_left[slot] != 0) {
    --table.calls_left[slot];
    return true;
  }
  net_.shared.metrics.rate_limited.add();
  Responder{net_, slot, id}.refuse_rate_limited("connection", "rate limit exceeded", 1);
  return false;
}

void Switchboard::refuse_frame(std::uint32_t slot, const Request& frame) {
  net_.shared.metrics.frames_refused.add();
  if (frame.fault == FrameFault::not_json) {
    std::string_view why = frame.problem;
    if (why.empty()) why = "invalid JSON";
    return net_.hub.close(slot, close_code::kBadPayload, why);
  }
  std::string message = "invalid request frame: " + frame.problem;
  if (frame.id.empty()) return net_.hub.close(slot, close_code::kPolicy, message);
  Responder{net_, slot, frame.id}.refuse(std::move(message));
}

void Switchboard::request(std::uint32_t slot, const Request& frame) {
  if (!within_rate(slot, frame.id)) return;
  if (frame.fault != FrameFault::none) return refuse_frame(slot, frame);
  const Responder to{net_, slot, frame.id};
  if (frame.method == "connect") {
    net_.shared.metrics.frames_refused.add();
    return to.refuse("connect is only valid as the first request");
  }
  const Method* method = find_method(frame.method);
  if (method == nullptr) {
    net_.shared.metrics.frames_refused.add();
    return to.refuse("unknown method: " + std::string{frame.method.substr(0, 128)});
  }
  dispatch(to, *method, frame.params, frame.has_params);
}

void Switchboard::ponged(std::uint32_t slot) {
  Connections& table = net_.hub.table;
  table.unset(slot, connection_flag::kAwaitingPong);
  if (table.stage[slot] == Stage::open) {
    table.deadline_ms[slot] = net_.now_ms() + net_.options.ping_ms;
  }
}

void Switchboard::closed(std::uint32_t slot) {
  Connections& table = net_.hub.table;
  const Client& client = *table.client[slot];
  if (client.counted) {
    net_.shared.metrics.ws_clients.value.fetch_sub(1, std::memory_order_relaxed);
    net_.presence_changed = true;
    kLog.info("client {} ({}) disconnected, close code {}", client.client_id, client.client_mode,
              table.close_code[slot] == 0 ? close_code::kNone : table.close_code[slot]);
  }
  if (table.flag(slot, connection_flag::kAnnounced)) {
    net_.push(build_client_disconnected(net_, slot), slot, 0);
  }
  if (table.flag(slot, connection_flag::kPreviewing)) --net_.previews;
  drop_partial(slot);
  net_.subscribed_keys -= client.keys.size();
  net_.runs.drop(table.ref(slot));
  net_.sends.drop(table.ref(slot));
  end_bridge(net_, slot);
  net_.approvals.drop(table.ref(slot));
  events_.end_catching_up(slot);
  journal_.close(slot);
  net_.lose_interest(slot);
  net_.hub.forget(slot);
  net_.shared.metrics.ws_connections.set(table.count());
}

void Switchboard::begin_turn(std::uint64_t now_ms, std::int64_t wall_ms) {
  net_.hub.set_now(now_ms);
  net_.wall_ms = wall_ms;
  net_.take_reports();
}

void Switchboard::end_turn() {
  answer_gaps();
  for (const Cut& cut : net_.to_cut) {
    if (!net_.hub.table.live(cut.connection) || !net_.hub.writable(cut.connection.slot)) continue;
    net_.hub.close(cut.connection.slot, close_code::kPolicy, cut.why);
  }
  net_.to_cut.clear();
  net_.shared.metrics.ws_frames_in.add(frames_in_);
  net_.shared.metrics.ws_frames_out.add(net_.hub.frames_out);
  frames_in_ = 0;
  net_.hub.frames_out = 0;
  net_.release_queries();
  journal_.go_on();
  net_.ingress.flush();
}

void Switchboard::hand_in_rest() {
  door_.report();
  end_bridges(net_);
}

void Switchboard::stop(std::string_view reason) {
  if (net_.stopping) return;
  net_.stopping = true;
  events_.shutdown(reason);
  Connections& table = net_.hub.table;
  for (std::uint32_t slot = 0; slot < table.slots(); ++slot) {
    if (table.stage[slot] != Stage::free) {
      net_.hub.close(slot, close_code::kRestart, "service restart");
    }
  }
}

void Switchboard::check_connection(std::uint32_t slot) {
  Connections& table = net_.hub.table;
  if (table.deadline_ms[slot] > net_.now_ms()) return;
  switch (table.stage[slot]) {
    case Stage::free:
      return;
    case Stage::greeting:
      return net_.hub.close(slot, close_code::kNormal, "");
    case Stage::joining:
      // The engine is slow, not the client: its deadline is extended.
      table.deadline_ms[slot] = net_.now_ms() + net_.options.handshake_ms;
      return;
    case Stage::open:
      if (table.flag(slot, connection_flag::kPaused)) {
        // We have paused reading: a pong may be waiting unread.
        table.deadline_ms[slot] = net_.now_ms() + net_.options.ping_ms;
        return;
      }
      if (!table.flag(slot, connection_flag::kAwaitingPong)) {
        table.set(slot, connection_flag::kAwaitingPong);
        table.deadline_ms[slot] = net_.now_ms() + net_.options.ping_ms;
        return net_.hub.ping(slot);
      }
      break;
    case Stage::closing:
      break;
  }
  table.set(slot, connection_flag::kAbort);
  net_.hub.mark_dirty(slot);
}

void Switchboard::run_timers() {
  const std::uint64_t now = net_.now_ms();
  if (now >= next_check_ms_) {
    next_check_ms_ = now + std::min({kCheckMs, net_.options.ping_ms, net_.options.handshake_ms});
    for (std::uint32_t slot = 0; slot < net_.hub.table.slots(); ++slot)
      check_connection(slot);
    close_late_bridges(net_);
  }
  if (net_.hub.table.count() != 0) {
    if (next_tick_ms_ == 0) next_tick_ms_ = now + net_.options.tick_ms;
    if (next_health_ms_ == 0) next_health_ms_ = now + kHealthMs;
    if (now >= next_tick_ms_) {
      next_tick_ms_ = now + net_.options.tick_ms;
      events_.tick();
    }
    if (now >= next_health_ms_) {
      next_health_ms_ = now + kHealthMs;
      events_.health();
    }
  }
  if (net_.presence_changed && now >= next_presence_ms_) {
    net_.presence_changed = false;
    next_presence_ms_ = now + kPresenceMs + kPresenceMsPerClient * net_.interested.size();
    events_.presence();
  }
  door_.run_timers();
  if (net_.runs.waiting() != 0) {
    for (const Waiter& waiter : net_.runs.take_due(now))
      answer_waiter(net_, waiter, nullptr);
  }
  answer_late_sends(net_);
}

std::uint64_t Switchboard::next_timer_ms() const {
  std::uint64_t next = 0;
  const auto consider = [&next](std::uint64_t due) {
    if (due != 0 && (next == 0 || due < next)) next = due;
  };
  if (net_.hub.table.count() != 0) {
    consider(next_check_ms_);
    consider(next_tick_ms_);
    consider(next_health_ms_);
  }
  if (net_.presence_changed) consider(next_presence_ms_);
  consider(net_.runs.next_deadline_ms());
  consider(net_.sends.next_deadline_ms());
  consider(door_.next_timer_ms());
  return next;
}

void Switchboard::answer(const pipeline::OutHeader& header, ByteSpan payload) {
  const auto kind = static_cast<pipeline::ItemKind>(header.kind);
  net_.count_answered();
  if (kind != pipeline::ItemKind::reply) net_.query_answered(header.connection);
  PendingRequest& request = net_.pending.at(header.request);
  SPINE_CHECK(request.then.takes() == kind);
  if (auto to = client_of(header)) {
    request.then.run(*to, payload);
  } else {
    request.then.run_for_nobody(net_, payload);
  }
  net_.pending.remove(header.request);
}

std::optional<Responder> Switchboard::client_of(const pipeline::OutHeader& header) {
  const ConnectionRef client = header.connection;
  if (!net_.hub.table.live(client) || !net_.hub.writable(client.slot)) return {};
  return Responder{net_, client.slot, net_.pending.at(header.request).id()};
}

void Switchboard::answer_past(const pipeline::OutHeader& header, ByteSpan payload) {
  core::PastItem past{};
  pipeline::read(payload, past);
  net_.past_answered(header.connection);
  PendingRequest& request = net_.pending.at(header.request);
  SPINE_CHECK(request.then.takes() == past.kind);
  if (auto to = client_of(header)) {
    to->as_of = {.seq = past.seq, .wall_ms = past.wall_ms};
    request.then.run(*to, past.answer);
  } else {
    request.then.run_for_nobody(net_, past.answer);
  }
  net_.pending.remove(header.request);
}

void Switchboard::fail_past(const pipeline::OutHeader& header, ByteSpan payload) {
  core::PastFailureItem failure{};
  pipeline::read(payload, failure);
  net_.past_answered(header.connection);
  if (auto to = client_of(header)) {
    net_.pending.at(header.request).then.fail(*to);
    to->refuse_past(failure);
  }
  net_.pending.remove(header.request);
}

// The engine puts its events into the outbox before the follower sees them, but each of the two has
// its own queue to this thread. So only after this turn's items were all handled has every event
// before the gap's end arrived.
void Switchboard::keep_gap(const pipeline::OutHeader& header, ByteSpan payload) {
  KeptGap gap{.header = header, .bytes = payload.size()};
  gap.words.resize(align8(payload.size()) / 8);
  std::memcpy(gap.words.data(), payload.data(), payload.size());
  gaps_.push_back(std::move(gap));
}

void Switchboard::answer_gaps() {
  for (const KeptGap& gap : std::exchange(gaps_, {}))
    answer(gap.header, {reinterpret_cast<const std::byte*>(gap.words.data()), gap.bytes});
}

void Switchboard::item(const pipeline::OutHeader& header, ByteSpan payload) {
  using pipeline::ItemKind;
  switch (static_cast<ItemKind>(header.kind)) {
    case ItemKind::gap:
      return keep_gap(header, payload);
    case ItemKind::journal:
      return journal_.page(header, payload);
    case ItemKind::past:
      return answer_past(header, payload);
    case ItemKind::past_failure:
      return fail_past(header, payload);
    case ItemKind::event: {
      pipeline::EventItem event{};
      pipeline::read(payload, event);
      return events_.event(event, payload);
    }
    case ItemKind::delta: {
      if (net_.interested.empty()) return;
      pipeline::DeltaItem delta{};
      pipeline::read(payload, delta);
      return push_delta(events_, delta);
    }
    case ItemKind::deliver: {
      pipeline::DeliverItem delivery{};
      pipeline::read(payload, delivery);
      return push_delivery(net_, delivery);
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
