// NetServer: the gateway's WebSocket and HTTP server on its own thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "adapters/websocket/protocol/options.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/outbox.h"
#include "engine/pipeline/queues/shared.h"
#include "schemas/vocab/result.h"

namespace spine::net {

// Life: bind(); hand outbox() to the engine; start(). While Shared::phase is not ready, connects
// are refused as retryable. The engine's `stopping` item, or stop(), starts the graceful shutdown
// of the connections; join() after the engine has ended. Destroy it after the engine.
// Thread: main, but for what is said otherwise.
class NetServer {
 public:
  // Binds and listens; opens nothing else. Adds its producer to `ingress`. References, and
  // options.config, outlive the server.
  // Errors: in_use (the port is taken; names the owner), invalid_argument, io.
  static Result<std::unique_ptr<NetServer>> bind(NetOptions options, pipeline::Shared& shared,
                                                 pipeline::Ingress& ingress);
  ~NetServer();
  NetServer(const NetServer&) = delete;
  NetServer& operator=(const NetServer&) = delete;

  std::uint16_t port() const;
  // What the engine and the follower write for the clients.
  pipeline::Outbox& outbox();
  // Also listens on a Unix socket at `path` for the person at the machine: mode 0600, this user and
  // root alone, no Host or Origin. Replaces a socket an earlier process left; removed when the
  // server is destroyed. REQUIRES: not started; the folder is ours alone. Errors: in_use, io.
  Status listen_control(const std::string& path);
  // REQUIRES: not started.
  void set_identity(GatewayIdentity identity);
  // The token, when it is known only after bind(). REQUIRES: not started.
  void set_token(std::string token);
  // From now on answers follow `config` (never null), which outlives the server, as do those set
  // before. Addresses, port and secrets stay. Thread: any.
  void set_config(const config::Config* config);
  // Runs the net thread. From then on the outbox is always emptied, until join() returned.
  void start();
  // Submits, once, the report of refused connects gathered so far, and what clients have not said
  // of their deliveries; returns when that is done, or after a time-out. Call it before the engine
  // is asked to stop, or the report is lost. Thread: any but the net thread.
  void hand_in_rest();
  // Closes every client gracefully; the thread ends when they are gone, or after a short time.
  // Thread: any.
  void stop();
  // stop(), then waits until the thread has ended: nobody may write to the outbox any more.
  void join();

 private:
  struct State;
  explicit NetServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace spine::net
