// A NetServer over an engine of its own, and a client that speaks the protocol.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "adapters/websocket/net/server.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/shared.h"
#include "tests/support/ws_client.h"
#include "tests/unit/websocket/live_engine.h"

namespace spine::test {

using nlohmann::json;

inline constexpr const char* kToken = "correct-horse-battery-staple";

// Speaks protocol 4. Events that come while a response is awaited are kept.
class ProtocolClient {
 public:
  WsClient ws{};
  std::vector<json> events{};

  // The parameters of a connect that is accepted.
  static json connect_params(const std::vector<std::string>& scopes);
  static json request(const std::string& id, const std::string& method, const json& params);
  // Opens, waits for the challenge, connects. The hello-ok payload; null when refused.
  json hello(std::uint16_t port, const std::vector<std::string>& scopes = {
                                     "operator.read", "operator.write", "operator.admin"});
  // Opens and reads the challenge away.
  bool greet(std::uint16_t port);
  void send(const json& frame) { ws.send_text(frame.dump()); }
  // The next frame but for presence, which comes whenever anybody does and is kept in `events`;
  // null at the end.
  json next(int timeout_ms = 10'000);
  // Waits for the response with this id.
  json response(const std::string& id, int timeout_ms = 10'000);
  // Sends a request and waits for its response.
  json call(const std::string& method, const json& params = json::object());
  // Waits for an event of this name that came or comes.
  json event(const std::string& name, int timeout_ms = 10'000);

 private:
  json frame(int timeout_ms);
  int next_id_{1};
};

// An event of the journal, kept.
struct Recorded {
  RecordHeader header{};
  core::KeptBody body{};
  template <class Body>
  const Body& as() const {
    return *flatbuffers::GetRoot<Body>(body.view().data());
  }
};

class NetTest : public ::testing::Test {
 protected:
  NetTest();
  void SetUp() override { start({}); }
  void TearDown() override { stop(); }
  // Starts over with an empty journal and these options (token, config and version are filled in).
  void start(net::NetOptions options);
  // Ends the gateway, as a SIGTERM does, and starts it again on the same journal.
  void restart();
  // Ends the gateway. Everything it recorded passes the verifier.
  void stop();
  std::uint16_t port() const { return server_->port(); }
  // A whole HTTP exchange on a connection of its own.
  std::string http(const std::string& request);
  std::string get(const std::string& path) {
    return http("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  }
  // How many events of the kind this gateway has recorded since it started.
  std::uint64_t recorded_count(fb::EventBody kind) const {
    return shared_->metrics.journal_appends[static_cast<std::size_t>(kind)].get();
  }
  // Ends the gateway; all it recorded of the kind, the oldest first.
  std::vector<Recorded> recorded(fb::EventBody kind);

  // Of the next start: an agent "main" with a name, everybody may write, as often as they like.
  config::Config config_{};
  std::unique_ptr<pipeline::Shared> shared_{};
  std::unique_ptr<pipeline::Ingress> ingress_{};
  std::unique_ptr<net::NetServer> server_{};
  std::unique_ptr<LiveEngine> engine_{};

 private:
  void run(net::NetOptions options);
  StateDir state_dir_{};
};

// A channel.message's params that are accepted.
json channel_message(const std::string& external_id, const std::string& text = "hello",
                     const std::string& sender = "alice");

}  // namespace spine::test
