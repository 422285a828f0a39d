// The turns of the net thread, its sockets' output, and what libwebsockets reports: connections,
// requests, messages, closes.
#include "adapters/websocket/loop.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "adapters/websocket/net_log.h"
#include "schemas/vocab/check.h"

namespace spine::net {
namespace {

// What one recv takes, into one buffer of all connections; what of it a connection may not say yet
// is kept with it.
constexpr unsigned kServiceBytes = 16 * limits::kKiB;
// What one send is given.
constexpr std::size_t kWriteBytes = 128 * limits::kKiB;
// The library's own patience, longer than the perimeter's: that one counts whom it cuts.
constexpr unsigned kTlsSeconds = 20;
constexpr std::uint64_t kStopMs = 1'500;  // for peers to answer our close frames

constexpr int kAcceptsPerTurn = 2;  // the rest waits in the kernel's queue
constexpr int kLocalPerTurn = 4;    // of the person at the machine; the rest waits, as all do

static_assert(FrameBuffer::kFrontBytes >= LWS_PRE);

std::uint64_t boottime_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

std::int64_t wall_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

extern "C" int spine_net_event(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                               std::size_t bytes) {
  auto* loop = static_cast<Loop*>(lws_context_user(lws_get_context(wsi)));
  return loop == nullptr ? 0 : loop->on_event(wsi, reason, user, in, bytes);
}

// The turn looks at the clock itself. A timer that is due before the library sleeps is called and
// the library sleeps all the same: it is woken, or the turn would be missed.
extern "C" void spine_net_timer(lws_sorted_usec_list_t* list) {
  lws_cancel_service(reinterpret_cast<Loop::Timer*>(list)->context);
}

extern "C" void spine_net_log(int, const char* line) {
  std::string_view text{line};
  while (!text.empty() && text.back() == '\n')
    text.remove_suffix(1);
  kLog.debug("libwebsockets: {}", text);
}

http::Site site_of(const NetOptions& options) {
  std::array<char, 256> hostname{};
  if (::gethostname(hostname.data(), hostname.size() - 1) != 0) hostname[0] = '\0';
  http::SiteOptions site{.addresses = options.addresses,
                         .origins = options.allowed_origins,
                         .hostname = hostname.data(),
                         .tls = options.tls.enabled()};
  if (!options.public_origin.empty()) site.origins.push_back(options.public_origin);
  return http::make_site(site);
}

// The library speaks neither HTTP nor WebSocket here: what it is given are sockets without a role
// (raw) and descriptors to watch. Given HTTP, it binds an upgrade to whichever of these a client
// names in Sec-WebSocket-Protocol, and its reader of heads takes for two requests what others take
// for one: never adopt anything with LWS_ADOPT_HTTP.
const lws_protocols kProtocols[] = {{"socket", spine_net_event, 0, 0, 0, nullptr, kWriteBytes},
                                    {"watched", spine_net_event, 0, 0, 0, nullptr, 0},
                                    {nullptr, nullptr, 0, 0, 0, nullptr, 0}};

}  // namespace

Loop::Loop(Gateway& gateway, pipeline::IngressProducer& ingress)
    : gateway_(gateway),
      hub_(gateway.hub()),
      ingress_(ingress),
      tls_(gateway.context().options.tls.enabled()),
      site_(site_of(gateway.context().options)),
      proxies_(gateway.context().options.trusted_proxies),
      control_ui_(gateway.context().options.control_ui.base_path,
                  gateway.context().options.control_ui.root),
      perimeter_(gateway.context().shared.metrics, gateway.context().options.handshake_ms) {}

Loop::~Loop() {
  if (context_ != nullptr) lws_context_destroy(context_);
}

Result<std::unique_ptr<Loop>> Loop::create(Gateway& gateway, pipeline::IngressProducer& ingress,
                                           ListeningSockets sockets) {
  std::unique_ptr<Loop> loop{new Loop(gateway, ingress)};
  loop->start_turn();
  SPINE_TRY_STATUS(loop->open_context());
  for (const int descriptor : sockets.descriptors)
    SPINE_TRY_STATUS(loop->adopt(descriptor));
  loop->writers_ = UniqueFd{::epoll_create1(EPOLL_CLOEXEC)};
  if (!loop->writers_) return Error{Errc::io, "epoll could not be started."};
  SPINE_TRY_STATUS(loop->watch(loop->writers_.get(), loop->writers_watch_));
  SPINE_TRY_STATUS(loop->room_.open());
  SPINE_TRY_STATUS(loop->watch(loop->room_.descriptor(), loop->room_watch_));
  loop->in_turn_ = false;
  loop->hub_.set_writer([loop = loop.get()] {
    if (loop->may_write_) loop->flush();
  });
  return loop;
}

Status Loop::open_context() {
  const TlsFiles& tls = gateway_.context().options.tls;
  if (tls_) SPINE_TRY_STATUS(check_tls(tls));
  lws_set_log_level(LLL_ERR, spine_net_log);
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

Status Loop::adopt(int descriptor) {
  lws_sock_file_fd_type adopted{};
  adopted.filefd = descriptor;
  if (vhost_ == nullptr || lws_adopt_descriptor_vhost(vhost_, LWS_ADOPT_RAW_FILE_DESC, adopted,
                                                      "watched", nullptr) == nullptr) {
    return Error{Errc::io, "libwebsockets did not take a listening socket."};
  }
  return ok();
}

Status Loop::watch(int epoll, int& number) {
  // The library closes what it adopted: it gets a number of its own.
  number = ::fcntl(epoll, F_DUPFD_CLOEXEC, 0);
  if (number < 0) return Error{Errc::io, "epoll could not be started."};
  return adopt(number);
}

Status Loop::listen_control(int descriptor) {
  SPINE_TRY_STATUS(adopt(descriptor));
  control_listener_ = descriptor;
  return ok();
}

void Loop::wake() {
  lws_cancel_service(context_);
}

void Loop::request_stop() {
  stop_.store(true, std::memory_order_release);
  wake();
}

void Loop::start_turn() {
  if (in_turn_) return;
  in_turn_ = true;
  if (outbox_ != nullptr) outbox_->awake();
  gateway_.begin_turn(boottime_ms(), wall_ms());
}

void Loop::run(pipeline::Outbox& outbox) {
  outbox_ = &outbox;
  while (!finished()) {
    // Who waits for a turn gets one at once: nothing else may happen that would wake this thread.
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
}

void Loop::finish_turn() {
  may_write_ = true;
  drain_outbox();
  if (stop_.load(std::memory_order_acquire)) gateway_.stop("stopping");
  if (gateway_.stopping() && stop_deadline_ms_ == 0) stop_deadline_ms_ = hub_.now_ms() + kStopMs;
  gateway_.run_timers();
  resume_reading();
  let_in();
  wake_rested();
  // Behind whatever may have taken something in: inputs and frames of this turn go out in it.
  gateway_.end_turn();
  end_flush();
  guard_perimeter();
  schedule_timer();
  in_turn_ = false;
}

void Loop::drain_outbox() {
  while (pipeline::OutBlock* block = outbox_->poll()) {
    block->for_each([this](const pipeline::OutHeader& header, ByteSpan payload) {
      gateway_.item(header, payload);
    });
    outbox_->release(block);
  }
}

void Loop::schedule_timer() {
  std::uint64_t due = gateway_.next_timer_ms();
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

void Loop::guard_perimeter() {
  perimeter_.check(hub_.now_ms());
  gone_.swap(perimeter_.doomed());
  for (Socket* socket : gone_) {
    if (socket->wsi == nullptr) {
      end_waiting(*socket);
    } else {
      room_.forget(*socket);
      lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    }
  }
  gone_.clear();
}

bool Loop::finished() const {
  return stop_deadline_ms_ != 0 && (hub_.table.count() == 0 || hub_.now_ms() >= stop_deadline_ms_);
}

void Loop::flush() {
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
    if (hub_.table.flag(slot, connection_flag::kDoomed) || !write_out(slot)) cut(slot);
    offered_.push_back(slot);
  }
  writing_.clear();
}

// What is left now was offered, and the sockets had no room for it.
void Loop::end_flush() {
  flush();
  may_write_ = false;
  for (const std::uint32_t slot : offered_) {
    if (hub_.table.stage[slot] != Stage::free) hub_.offered(slot);
  }
  offered_.clear();
}

bool Loop::write_out(std::uint32_t slot) {
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
  // Both sides have closed, or one is not listened to any more: the other end of the connection
  // sees that nothing more comes, and closes it.
  Socket* socket = socket_of(wsi);
  if (hub_.table.stage[slot] == Stage::closing && socket != nullptr && socket->frames.over() &&
      !hub_.table.flag(slot, connection_flag::kBlocked)) {
    half_close(target_of(*socket));
  }
  return true;
}

void Loop::cut(std::uint32_t slot) {
  lws_set_timeout(hub_.table.wsi[slot], PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

void Loop::block(std::uint32_t slot) {
  hub_.table.set(slot, connection_flag::kBlocked);
  lws_callback_on_writable(hub_.table.wsi[slot]);
  apply_reading(slot);
}

void Loop::apply_reading(std::uint32_t slot) {
  const bool reading = !hub_.table.flag(slot, connection_flag::kNotReading);
  lws_rx_flow_control(hub_.table.wsi[slot], reading ? 1 : 0);
}

void Loop::resume(std::uint32_t slot) {
  Socket* socket = socket_of(hub_.table.wsi[slot]);
  if (socket != nullptr && !socket->unread.empty() &&
      !hub_.table.flag(slot, connection_flag::kNotReading)) {
    std::string bytes = std::move(socket->unread);
    socket->unread.clear();
    take_in(*socket, {reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
  }
  apply_reading(slot);
}

void Loop::resume_reading() {
  resumed_.clear();
  resumed_.swap(gateway_.context().resumed);
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
