// The turns of the net thread and its sockets' output.
#include "adapters/websocket/loop.h"

#include <ctime>
#include <unistd.h>

#include "adapters/websocket/net_log.h"
#include "schemas/vocab/check.h"

namespace spine::net {
namespace {

// What one recv takes. libwebsockets allocates as much per connection, so it bounds what an idle
// one costs (measured: 9.6 KiB each with 8 KiB, 17.2 KiB with 16 KiB, and no faster).
constexpr std::size_t kReadBytes = 8 * limits::kKiB;
constexpr unsigned kServiceBytes = 16 * limits::kKiB;  // HTTP headers of ours, handshakes
// What one send is given.
constexpr std::size_t kWriteBytes = 128 * limits::kKiB;
constexpr unsigned kHeaderTables = 256;  // HTTP requests being read at once
constexpr unsigned kHeaderBytes = 4 * limits::kKiB;
constexpr unsigned kHttpSeconds = 15;
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

extern "C" void spine_net_timer(lws_sorted_usec_list_t*) {}  // the turn looks at the clock itself

extern "C" void spine_net_log(int, const char* line) {
  std::string_view text{line};
  while (!text.empty() && text.back() == '\n')
    text.remove_suffix(1);
  kLog.debug("libwebsockets: {}", text);
}

const lws_protocols kProtocols[] = {
    {"http", spine_net_event, sizeof(ConnectionRef), kReadBytes, 0, nullptr, kWriteBytes},
    {"listener", spine_net_event, 0, 0, 0, nullptr, 0},
    {nullptr, nullptr, 0, 0, 0, nullptr, 0}};

}  // namespace

Loop::Loop(Gateway& gateway, pipeline::IngressProducer& ingress)
    : gateway_(gateway), hub_(gateway.hub()), ingress_(ingress) {}

Loop::~Loop() {
  if (context_ != nullptr) lws_context_destroy(context_);
}

Result<std::unique_ptr<Loop>> Loop::create(Gateway& gateway, pipeline::IngressProducer& ingress,
                                           ListeningSockets sockets) {
  std::unique_ptr<Loop> loop{new Loop(gateway, ingress)};
  loop->start_turn();
  SPINE_TRY_STATUS(loop->open_context());
  SPINE_TRY_STATUS(loop->adopt(sockets));
  loop->in_turn_ = false;
  return loop;
}

Status Loop::open_context() {
  lws_set_log_level(LLL_ERR, spine_net_log);
  lws_context_creation_info info{};
  info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
  info.protocols = kProtocols;
  info.gid = static_cast<decltype(info.gid)>(-1);
  info.uid = static_cast<decltype(info.uid)>(-1);
  info.user = this;
  info.alpn = "http/1.1";
  info.pt_serv_buf_size = kServiceBytes;
  info.max_http_header_pool = kHeaderTables;
  info.max_http_header_data = kHeaderBytes;
  info.timeout_secs = kHttpSeconds;
  context_ = lws_create_context(&info);
  if (context_ == nullptr) return Error{Errc::io, "libwebsockets could not be started."};
  return ok();
}

Status Loop::adopt(const ListeningSockets& sockets) {
  lws_vhost* vhost = lws_get_vhost_by_name(context_, "default");
  for (const int fd : sockets.descriptors) {
    lws_sock_file_fd_type descriptor{};
    descriptor.filefd = fd;
    if (vhost == nullptr || lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor,
                                                       "listener", nullptr) == nullptr) {
      return Error{Errc::io, "libwebsockets did not take the listening socket."};
    }
  }
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
    const bool work = outbox.about_to_sleep();
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
  drain_outbox();
  if (stop_.load(std::memory_order_acquire)) gateway_.stop("stopping");
  if (gateway_.stopping() && stop_deadline_ms_ == 0) stop_deadline_ms_ = hub_.now_ms() + kStopMs;
  gateway_.run_timers();
  gateway_.end_turn();
  flush();
  resume_reading();
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
  if (stop_deadline_ms_ != 0 && (due == 0 || due > stop_deadline_ms_)) due = stop_deadline_ms_;
  if (due == 0 || (due == timer_ms_ && timer_ms_ > hub_.now_ms())) return;
  timer_ms_ = due;
  const std::uint64_t wait_ms = due > hub_.now_ms() ? due - hub_.now_ms() : 1;
  lws_sul_schedule(context_, 0, &timer_, spine_net_timer,
                   static_cast<lws_usec_t>(wait_ms * LWS_US_PER_MS));
}

bool Loop::finished() const {
  return stop_deadline_ms_ != 0 && (hub_.table.count() == 0 || hub_.now_ms() >= stop_deadline_ms_);
}

void Loop::flush() {
  writing_.swap(hub_.dirty());
  for (const std::uint32_t slot : writing_) {
    hub_.table.unset(slot, connection_flag::kDirty);
    if (hub_.table.stage[slot] == Stage::free) continue;
    if (hub_.table.flag(slot, connection_flag::kDoomed) || !write_out(slot)) cut(slot);
  }
  writing_.clear();
}

bool Loop::write_out(std::uint32_t slot) {
  lws* wsi = hub_.table.wsi[slot];
  while (hub_.table.out[slot] != nullptr) {
    FrameBuffer& out = *hub_.table.out[slot];
    if (hub_.table.flag(slot, connection_flag::kBlocked)) return true;
    const auto bytes = out.next(kWriteBytes);
    // LWS_WRITE_HTTP: bytes go out as they are, framing is ours.
    if (lws_write(wsi, bytes.data(), bytes.size(), LWS_WRITE_HTTP) < 0) return false;
    const bool held = lws_partial_buffered(wsi) != 0;
    hub_.written(slot, bytes.size(), held ? bytes.size() : 0);
    if (held) block(slot);
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

void Loop::resume_reading() {
  for (const std::uint32_t slot : gateway_.context().resumed) {
    if (hub_.table.stage[slot] != Stage::free) apply_reading(slot);
  }
  gateway_.context().resumed.clear();
  if (paused_.empty() || !ingress_.has_room()) return;
  for (const ConnectionRef ref : paused_) {
    if (!hub_.table.live(ref)) continue;
    hub_.table.unset(ref.slot, connection_flag::kPaused);
    apply_reading(ref.slot);
  }
  paused_.clear();
}

}  // namespace spine::net
