// HookServer: connections from the pipe and the listener, their requests, answers and ends.
#include "adapters/hooks/hook_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <event2/listener.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "adapters/http/guard.h"
#include "adapters/http/hook_path.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"

namespace spine::hooks {
namespace {

constexpr log::Logger kLog{"channels"};
constexpr timeval kTick = loop::in_ms(250);  // while there are connections
constexpr std::uint64_t kLeavingMs = 2'000;  // for a peer to read the answer and to close
constexpr int kBacklog = 128;
constexpr std::size_t kReadBytes = 16 * limits::kKiB;
constexpr int kReadsPerTurn = 8;

http::Response not_found() {
  return http::failure(404, "not_found", "There is nothing at this address.");
}

http::Response busy() {
  http::Response response =
      http::failure(503, "unavailable", "Too many requests are open. Send it again.");
  response.retry_after_s = 1;
  return response;
}

std::string text_of(const http::Response& response) {
  std::string text;
  http::render(response, {}, text);
  return text;
}

// A socket that does not take an answer of a few hundred bytes at once is not worth waiting for.
bool send_all(int fd, std::string_view text) {
  return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(text.size());
}

std::string_view type_of(int status) {
  if (status == 401) return "unauthorized";
  if (status == 404) return "not_found";
  if (status == 405) return "method_not_allowed";
  return status >= 500 ? "unavailable" : "invalid_request";
}

}  // namespace

// Written whole: it is smaller than what a pipe takes in one piece.
struct HookServer::Taken {
  int fd{};
  std::array<char, 60> address{};
};

void HookServer::FreeListener::operator()(evconnlistener* listener) const {
  evconnlistener_free(listener);
}

HookServer::HookServer(event_base* base, OnRequest on_request)
    : base_(base),
      on_request_(std::move(on_request)),
      timer_(
          base, [this] { check_times(); }, loop::Timer::Again::yes),
      self_(std::make_shared<HookServer*>(this)) {}

HookServer::~HookServer() {
  stop();
}

Result<std::unique_ptr<HookServer>> HookServer::create(event_base* base, OnRequest on_request) {
  std::unique_ptr<HookServer> server(new HookServer(base, std::move(on_request)));
  SPINE_TRY_STATUS(server->open_pipe());
  return server;
}

Status HookServer::open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) {
    return Error{Errc::io, "The kernel gives no pipe for webhooks."};
  }
  pipe_out_ = UniqueFd{ends[0]};
  pipe_in_ = UniqueFd{ends[1]};
  pipe_event_.reset(event_new(base_, pipe_out_.get(), EV_READ | EV_PERSIST, &on_pipe, this));
  if (pipe_event_ == nullptr || event_add(pipe_event_.get(), nullptr) != 0) {
    return Error{Errc::io, "libevent does not watch the pipe of webhooks."};
  }
  return ok();
}

Status HookServer::listen(std::string_view address, std::uint16_t port,
                          const std::vector<std::string>& proxies) {
  const auto ip = parse_ip(address);
  if (!ip) {
    return Error{Errc::invalid_argument,
                 fmt::format("\"{}\" is not an IP address to listen on for webhooks.", address)};
  }
  for (const std::string& range : proxies) {
    if (const auto parsed = parse_ip_range(range)) proxies_.push_back(*parsed);
  }
  sockaddr_storage storage{};
  socklen_t bytes = to_sockaddr(*ip, port, storage);
  listener_.reset(evconnlistener_new_bind(
      base_, &on_accept, this, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
      kBacklog, reinterpret_cast<const sockaddr*>(&storage), static_cast<int>(bytes)));
  if (listener_ == nullptr) {
    return Error{Errc::io, fmt::format("Cannot listen on {} for webhooks: {}. Choose another "
                                       "channels.telegram.webhookPort, or none.",
                                       show_host_port(show_ip(*ip), port),
                                       std::generic_category().message(errno))};
  }
  evconnlistener_set_error_cb(listener_.get(), &on_accept_fault);
  bytes = sizeof storage;
  ::getsockname(evconnlistener_get_fd(listener_.get()), reinterpret_cast<sockaddr*>(&storage),
                &bytes);
  listens_at_ = show_host_port(show_ip(*ip), port_of(storage));
  return ok();
}

bool HookServer::take(UniqueFd& fd, std::string_view address) {
  Taken taken{.fd = fd.get()};
  std::copy_n(address.begin(), std::min(address.size(), taken.address.size() - 1),
              taken.address.begin());
  if (::write(pipe_in_.get(), &taken, sizeof taken) != sizeof taken) return false;
  [[maybe_unused]] const int theirs = fd.release();
  return true;
}

void HookServer::on_pipe(evutil_socket_t, short, void* self) {
  static_cast<HookServer*>(self)->read_pipe();
}

void HookServer::read_pipe() {
  Taken taken{};
  while (::read(pipe_out_.get(), &taken, sizeof taken) == sizeof taken)
    open(UniqueFd{taken.fd}, taken.address.data());
}

void HookServer::on_accept(evconnlistener*, evutil_socket_t fd, sockaddr* peer, int, void* self) {
  auto& server = *static_cast<HookServer*>(self);
  UniqueFd accepted{fd};
  const auto ip = ip_of(*peer);
  const bool known =
      ip && (is_loopback(*ip) || std::ranges::any_of(server.proxies_, [&](const IpRange& range) {
               return contains(range, *ip);
             }));
  // As at the gateway's own port: without TLS others must come through a proxy that terminates it.
  if (known) server.open(std::move(accepted), show_ip(*ip));
}

// No descriptor is left. It is looked again with the next tick.
void HookServer::on_accept_fault(evconnlistener* listener, void* self) {
  kLog.error("webhooks: no connection is accepted for a moment: {}",
             std::generic_category().message(errno));
  evconnlistener_disable(listener);
  static_cast<HookServer*>(self)->timer_.start(kTick);
}

void HookServer::open(UniqueFd fd, std::string_view address) {
  if (pipe_event_ == nullptr) return;  // it is stopped
  if (connections_.size() >= limits::kHooksOpenMax && !make_room()) {
    send_all(fd.get(), text_of(busy()));
    return;
  }
  auto made = std::make_unique<HookConnection>();
  HookConnection& connection = *made;
  connection.server = this;
  connection.id = ++last_id_;
  connection.fd = std::move(fd);
  connection.address = address;
  connection.own_listener = listener_ != nullptr;
  connection.deadline_ms = pipeline::boottime_now_ms() + limits::kHookReadMs;
  connection.event.reset(
      event_new(base_, connection.fd.get(), EV_READ | EV_PERSIST, &on_readable, made.get()));
  if (connection.event == nullptr || event_add(connection.event.get(), nullptr) != 0) return;
  connections_[connection.id] = std::move(made);
  if (!timer_.runs()) timer_.start(kTick);
}

// Cuts the oldest one that is still sending, or has had its answer.
bool HookServer::make_room() {
  const auto found = std::ranges::find_if(connections_, [](const auto& entry) {
    return entry.second->stage != HookConnection::Stage::waiting;
  });
  if (found == connections_.end()) return false;
  end(*found->second);
  return true;
}

void HookServer::on_readable(evutil_socket_t, short, void* connection) {
  auto& self = *static_cast<HookConnection*>(connection);
  self.server->advance(self);
}

void HookServer::advance(HookConnection& connection) {
  using Stage = HookConnection::Stage;
  std::array<char, kReadBytes> buffer;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t count = ::recv(connection.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (count <= 0) {
      // One that has sent all it had to say may still read.
      if (count < 0 || connection.stage != Stage::waiting) return end(connection);
      event_del(connection.event.get());
      return;
    }
    if (connection.stage != Stage::reading) continue;  // thrown away
    const std::size_t before = connection.bytes();
    const auto judged = connection.read({buffer.data(), static_cast<std::size_t>(count)});
    bytes_ += connection.bytes() - before;
    if (judged) {
      return judged->status == 200 ? hand_in(connection) : respond(connection, *judged);
    }
    if (bytes_ > limits::kHookBytesAllMax) return respond(connection, busy());
    if (std::exchange(connection.wants_continue, false))
      send_all(connection.fd.get(), "HTTP/1.1 100 Continue\r\n\r\n");
  }
}

void HookServer::hand_in(HookConnection& connection) {
  const http::RequestHead& head = connection.head;
  const auto alias = std::ranges::find(aliases_, head.path(), &HookAlias::path);
  const auto path = http::parse_hook_path(head.path());
  const bool known = connection.own_listener && alias != aliases_.end();
  if (!known && !path) return respond(connection, not_found());
  const std::string type =
      lower_case(trimmed(std::string_view(head.field(http::Field::content_type))
                             .substr(0, head.field(http::Field::content_type).find(';')),
                         " \t"));
  const channels::Webhook webhook{
      .channel = known ? std::string_view(alias->channel) : path->channel,
      .account = known ? std::string_view(alias->account) : path->account,
      .method = head.method(),
      .query = head.query(),
      .content_type = type,
      .body = connection.body->body(),
      .address = connection.address,
      .telegram_secret = head.field(http::Field::telegram_secret),
      .hub_signature = head.field(http::Field::hub_signature)};
  connection.stage = HookConnection::Stage::waiting;
  connection.deadline_ms = pipeline::boottime_now_ms() + limits::kHookAnswerMs;
  // It may be answered at once, and be gone then.
  on_request_(webhook,
              [self = std::weak_ptr(self_), id = connection.id](int status, std::string_view text) {
                if (const auto server = self.lock()) (*server)->answer(id, status, text);
              });
}

void HookServer::answer(std::uint64_t id, int status, std::string_view text) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  HookConnection& connection = *found->second;
  if (connection.stage != HookConnection::Stage::waiting) return;
  if (status == 200) {
    return respond(connection,
                   {.content_type = "text/plain; charset=utf-8", .body = std::string(text)});
  }
  if (status == 404) return respond(connection, not_found());
  http::Response response = http::failure(status, type_of(status), text);
  if (status == 405) response.allow = "POST";
  if (status == 503) response.retry_after_s = 1;
  respond(connection, response);
}

void HookServer::respond(HookConnection& connection, const http::Response& response) {
  if (!send_all(connection.fd.get(), text_of(response))) return end(connection);
  ::shutdown(connection.fd.get(), SHUT_WR);
  connection.stage = HookConnection::Stage::leaving;
  connection.deadline_ms = pipeline::boottime_now_ms() + kLeavingMs;
  // What still comes is thrown away: closing with unread bytes may take the answer with it.
  event_add(connection.event.get(), nullptr);
}

void HookServer::end(HookConnection& connection) {
  bytes_ -= std::min(bytes_, connection.bytes());
  connections_.erase(connection.id);
}

void HookServer::check_times() {
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  for (auto next = connections_.begin(); next != connections_.end();) {
    HookConnection& connection = *(next++)->second;
    if (connection.deadline_ms > now_ms) continue;
    switch (connection.stage) {
      case HookConnection::Stage::reading:
        respond(connection, http::failure(408, "timeout", "The request did not arrive in time."));
        break;
      case HookConnection::Stage::waiting:
        respond(connection, http::failure(504, "timeout",
                                          "The journal did not take it in time. Send it again."));
        break;
      case HookConnection::Stage::leaving:
        end(connection);
        break;
    }
  }
  if (listener_ != nullptr) evconnlistener_enable(listener_.get());
  if (connections_.empty()) timer_.stop();
}

void HookServer::stop() {
  if (pipe_event_ == nullptr) return;
  listener_.reset();
  pipe_event_.reset();
  timer_.stop();
  connections_.clear();
  bytes_ = 0;
  Taken taken{};
  while (::read(pipe_out_.get(), &taken, sizeof taken) == sizeof taken)
    UniqueFd{taken.fd};
}

}  // namespace spine::hooks
