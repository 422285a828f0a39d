// Turns, output, what libwebsockets reports (connections, requests, messages, closes), and HTTP.
#include "adapters/websocket/net/net_loop.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "adapters/websocket/net/library_log.h"
#include "adapters/websocket/net/tls.h"
#include "adapters/websocket/protocol/net_log.h"
#include "engine/pipeline/clock.h"

namespace spine::net {
namespace {

// Bytes of one recv, into a buffer that all connections share; input of a paused connection is kept
// in its Socket::unread.
constexpr unsigned kServiceBytes = 16 * limits::kKiB;
// Bytes of one send.
constexpr std::size_t kWriteBytes = 128 * limits::kKiB;
// The library's own time-out, longer than that of the perimeter, which counts what it cuts.
constexpr unsigned kTlsSeconds = 20;
constexpr std::uint64_t kStopMs = 1'500;  // for peers to answer our close frames

constexpr int kRequestsPerTurn = 1;  // of connections that have had an answer
constexpr int kAcceptsPerTurn = 2;   // the rest waits in the kernel's queue
constexpr int kLocalPerTurn = 4;     // of the control socket; the rest waits, like all others

static_assert(FrameBuffer::kFrontBytes >= LWS_PRE);

extern "C" int spine_net_event(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                               std::size_t bytes) {
  auto* loop = static_cast<NetLoop*>(lws_context_user(lws_get_context(wsi)));
  return loop == nullptr ? 0 : loop->on_event(wsi, reason, user, in, bytes);
}

// The turn reads the clock itself. When a timer fires just before the library sleeps, the library
// sleeps all the same: so it is woken, or the turn would be missed.
extern "C" void spine_net_timer(lws_sorted_usec_list_t* list) {
  lws_cancel_service(reinterpret_cast<NetLoop::Timer*>(list)->context);
}

Socket* socket_of(lws* wsi) {
  return static_cast<Socket*>(lws_get_opaque_user_data(wsi));
}

// Closes the connection after this callback.
void cut(lws* wsi) {
  lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

// The library speaks neither HTTP nor WebSocket here: what it is given are sockets without a role
// (raw) and descriptors to watch. Given HTTP, it binds an upgrade to whichever of these a client
// names in Sec-WebSocket-Protocol, and its parser of heads reads two requests where others read one
// (request smuggling): never adopt anything with LWS_ADOPT_HTTP.
const lws_protocols kProtocols[] = {{"socket", spine_net_event, 0, 0, 0, nullptr, kWriteBytes},
                                    {"watched", spine_net_event, 0, 0, 0, nullptr, 0},
                                    {nullptr, nullptr, 0, 0, 0, nullptr, 0}};

}  // namespace

NetLoop::NetLoop(Switchboard& switchboard, pipeline::IngressProducer& ingress)
    : switchboard_(switchboard),
      hub_(switchboard.hub()),
      ingress_(ingress),
      tls_(switchboard.context().options.tls.enabled()),
      desk_(switchboard.context()),
      perimeter_(switchboard.context().shared.metrics, switchboard.context().options.handshake_ms) {
}

NetLoop::~NetLoop() {
  if (context_ != nullptr) lws_context_destroy(context_);
}

Result<std::unique_ptr<NetLoop>> NetLoop::create(Switchboard& switchboard,
                                                 pipeline::IngressProducer& ingress,
                                                 ListeningSockets sockets) {
  std::unique_ptr<NetLoop> loop{new NetLoop(switchboard, ingress)};
  loop->start_turn();
  SPINE_TRY_STATUS(loop->open_context());
  for (UniqueFd& descriptor : sockets.descriptors)
    SPINE_TRY_STATUS(loop->adopt(descriptor.release()));
  SPINE_TRY_STATUS(loop->full_.open());
  SPINE_TRY_STATUS(loop->watch(loop->full_.descriptor(), loop->full_watch_));
  SPINE_TRY_STATUS(loop->room_.open());
  SPINE_TRY_STATUS(loop->watch(loop->room_.descriptor(), loop->room_watch_));
  loop->in_turn_ = false;
  loop->hub_.set_writer([loop = loop.get()] {
    if (loop->may_write_) loop->flush();
  });
  return loop;
}

Status NetLoop::open_context() {
  const TlsFiles& tls = switchboard_.context().options.tls;
  if (tls_) SPINE_TRY_STATUS(check_tls(tls));
  log_library();
  lws_context_creation_info info{};
  info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
  info.protocols = kProtocols;
  info.gid = static_cast<decltype(info.gid)>(-1);
  info.uid = static_cast<decltype(info.uid)>(-1);
  info.user = this;
  info.alpn = "http/1.1";
  info.pt_serv_buf_size = kServiceBytes;
  info.max_http_header_pool = 1;  // none is ever used
  info.timeout_secs = kTlsSeconds;
  if (tls_) {
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.ssl_cert_filepath = tls.cert_path.c_str();
    info.ssl_private_key_filepath = tls.key_path.c_str();
  }
  context_ = lws_create_context(&info);
  if (context_ == nullptr) return Error{Errc::io, "libwebsockets could not be started."};
  vhost_ = lws_get_vhost_by_name(context_, "default");
  return ok();
}

Status NetLoop::adopt(int descriptor) {
  lws_sock_file_fd_type adopted{};
  adopted.filefd = descriptor;
  if (vhost_ == nullptr || lws_adopt_descriptor_vhost(vhost_, LWS_ADOPT_RAW_FILE_DESC, adopted,
                                                      "watched", nullptr) == nullptr) {
    return Error{Errc::io, "libwebsockets did not take a listening socket."};
  }
  return ok();
}

Status NetLoop::watch(int epoll, int& number) {
  // The library closes what it adopted: so it gets a duplicate.
  number = ::fcntl(epoll, F_DUPFD_CLOEXEC, 0);
  if (number < 0) return Error{Errc::io, "epoll could not be started."};
  return adopt(number);
}

Status NetLoop::listen_control(int descriptor) {
  SPINE_TRY_STATUS(adopt(descriptor));
  control_listener_ = descriptor;
  return ok();
}

void NetLoop::start_turn() {
  if (in_turn_) return;
  in_turn_ = true;
  if (outbox_ != nullptr) outbox_->awake();
  switchboard_.begin_turn(pipeline::boottime_now_ms(), pipeline::wall_now_ms());
}

void NetLoop::run(pipeline::Outbox& outbox) {
  outbox_ = &outbox;
  while (!finished()) {
    // No sleep while a connection waits to be served: perhaps nothing else would wake this thread.
    const bool waiting = room_.has_next() || !resting_.empty();
    const bool work = outbox.about_to_sleep() || waiting;
    // 0 = sleep until something happens, negative = look and return (timeouts are ignored).
    if (lws_service(context_, work ? -1 : 0) < 0) {
      kLog.error("libwebsockets stopped serving");
      break;
    }
    start_turn();
    finish_turn();
  }
  end_hand_in();
}

void NetLoop::finish_turn() {
  may_write_ = true;
  drain_outbox();
  if (stop_.load(std::memory_order_acquire)) switchboard_.stop("stopping");
  if (switchboard_.stopping() && stop_deadline_ms_ == 0)
    stop_deadline_ms_ = hub_.now_ms() + kStopMs;
  switchboard_.run_timers();
  resume_reading();
  let_in();
  wake_rested();
  const bool hand_in = hand_in_asked_.load() && !handed_in_.load();
  if (hand_in) switchboard_.hand_in_rest();
  // After all that may add inputs or frames, so that they are sent within this turn.
  switchboard_.end_turn();
  if (hand_in) end_hand_in();
  end_flush();
  guard_perimeter();
  schedule_timer();
  in_turn_ = false;
}

void NetLoop::drain_outbox() {
  while (pipeline::OutBlock* block = outbox_->poll()) {
    block->for_each([this](const pipeline::OutHeader& header, ByteSpan payload) {
      switchboard_.item(header, payload);
    });
    outbox_->release(block);
  }
}

void NetLoop::schedule_timer() {
  std::uint64_t due = switchboard_.next_timer_ms();
  for (const std::uint64_t guard :
       {perimeter_.next_check_ms(), room_.next_check_ms(hub_.now_ms())}) {
    if (guard != 0 && (due == 0 || due > guard)) due = guard;
  }
  if (!resting_.empty()) due = hub_.now_ms();
  if (stop_deadline_ms_ != 0 && (due == 0 || due > stop_deadline_ms_)) due = stop_deadline_ms_;
  if (due == 0 || (due == timer_ms_ && timer_ms_ > hub_.now_ms())) return;
  timer_ms_ = due;
  const std::uint64_t wait_ms = due > hub_.now_ms() ? due - hub_.now_ms() : 1;
  timer_.context = context_;
  lws_sul_schedule(context_, 0, &timer_.list, spine_net_timer,
                   static_cast<lws_usec_t>(wait_ms * LWS_US_PER_MS));
}

void NetLoop::guard_perimeter() {
  perimeter_.check(hub_.now_ms());
  gone_.swap(perimeter_.marked_for_close());
  for (Socket* socket : gone_) {
    if (socket->wsi == nullptr) {
      end_waiting(*socket);
    } else {
      room_.forget(*socket);
      cut(socket->wsi);
    }
  }
  gone_.clear();
}

bool NetLoop::finished() const {
  return stop_deadline_ms_ != 0 && (hub_.table.count() == 0 || hub_.now_ms() >= stop_deadline_ms_);
}

void NetLoop::flush() {
  writing_.swap(hub_.dirty());
  for (const std::uint32_t slot : writing_) {
    hub_.table.unset(slot, connection_flag::kDirty);
    if (hub_.table.stage[slot] == Stage::free) continue;
    if (hub_.table.stage[slot] == Stage::open) {
      Socket* socket = socket_of(hub_.table.wsi[slot]);
      if (socket != nullptr) {
        room_.forget(*socket);
        perimeter_.know(*socket);
      }
    }
    if (hub_.table.flag(slot, connection_flag::kAbort) || !write_out(slot))
      cut(hub_.table.wsi[slot]);
    offered_.push_back(slot);
  }
  writing_.clear();
}

// What is still queued now is backlog: it was offered, and the sockets had no room for it.
void NetLoop::end_flush() {
  flush();
  may_write_ = false;
  for (const std::uint32_t slot : offered_) {
    if (hub_.table.stage[slot] != Stage::free) hub_.offered(slot);
  }
  offered_.clear();
}

bool NetLoop::write_out(std::uint32_t slot) {
  lws* wsi = hub_.table.wsi[slot];
  while (hub_.table.out[slot] != nullptr) {
    FrameBuffer& out = *hub_.table.out[slot];
    if (hub_.table.flag(slot, connection_flag::kBlocked)) return true;
    const auto bytes = out.next(kWriteBytes);
    if (lws_write(wsi, bytes.data(), bytes.size(), LWS_WRITE_RAW) < 0) return false;
    const bool held = lws_partial_buffered(wsi) != 0;
    hub_.written(slot, bytes.size(), held ? bytes.size() : 0);
    if (held) block(slot);
  }
  // Close frames were exchanged, or the peer's input is no longer read (protocol error): the peer
  // sees the end of our stream, and closes the connection.
  Socket* socket = socket_of(wsi);
  if (hub_.table.stage[slot] == Stage::closing && socket != nullptr && socket->frames.over() &&
      !hub_.table.flag(slot, connection_flag::kBlocked)) {
    half_close(target_of(*socket));
  }
  return true;
}

void NetLoop::block(std::uint32_t slot) {
  hub_.table.set(slot, connection_flag::kBlocked);
  lws_callback_on_writable(hub_.table.wsi[slot]);
  apply_reading(slot);
}

void NetLoop::apply_reading(std::uint32_t slot) {
  const bool reading = !hub_.table.flag(slot, connection_flag::kNotReading);
  lws_rx_flow_control(hub_.table.wsi[slot], reading ? 1 : 0);
}

void NetLoop::resume(std::uint32_t slot) {
  Socket* socket = socket_of(hub_.table.wsi[slot]);
  if (socket != nullptr && !socket->unread.empty() &&
      !hub_.table.flag(slot, connection_flag::kNotReading)) {
    std::string bytes = std::move(socket->unread);
    socket->unread.clear();
    take_in(*socket, {reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
  }
  apply_reading(slot);
}

void NetLoop::resume_reading() {
  resumed_.clear();
  resumed_.swap(switchboard_.context().resumed);
  for (const std::uint32_t slot : resumed_) {
    if (hub_.table.stage[slot] != Stage::free) resume(slot);
  }
  if (paused_.empty() || !ingress_.has_room()) return;
  std::vector<ConnectionRef> waiting;
  waiting.swap(paused_);
  for (const ConnectionRef ref : waiting) {
    if (!hub_.table.live(ref)) continue;
    hub_.table.unset(ref.slot, connection_flag::kPaused);
    resume(ref.slot);
  }
}

// The library calls this for every connection and descriptor it has, also for those that are not,
// or no longer, known here: so every branch checks what it was given.
int NetLoop::on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                      std::size_t bytes) {
  switch (reason) {
    case LWS_CALLBACK_RAW_RX:
      start_turn();
      return received(wsi, {static_cast<unsigned char*>(in), in == nullptr ? 0 : bytes});
    case LWS_CALLBACK_RAW_WRITEABLE:
      start_turn();
      return writable(wsi);
    case LWS_CALLBACK_RAW_RX_FILE:
      start_turn();
      if (static_cast<int>(lws_get_socket_fd(wsi)) == full_watch_) {
        // One per turn, which keeps turns short for the WebSocket clients.
        Socket* socket = full_.next();
        if (socket != nullptr && socket->out != nullptr) continue_response(*socket);
      } else if (static_cast<int>(lws_get_socket_fd(wsi)) == room_watch_) {
        room_.look(gone_);
        for (Socket* socket : std::exchange(gone_, {}))
          end_waiting(*socket);
      } else {
        accept_connections(wsi);
      }
      return 0;
    case LWS_CALLBACK_RAW_CLOSE:
      if (Socket* socket = socket_of(wsi); socket != nullptr) stop_watching(*socket);
      return 0;
    case LWS_CALLBACK_WSI_DESTROY: {
      if (socket_of(wsi) == nullptr) return 0;
      // The library closes cut connections from its timers, and sleeps right after them. So it is
      // woken: else the turn that begins here would end only at the next event, and the engine,
      // which sees this thread as awake, would not wake it for new output.
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

void NetLoop::accept_connections(lws* wsi) {
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
      arrival.proxy = desk_.is_proxy(arrival.whole);
      // Without our own TLS a remote client must come through a trusted proxy that terminates TLS.
      if (!tls_ && !arrival.proxy && !is_loopback(arrival.whole)) {
        switchboard_.context().shared.metrics.sockets_refused_address.add();
        ::close(fd);
        continue;
      }
    }
    arrival.address = address;
    take(fd, arrival);
  }
}

void NetLoop::take(int fd, const Arrival& arrival) {
  Socket* socket = perimeter_.admit(arrival, hub_.now_ms());
  if (socket == nullptr) {
    ::close(fd);
    return;
  }
  socket->tls = tls_ && !arrival.control;
  if (!room_.add(*socket, fd)) perimeter_.remove(*socket);
}

bool NetLoop::hand_over(Socket& socket, int fd) {
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
  // The library closed `fd`; it called on_event() for that only if it had made a connection.
  if (perimeter_.size() == before) {
    room_.forget(socket);
    perimeter_.remove(socket);
  }
  return false;
}

void NetLoop::end_waiting(Socket& socket) {
  stop_watching(socket);
  room_.forget(socket);
  perimeter_.remove(socket);
}

void NetLoop::let_in() {
  for (int i = 0; i < kLocalPerTurn; ++i) {
    if (Socket* socket = room_.next(Lane::local); socket != nullptr) serve(*socket);
  }
  // One per lane, which keeps turns short for the WebSocket clients.
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

void NetLoop::end(Socket& socket) {
  if (socket.wsi == nullptr) return end_waiting(socket);
  socket.leaving = true;
  cut(socket.wsi);
}

void NetLoop::forget_socket(lws* wsi) {
  Socket* socket = socket_of(wsi);
  if (socket == nullptr) return;
  lws_set_opaque_user_data(wsi, nullptr);
  if (socket->upgraded) switchboard_.closed(socket->slot.slot);
  if (socket->resting) std::erase(resting_, socket);
  room_.forget(*socket);
  perimeter_.remove(*socket);
}

bool NetLoop::established(Socket& socket) {
  const ConnectionRef ref = switchboard_.opened(socket.wsi, peer_of(socket));
  if (!ref) {
    end(socket);
    return false;
  }
  socket.slot = ref;
  socket.upgraded = true;
  // The time for the handshake runs from accept on.
  std::uint64_t& deadline = hub_.table.deadline_ms[ref.slot];
  deadline = std::min(deadline, socket.accepted_ms + switchboard_.context().options.handshake_ms);
  return true;
}

int NetLoop::received(lws* wsi, std::span<unsigned char> bytes) {
  Socket* socket = socket_of(wsi);
  if (socket == nullptr) return -1;
  if (socket->leaving || socket->closing) return 0;
  if (socket->upgraded) {
    take_in(*socket, bytes);
    return 0;
  }
  // Heads are read inside only under TLS. Deadlines are the perimeter's, not the library's.
  lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
  socket->head.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!socket->resting && socket->out == nullptr) serve_inside(*socket);
  return 0;
}

void NetLoop::take_in(Socket& socket, std::span<unsigned char> bytes) {
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

void NetLoop::take_frame(Socket& socket, const Incoming& frame) {
  const std::uint32_t slot = socket.slot.slot;
  Connections& table = hub_.table;
  switch (frame.kind) {
    case Incoming::Kind::piece:
      switchboard_.received(
          slot, {.bytes = frame.bytes, .last = frame.last, .more_bytes = frame.more_bytes});
      if (ingress_.has_room() || table.flag(slot, connection_flag::kPaused)) return;
      if (paused_.empty()) switchboard_.context().shared.metrics.reading_paused.add();
      table.set(slot, connection_flag::kPaused);
      paused_.push_back(table.ref(slot));
      return;
    case Incoming::Kind::ping:
      if (hub_.writable(slot)) hub_.pong(slot, frame.bytes);
      return;
    case Incoming::Kind::pong:
      return switchboard_.ponged(slot);
    case Incoming::Kind::close:
      if (table.stage[slot] == Stage::closing) return end(socket);  // it answers ours
      switchboard_.peer_closed(slot, frame.code);
      return hub_.answer_close(slot, frame.code);
    case Incoming::Kind::fault:
      switchboard_.context().shared.metrics.frames_refused.add();
      if (table.stage[slot] == Stage::closing) return end(socket);
      return hub_.close(slot, frame.code, frame.bytes);
  }
}

int NetLoop::writable(lws* wsi) {
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

// ---- HTTP: a request's answer, and its way out without blocking others.

HttpTarget NetLoop::target_of(const Socket& socket) const {
  if (socket.wsi == nullptr) return {.descriptor = socket.outside.get()};
  return {.descriptor = static_cast<int>(lws_get_socket_fd(socket.wsi)),
          .tls = socket.tls ? lws_get_ssl(socket.wsi) : nullptr};
}

void NetLoop::serve(Socket& socket) {
  if (head_.read(room_.peek(socket)) == http::RequestHead::State::incomplete) {
    return end_waiting(socket);  // it was complete when it was queued
  }
  answer_head(socket);
}

void NetLoop::serve_inside(Socket& socket) {
  if (head_.read(socket.head) == http::RequestHead::State::incomplete) {
    lws_rx_flow_control(socket.wsi, 1);
    return;
  }
  answer_head(socket);
}

void NetLoop::refuse_head(Socket& socket) {
  const http::RequestHead::Refusal& refusal = head_.refusal();
  http::Response response = http::failure(refusal.status, refusal.type, refusal.message);
  response.allow = refusal.allow;
  // What follows is not looked at: where the next request would start is in doubt.
  respond(socket, std::move(response), {.head = head_.method() == "HEAD"});
}

void NetLoop::answer_head(Socket& socket) {
  if (head_.state() == http::RequestHead::State::refused) return refuse_head(socket);
  ServedRequest request = read_request(head_);
  if (socket.wsi == nullptr && desk_.is_hook(request)) return give_away(socket, request);
  if (socket.wsi == nullptr) {
    room_.take(socket, head_.bytes());
  } else {
    socket.head.erase(0, head_.bytes());
  }
  if (!request.websocket_key.empty()) return upgrade(socket, request);
  const bool head = request.method == "HEAD";
  if (!desk_.identify(socket, request, perimeter_)) {
    return respond(socket, too_many(), {.head = head});
  }
  http::Response response = desk_.answer(request, socket);
  // A connection inside (TLS) occupies a place that another one may be waiting for.
  const bool stays = request.keep_alive && (socket.wsi == nullptr || !room_.crowded());
  respond(socket, std::move(response), {.head = head, .keep_alive = stays});
}

void NetLoop::give_away(Socket& socket, ServedRequest& request) {
  if (!desk_.identify(socket, request, perimeter_)) return respond(socket, too_many(), {});
  UniqueFd fd = room_.give_away(socket);
  desk_.give_hook(std::move(fd), socket.address);
  perimeter_.remove(socket);
}

void NetLoop::upgrade(Socket& socket, ServedRequest& request) {
  http::Response confirmed = desk_.identify(socket, request, perimeter_)
                                 ? desk_.confirm_upgrade(request, socket)
                                 : too_many();
  if (confirmed.status != 200) return respond(socket, std::move(confirmed), {});
  HttpOut answer(http::switching_protocols(request.websocket_key), {}, 0, false);
  if (answer.pump(target_of(socket)) != HttpOut::Progress::done) return end(socket);
  if (socket.wsi == nullptr && !hand_over(socket, room_.enter(socket, hub_.now_ms()))) return;
  if (!established(socket)) return;
  apply_reading(socket.slot.slot);  // a pipelined request before it may have paused reading
  if (socket.head.empty()) return;
  std::string frames = std::move(socket.head);
  socket.head.clear();
  take_in(socket, {reinterpret_cast<unsigned char*>(frames.data()), frames.size()});
}

void NetLoop::respond(Socket& socket, http::Response response, http::RenderOptions options) {
  options.hsts = desk_.hsts();
  std::string text;
  http::render(response, options, text);
  const std::uint64_t file_bytes = options.head || !response.file ? 0 : response.file_bytes;
  auto out = std::make_unique<HttpOut>(std::move(text), std::move(response.file), file_bytes,
                                       options.keep_alive);
  const HttpTarget target = target_of(socket);
  const HttpOut::Progress progress = out->pump(target);
  if (progress == HttpOut::Progress::broken) return end(socket);
  if (progress == HttpOut::Progress::done) return after_response(socket, options.keep_alive);
  if (!full_.add(socket, target.descriptor)) return end(socket);
  socket.out = std::move(out);
  perimeter_.extend(socket, hub_.now_ms());
  // The next request waits until this one is answered.
  if (socket.wsi != nullptr) lws_rx_flow_control(socket.wsi, 0);
}

void NetLoop::after_response(Socket& socket, bool keep_alive) {
  if (!keep_alive) return leave(socket);
  // Its time starts anew, for a request or a handshake.
  socket.accepted_ms = hub_.now_ms();
  if (socket.wsi == nullptr) {
    perimeter_.await_head(socket, hub_.now_ms());
    if (!room_.again(socket)) end_waiting(socket);
    return;
  }
  perimeter_.extend(socket, hub_.now_ms());
  rest(socket);
}

void NetLoop::leave(Socket& socket) {
  perimeter_.await_end(socket, hub_.now_ms());
  if (socket.wsi == nullptr) {
    if (!room_.leave(socket)) end_waiting(socket);
    return;
  }
  half_close(target_of(socket));
  socket.leaving = true;
  socket.head.clear();
  lws_rx_flow_control(socket.wsi, 1);
}

void NetLoop::rest(Socket& socket) {
  lws_rx_flow_control(socket.wsi, 0);
  if (socket.resting) return;
  socket.resting = true;
  resting_.push_back(&socket);
}

void NetLoop::wake_rested() {
  for (int i = 0; i < kRequestsPerTurn && !resting_.empty(); ++i) {
    Socket& socket = *resting_.front();
    resting_.pop_front();
    socket.resting = false;
    serve_inside(socket);
  }
}

void NetLoop::continue_response(Socket& socket) {
  const HttpTarget target = target_of(socket);
  const std::uint64_t before = socket.out->written();
  const HttpOut::Progress progress = socket.out->pump(target);
  if (socket.out->written() != before) perimeter_.extend(socket, hub_.now_ms());
  if (progress == HttpOut::Progress::blocked || progress == HttpOut::Progress::turn) return;
  full_.remove(target.descriptor);
  const bool keep_alive = socket.out->keep_alive();
  socket.out.reset();
  if (progress == HttpOut::Progress::done) return after_response(socket, keep_alive);
  end(socket);
}

}  // namespace spine::net
