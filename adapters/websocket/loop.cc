// The turns of the net thread and its sockets' output.
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

}  // namespace spine::net
