// NetLoop: the event loop of the net thread: libwebsockets between sockets and the Switchboard.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <libwebsockets.h>
#include <memory>
#include <span>
#include <vector>

#include "adapters/http/request_head.h"
#include "adapters/http/routes.h"
#include "adapters/websocket/net/http_desk.h"
#include "adapters/websocket/net/http_out.h"
#include "adapters/websocket/net/listener.h"
#include "adapters/websocket/net/perimeter.h"
#include "adapters/websocket/net/switchboard.h"
#include "adapters/websocket/net/waiting_room.h"
#include "engine/pipeline/queues/outbox.h"
#include "engine/pipeline/queues/wakeup.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::net {

// Thread: net, but for create(), wake() and request_stop().
class NetLoop {
 public:
  // `sockets` become the loop's. References outlive it. Errors: io; invalid_argument for what
  // OpenSSL says of certificate and key.
  static Result<std::unique_ptr<NetLoop>> create(Switchboard& switchboard,
                                                 pipeline::IngressProducer& ingress,
                                                 ListeningSockets sockets);
  ~NetLoop();
  // Also serves the control socket `descriptor`. REQUIRES: run() was not called. Errors: io.
  Status listen_control(int descriptor);
  NetLoop(const NetLoop&) = delete;
  NetLoop& operator=(const NetLoop&) = delete;

  // Returns after request_stop(), when all connections are gone or their time to close is over.
  void run(pipeline::Outbox& outbox);
  // Thread: any.
  void request_stop() {
    stop_.store(true, std::memory_order_release);
    wake();
  }
  // See NetServer. False when it took too long. REQUIRES: run() was called, or is about to be.
  bool hand_in_rest() {
    if (!hand_in_asked_.exchange(true)) wake();
    for (int waits = 0; waits < 10 && !handed_in_.load(); ++waits)
      hand_in_wait_.wait([this] { return handed_in_.load(); }, 50);
    return handed_in_.load();
  }
  // Thread: any. The only thing libwebsockets allows from other threads.
  void wake() { lws_cancel_service(context_); }

  // Thread: net, from the library.
  int on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t bytes);

  // The library's timer with what its callback needs; `list` is first.
  struct Timer {
    lws_sorted_usec_list_t list{};
    lws_context* context{};
  };

 private:
  NetLoop(Switchboard& switchboard, pipeline::IngressProducer& ingress);
  Status open_context();
  Status adopt(int descriptor);
  // Lets the library watch an epoll of ours; `number` gets the duplicate that the library owns.
  Status watch(int epoll, int& number);

  // Times are read once per turn, by whoever needs them first.
  void start_turn();
  void finish_turn();
  void drain_outbox();
  void schedule_timer();
  bool finished() const;
  void end_hand_in() {
    handed_in_.store(true);
    hand_in_wait_.wake();
  }

  // Sockets, from accept to their end.
  void accept_connections(lws* wsi);
  // Takes ownership of `fd`.
  void take(int fd, const Arrival& arrival);
  // Hands the connection over to the library. False when it refuses: then both are gone.
  bool hand_over(Socket& socket, int fd);
  // Answers waiting connections or moves them inside; may evict the one that is longest inside.
  void let_in();
  void end_waiting(Socket& socket);
  void stop_watching(const Socket& socket) {
    if (socket.out) full_.remove(target_of(socket).descriptor);
  }
  void forget_socket(lws* wsi);
  void guard_perimeter();
  // Closes the connection: at once when it is outside, after this callback when inside.
  void end(Socket& socket);
  // HTTP. A socket may be gone after any of these.
  // Answers the head of a connection outside, which is still in the kernel's buffer.
  void serve(Socket& socket);
  // Answers the head received from a connection inside: under TLS the library reads.
  void serve_inside(Socket& socket);
  void answer_head(Socket& socket);
  void refuse_head(Socket& socket);
  // Of a connection outside whose request is for a webhook: whoever answers those reads it from the
  // kernel's buffer.
  void give_away(Socket& socket, ServedRequest& request);
  void upgrade(Socket& socket, ServedRequest& request);
  void respond(Socket& socket, http::Response response, http::RenderOptions options);
  void after_response(Socket& socket, bool keep_alive);
  // After the last answer: the peer closes, or is cut soon.
  void leave(Socket& socket);
  HttpTarget target_of(const Socket& socket) const;
  // It was answered: its next request queues behind those of the other connections.
  void rest(Socket& socket);
  void wake_rested();
  // Continues a response whose socket was full.
  void continue_response(Socket& socket);
  // Events of WebSocket connections. An int is returned to the library: negative closes.
  bool established(Socket& socket);
  int received(lws* wsi, std::span<unsigned char> bytes);
  void take_in(Socket& socket, std::span<unsigned char> bytes);
  void take_frame(Socket& socket, const Incoming& frame);
  int writable(lws* wsi);
  // False when the connection broke.
  bool write_out(std::uint32_t slot);
  // Writes out the queued frames. Within a turn it may be called between any two messages.
  void flush();
  void end_flush();
  // The library holds output that the peer did not take. Until it is sent, nothing more is written
  // to the connection or read from it: version 4.1.6 of the library never returns from its service
  // loop when the peer closes such a connection and the library notices by reading.
  void block(std::uint32_t slot);
  // Tells the library whether to read from the connection, by its flags.
  void apply_reading(std::uint32_t slot);
  // Handles the input that was kept while reading was paused, then lets the library read again.
  void resume(std::uint32_t slot);
  void resume_reading();

  Switchboard& switchboard_;
  Hub& hub_;
  pipeline::IngressProducer& ingress_;
  pipeline::Outbox* outbox_{};
  lws_context* context_{};
  lws_vhost* vhost_{};
  bool tls_{};
  HttpDesk desk_;
  Perimeter perimeter_;
  http::RequestHead head_{};  // of the request that is being answered
  WaitingRoom room_{};
  int room_watch_{-1};  // its descriptor, owned by the library
  std::deque<Socket*> resting_{};
  std::vector<Socket*> gone_{};  // of this turn
  int control_listener_{-1};
  FullSockets full_{};
  int full_watch_{-1};  // its descriptor, owned by the library
  Acceptor acceptor_{};
  std::vector<ConnectionRef> paused_{};
  std::vector<std::uint32_t> resumed_{};  // of this turn
  std::vector<std::uint32_t> writing_{};  // dirty slots being written to
  std::vector<std::uint32_t> offered_{};  // those written to in this turn
  Timer timer_{};
  std::uint64_t timer_ms_{};  // when it fires, 0 = not set
  std::uint64_t stop_deadline_ms_{};
  bool in_turn_{};
  bool may_write_{};  // false within a callback of the library
  std::atomic<bool> stop_{false};
  std::atomic<bool> hand_in_asked_{false};
  std::atomic<bool> handed_in_{false};
  pipeline::Wakeup hand_in_wait_{};
};

}  // namespace spine::net
