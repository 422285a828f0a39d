// What libwebsockets reports: connections, requests, messages, closes.
#include <algorithm>
#include <unistd.h>

#include "adapters/websocket/loop.h"
#include "adapters/websocket/net_log.h"

namespace spine::net {
namespace {

constexpr int kAcceptsPerTurn = 2;  // the rest waits in the kernel's queue
constexpr int kEntriesPerTurn = 1;  // the rest waits in the waiting room

ConnectionRef& ref_of(void* user) {
  return *static_cast<ConnectionRef*>(user);
}

}  // namespace

int Loop::on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t bytes) {
  const std::string_view text{static_cast<const char*>(in), in == nullptr ? 0 : bytes};
  switch (reason) {
    case LWS_CALLBACK_RECEIVE:
      start_turn();
      return received(wsi, ref_of(user).slot, text);
    case LWS_CALLBACK_SERVER_WRITEABLE:
      start_turn();
      return writable(ref_of(user).slot);
    case LWS_CALLBACK_ESTABLISHED:
      start_turn();
      return established(wsi, user);
    case LWS_CALLBACK_CLOSED:
      start_turn();
      if (ref_of(user)) gateway_.closed(ref_of(user).slot);
      return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
      start_turn();
      return peer_closes(ref_of(user).slot, text);
    case LWS_CALLBACK_RECEIVE_PONG:
      start_turn();
      gateway_.ponged(ref_of(user).slot);
      return 0;
    case LWS_CALLBACK_RAW_RX_FILE:
      start_turn();
      if (static_cast<int>(lws_get_socket_fd(wsi)) == writers_watch_) {
        write_responses();
      } else if (static_cast<int>(lws_get_socket_fd(wsi)) == room_watch_) {
        look_at_waiting();
      } else {
        accept_connections(wsi);
      }
      return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
      start_turn();
      return confirm_upgrade(wsi, static_cast<const char*>(in));
    case LWS_CALLBACK_HTTP:
      start_turn();
      return serve_http(wsi);
    case LWS_CALLBACK_WSI_DESTROY:
      forget_socket(wsi);
      return 0;
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
      harden_tls(static_cast<ssl_ctx_st*>(user));
      return 0;
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
      return -1;  // CONNECT: not ours
    default:
      return 0;
  }
}

Socket* Loop::socket_of(lws* wsi) {
  return static_cast<Socket*>(lws_get_opaque_user_data(wsi));
}

void Loop::accept_connections(lws* wsi) {
  const int listening = static_cast<int>(lws_get_socket_fd(wsi));
  const bool control = listening == control_listener_;
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    Arrival arrival{.control = control};
    std::string address;
    const int fd = acceptor_.accept(listening, address);
    if (fd < 0) return;
    if (control) {
      std::uint32_t uid = 0;
      if (!peer_is_ours(fd, uid)) {
        kLog.warn("a connection of user {} to the control socket was refused", uid);
        ::close(fd);
        continue;
      }
      address = "local";
    } else {
      parse_address(address, arrival.whole);
      arrival.proxy = proxies_.contains(arrival.whole);
      // Without TLS of ours others come through the proxies that end it, or not at all.
      if (!tls_ && !arrival.proxy && !is_loopback(arrival.whole)) {
        gateway_.context().shared.metrics.sockets_refused_address.add();
        ::close(fd);
        continue;
      }
    }
    arrival.address = address;
    take(fd, arrival);
  }
}

void Loop::take(int fd, const Arrival& arrival) {
  Socket* socket = perimeter_.admit(arrival, hub_.now_ms());
  if (socket == nullptr) {
    ::close(fd);
    return;
  }
  socket->tls = tls_ && !arrival.control;
  if (arrival.control) return hand_over(*socket, fd);
  if (!room_.add(*socket, fd)) perimeter_.remove(*socket);
}

void Loop::hand_over(Socket& socket, int fd) {
  lws_adopt_desc_t description{};
  description.vh = vhost_;
  description.type = static_cast<lws_adoption_type>(LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP |
                                                    (socket.tls ? LWS_ADOPT_ALLOW_SSL : 0));
  description.fd.sockfd = fd;
  description.opaque = &socket;
  const std::size_t before = perimeter_.size();
  lws* accepted = lws_adopt_descriptor_vhost_via_info(&description);
  if (accepted != nullptr) {
    socket.wsi = accepted;
  } else if (perimeter_.size() == before) {
    // It closes the descriptor itself, and says so only when it got as far as a connection.
    room_.forget(socket);
    perimeter_.remove(socket);
  }
}

void Loop::look_at_waiting() {
  gone_.clear();
  room_.look(gone_);
  for (Socket* socket : gone_)
    end_waiting(*socket);
  gone_.clear();
}

void Loop::end_waiting(Socket& socket) {
  room_.forget(socket);
  perimeter_.remove(socket);
}

void Loop::let_in() {
  for (int i = 0; i < kEntriesPerTurn; ++i) {
    if (Socket* longest = room_.overdue(hub_.now_ms()); longest != nullptr) {
      room_.forget(*longest);
      perimeter_.make_room(*longest);
    }
    Socket* socket = room_.next();
    if (socket == nullptr) return;
    hand_over(*socket, room_.enter(*socket, hub_.now_ms()));
  }
}

void Loop::forget_socket(lws* wsi) {
  Socket* socket = socket_of(wsi);
  if (socket == nullptr) return;
  lws_set_opaque_user_data(wsi, nullptr);
  if (socket->resting) std::erase(resting_, socket);
  std::replace(writable_.begin(), writable_.end(), socket, static_cast<Socket*>(nullptr));
  room_.forget(*socket);
  perimeter_.remove(*socket);
}

int Loop::established(lws* wsi, void* user) {
  Socket* socket = socket_of(wsi);
  if (socket == nullptr || socket->dying) return -1;
  const ConnectionRef ref = gateway_.opened(wsi, peer_of(*socket));
  ref_of(user) = ref;
  if (!ref) {
    kLog.warn("a connection from {} was refused: {} are open", socket->address,
              limits::kConnectionsMax);
    return -1;
  }
  socket->upgraded = true;
  // The time for the handshake runs from accept on.
  std::uint64_t& deadline = hub_.table.deadline_ms[ref.slot];
  deadline = std::min(deadline, socket->accepted_ms + gateway_.context().options.handshake_ms);
  return 0;
}

int Loop::received(lws* wsi, std::uint32_t slot, std::string_view bytes) {
  const Piece piece{.bytes = bytes,
                    .last = lws_is_final_fragment(wsi) != 0,
                    .more_bytes = lws_remaining_packet_payload(wsi)};
  gateway_.received(slot, piece);
  Connections& table = hub_.table;
  if (!ingress_.has_room() && !table.flag(slot, connection_flag::kPaused)) {
    if (paused_.empty()) gateway_.context().shared.metrics.reading_paused.add();
    table.set(slot, connection_flag::kPaused);
    paused_.push_back(table.ref(slot));
  }
  if (table.flag(slot, connection_flag::kNotReading)) apply_reading(slot);
  return 0;
}

int Loop::writable(std::uint32_t slot) {
  hub_.drained(slot);
  const bool was_blocked = hub_.table.flag(slot, connection_flag::kBlocked);
  hub_.table.unset(slot, connection_flag::kBlocked);
  if (!write_out(slot)) return -1;
  if (was_blocked && !hub_.table.flag(slot, connection_flag::kBlocked)) apply_reading(slot);
  return 0;
}

int Loop::peer_closes(std::uint32_t slot, std::string_view payload) {
  std::uint16_t code = 1005;  // RFC 6455: no code was given
  if (payload.size() >= 2) {
    code = static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8U) |
                                      static_cast<unsigned char>(payload[1]));
  }
  // It answers our close frame: the end. Otherwise the library answers for us.
  if (hub_.table.stage[slot] == Stage::closing) return -1;
  gateway_.peer_closed(slot, code);
  return 0;
}

}  // namespace spine::net
