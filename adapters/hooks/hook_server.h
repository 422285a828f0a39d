// HookServer: the webhooks of channels over HTTP: one request a connection, read, handed in and
// answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/channels/interface/webhook.h"
#include "adapters/hooks/hook_connection.h"
#include "adapters/loop/timer.h"
#include "schemas/vocab/addresses.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

struct evconnlistener;

namespace spine::hooks {

// An address of before that leads to an account, as OpenClaw's webhookPath does. Only where it
// listens itself.
struct HookAlias {
  std::string path{};
  std::string channel{};
  std::string account{};
};

// Connections come from the gateway's own server, which gives away those whose request is for a
// webhook, or from a listener of its own, which serves nothing else. Bounded by limits::kHook...:
// beyond them whoever sends slowest is cut, or the request is refused with 503. Thread: that of
// `base`, but for take().
class HookServer {
 public:
  using OnRequest = std::function<void(const channels::Webhook&, channels::AnswerWebhook)>;

  // `base` outlives it. Errors: io.
  static Result<std::unique_ptr<HookServer>> create(event_base* base, OnRequest on_request);
  ~HookServer();
  HookServer(const HookServer&) = delete;
  HookServer& operator=(const HookServer&) = delete;

  // Listens at an IP address; port 0 = any that is free. Others than this machine and `proxies`
  // (addresses and ranges that terminate TLS) are not served. Errors: invalid_argument, io.
  Status listen(std::string_view address, std::uint16_t port,
                const std::vector<std::string>& proxies);
  // "127.0.0.1:8787", or empty when it does not listen.
  const std::string& listens_at() const { return listens_at_; }
  void set_aliases(std::vector<HookAlias> aliases) { aliases_ = std::move(aliases); }
  // Takes over a connection with its request still to be read. False when it cannot: `fd` is as
  // before. Thread: any, until stop().
  bool take(UniqueFd& fd, std::string_view address);
  // Takes nothing more, and ends every connection.
  void stop();

 private:
  struct FreeListener {
    void operator()(evconnlistener* listener) const;
  };
  struct Taken;  // what goes through the pipe

  HookServer(event_base* base, OnRequest on_request);
  Status open_pipe();
  void read_pipe();
  void open(UniqueFd fd, std::string_view address);
  bool make_room();
  void advance(HookConnection& connection);
  void hand_in(HookConnection& connection);
  void answer(std::uint64_t id, int status, std::string_view text);
  void respond(HookConnection& connection, const http::Response& response);
  void end(HookConnection& connection);
  void check_times();

  static void on_accept(evconnlistener*, evutil_socket_t fd, sockaddr* peer, int, void* self);
  static void on_accept_fault(evconnlistener* listener, void* self);
  static void on_pipe(evutil_socket_t, short, void* self);
  static void on_readable(evutil_socket_t, short, void* connection);

  event_base* base_;
  OnRequest on_request_;
  UniqueFd pipe_out_{};
  UniqueFd pipe_in_{};
  loop::EventPtr pipe_event_{};
  std::unique_ptr<evconnlistener, FreeListener> listener_{};
  std::string listens_at_{};
  std::vector<IpRange> proxies_{};
  std::vector<HookAlias> aliases_{};
  std::map<std::uint64_t, std::unique_ptr<HookConnection>> connections_{};  // oldest first
  std::uint64_t last_id_{};
  std::size_t bytes_{};  // that the connections hold
  loop::Timer timer_;
  std::shared_ptr<HookServer*> self_;  // gone = answers come too late
};

}  // namespace spine::hooks
