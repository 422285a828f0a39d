// What libwebsockets reports: connections, requests, messages, closes.
#include <algorithm>
#include <sys/epoll.h>
#include <unistd.h>

#include "adapters/websocket/loop.h"
#include "adapters/websocket/net_log.h"

namespace spine::net {
namespace {

constexpr int kAcceptsPerTurn = 2;  // the rest waits in the kernel's queue
constexpr int kLocalPerTurn = 4;    // of the person at the machine; the rest waits, as all do

}  // namespace

// The library calls this for every connection and descriptor it has, also for those that are
// unknown here, or not any more: nothing may be taken for granted of any.
int Loop::on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t bytes) {
  switch (reason) {
    case LWS_CALLBACK_RAW_RX:
      start_turn();
      return received(wsi, {static_cast<unsigned char*>(in), in == nullptr ? 0 : bytes});
    case LWS_CALLBACK_RAW_WRITEABLE:
      start_turn();
      return writable(wsi);
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
    case LWS_CALLBACK_RAW_CLOSE:
      if (Socket* socket = socket_of(wsi); socket != nullptr) stop_watching(*socket);
      return 0;
    case LWS_CALLBACK_WSI_DESTROY: {
      if (socket_of(wsi) == nullptr) return 0;
      // The library closes what is cut from its timers, and sleeps right after them: it is woken,
      // or the turn that begins here would go on only with the next event, and the engine, which
      // takes this thread for awake, would not wake it for what it has for anybody.
      const bool between_turns = !in_turn_;
      start_turn();
      forget_socket(wsi);
      if (between_turns) wake();
      return 0;
    }
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
      harden_tls(static_cast<ssl_ctx_st*>(user));
      return 0;
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
      arrival.whole = parse_ip(address).value_or(IpAddress{});
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
  if (!room_.add(*socket, fd)) perimeter_.remove(*socket);
}

bool Loop::hand_over(Socket& socket, int fd) {
  lws_adopt_desc_t description{};
  description.vh = vhost_;
  description.type =
      static_cast<lws_adoption_type>(LWS_ADOPT_SOCKET | (socket.tls ? LWS_ADOPT_ALLOW_SSL : 0));
  description.fd.sockfd = fd;
  description.opaque = &socket;
  const std::size_t before = perimeter_.size();
  lws* accepted = lws_adopt_descriptor_vhost_via_info(&description);
  if (accepted != nullptr) {
    socket.wsi = accepted;
    return true;
  }
  // It closes the descriptor itself, and says so only when it got as far as a connection.
  if (perimeter_.size() == before) {
    room_.forget(socket);
    perimeter_.remove(socket);
  }
  return false;
}

void Loop::look_at_waiting() {
  gone_.clear();
  room_.look(gone_);
  for (Socket* socket : gone_)
    end_waiting(*socket);
  gone_.clear();
}

// An epoll forgets a descriptor when the last copy of it is closed, and a process of an agent that
// is just being started has copies: without this it could tell of a socket that is no more.
void Loop::stop_watching(const Socket& socket) {
  if (!socket.out) return;
  const int fd = socket.wsi == nullptr ? socket.outside.get()
                                       : static_cast<int>(lws_get_socket_fd(socket.wsi));
  ::epoll_ctl(writers_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Loop::end_waiting(Socket& socket) {
  stop_watching(socket);
  std::replace(writable_.begin(), writable_.end(), &socket, static_cast<Socket*>(nullptr));
  room_.forget(socket);
  perimeter_.remove(socket);
}

void Loop::let_in() {
  for (int i = 0; i < kLocalPerTurn; ++i) {
    if (Socket* socket = room_.next(Lane::local); socket != nullptr) serve(*socket);
  }
  // One of each: a turn stays short for those who are waiting on a WebSocket.
  for (const Lane lane : {Lane::first, Lane::again}) {
    if (Socket* socket = room_.next(lane); socket != nullptr) serve(*socket);
  }
  if (Socket* longest = room_.overdue(hub_.now_ms()); longest != nullptr) {
    room_.forget(*longest);
    perimeter_.make_room(*longest);
  }
  Socket* socket = room_.next(Lane::door);
  if (socket == nullptr) return;
  if (!socket->tls) return serve(*socket);
  hand_over(*socket, room_.enter(*socket, hub_.now_ms()));
}

void Loop::end(Socket& socket) {
  if (socket.wsi == nullptr) return end_waiting(socket);
  socket.leaving = true;
  lws_set_timeout(socket.wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

void Loop::forget_socket(lws* wsi) {
  Socket* socket = socket_of(wsi);
  if (socket == nullptr) return;
  lws_set_opaque_user_data(wsi, nullptr);
  if (socket->upgraded) gateway_.closed(socket->slot.slot);
  if (socket->resting) std::erase(resting_, socket);
  std::replace(writable_.begin(), writable_.end(), socket, static_cast<Socket*>(nullptr));
  room_.forget(*socket);
  perimeter_.remove(*socket);
}

bool Loop::established(Socket& socket) {
  const ConnectionRef ref = gateway_.opened(socket.wsi, peer_of(socket));
  if (!ref) {
    end(socket);
    return false;
  }
  socket.slot = ref;
  socket.upgraded = true;
  // The time for the handshake runs from accept on.
  std::uint64_t& deadline = hub_.table.deadline_ms[ref.slot];
  deadline = std::min(deadline, socket.accepted_ms + gateway_.context().options.handshake_ms);
  return true;
}

int Loop::received(lws* wsi, std::span<unsigned char> bytes) {
  Socket* socket = socket_of(wsi);
  if (socket == nullptr) return -1;
  if (socket->leaving || socket->dying) return 0;
  if (socket->upgraded) {
    take_in(*socket, bytes);
    return 0;
  }
  // Only under TLS heads are read inside. The perimeter counts the time, not the library.
  lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
  socket->head.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!socket->resting && socket->out == nullptr) serve_inside(*socket);
  return 0;
}

void Loop::take_in(Socket& socket, std::span<unsigned char> bytes) {
  const std::uint32_t slot = socket.slot.slot;
  const Connections& table = hub_.table;
  Incoming frame{};
  while (!table.flag(slot, connection_flag::kNotReading) && socket.frames.next(bytes, frame)) {
    take_frame(socket, frame);
  }
  if (!table.flag(slot, connection_flag::kNotReading)) return;
  socket.unread.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  apply_reading(slot);
}

void Loop::take_frame(Socket& socket, const Incoming& frame) {
  const std::uint32_t slot = socket.slot.slot;
  Connections& table = hub_.table;
  switch (frame.kind) {
    case Incoming::Kind::piece:
      gateway_.received(slot,
                        {.bytes = frame.bytes, .last = frame.last, .more_bytes = frame.more_bytes});
      if (ingress_.has_room() || table.flag(slot, connection_flag::kPaused)) return;
      if (paused_.empty()) gateway_.context().shared.metrics.reading_paused.add();
      table.set(slot, connection_flag::kPaused);
      paused_.push_back(table.ref(slot));
      return;
    case Incoming::Kind::ping:
      if (hub_.writable(slot)) hub_.pong(slot, frame.bytes);
      return;
    case Incoming::Kind::pong:
      return gateway_.ponged(slot);
    case Incoming::Kind::close:
      if (table.stage[slot] == Stage::closing) return end(socket);  // it answers ours
      gateway_.peer_closed(slot, frame.code);
      return hub_.answer_close(slot, frame.code);
    case Incoming::Kind::fault:
      gateway_.context().shared.metrics.frames_refused.add();
      if (table.stage[slot] == Stage::closing) return end(socket);
      return hub_.close(slot, frame.code, frame.bytes);
  }
}

int Loop::writable(lws* wsi) {
  Socket* socket = socket_of(wsi);
  if (socket == nullptr || !socket->upgraded) return 0;
  const std::uint32_t slot = socket->slot.slot;
  hub_.drained(slot);
  const bool was_blocked = hub_.table.flag(slot, connection_flag::kBlocked);
  hub_.table.unset(slot, connection_flag::kBlocked);
  if (!write_out(slot)) return -1;
  if (was_blocked && !hub_.table.flag(slot, connection_flag::kBlocked)) resume(slot);
  return 0;
}

}  // namespace spine::net
