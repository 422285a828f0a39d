// Loop: libwebsockets on its thread, between sockets and the Gateway.
#pragma once

#include <atomic>
#include <cstdint>
#include <libwebsockets.h>
#include <memory>
#include <string>
#include <vector>

#include "adapters/websocket/gateway.h"
#include "adapters/websocket/listener.h"
#include "engine/pipeline/outbox.h"

namespace spine::net {

// Thread: net, but for create(), wake() and request_stop().
class Loop {
 public:
  // `sockets` become the loop's. References outlive it. Errors: io.
  static Result<std::unique_ptr<Loop>> create(Gateway& gateway, pipeline::IngressProducer& ingress,
                                              ListeningSockets sockets);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Returns after request_stop(), when the connections are gone or had their time.
  void run(pipeline::Outbox& outbox);
  // Thread: any.
  void request_stop();
  // Thread: any. The only thing libwebsockets allows from other threads.
  void wake();

  // Thread: net, from the library.
  int on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t bytes);

 private:
  Loop(Gateway& gateway, pipeline::IngressProducer& ingress);
  Status open_context();
  Status adopt(const ListeningSockets& sockets);

  // Times are read once per turn, by whoever needs them first.
  void start_turn();
  void finish_turn();
  void drain_outbox();
  void schedule_timer();
  bool finished() const;

  // Events of the listening sockets and of HTTP.
  void accept_connections(lws* wsi);
  int confirm_upgrade(lws* wsi, const char* protocol);
  int serve_http(lws* wsi);
  int respond(lws* wsi, const std::string& text, bool keep_alive);
  // Events of WebSocket connections.
  int established(lws* wsi, void* user);
  int received(lws* wsi, std::uint32_t slot, std::string_view bytes);
  int peer_closes(std::uint32_t slot, std::string_view payload);

  int writable(std::uint32_t slot);
  // False when the connection broke.
  bool write_out(std::uint32_t slot);
  void flush();
  void cut(std::uint32_t slot);
  // The library holds what the peer did not take. Until that is gone nothing more is written to it
  // and nothing is read from it: version 4.1.6 of the library never returns from its service loop
  // when the peer closes such a connection and it notices by reading.
  void block(std::uint32_t slot);
  // Tells the library whether to read from the connection, by its flags.
  void apply_reading(std::uint32_t slot);
  void resume_reading();

  Gateway& gateway_;
  Hub& hub_;
  pipeline::IngressProducer& ingress_;
  pipeline::Outbox* outbox_{};
  lws_context* context_{};
  Acceptor acceptor_{};
  std::vector<ConnectionRef> paused_{};
  std::vector<std::uint32_t> writing_{};  // dirty slots of this turn
  lws_sorted_usec_list_t timer_{};
  std::uint64_t timer_ms_{};  // when it fires, 0 = not set
  std::uint64_t stop_deadline_ms_{};
  bool in_turn_{};
  std::atomic<bool> stop_{false};
};

}  // namespace spine::net
