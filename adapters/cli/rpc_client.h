// RpcClient: calls methods of a running gateway over its WebSocket protocol.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/cli/ws_client.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

// Where the gateway is, and what it lets in.
struct Target {
  std::string address{"127.0.0.1"};
  std::uint16_t port{18789};
  std::string token{};    // empty = none is sent
  std::string control{};  // the control socket, tried first; empty = there is none to be used
};

// Through the control socket where there is one: it asks for no token and speaks no TLS.
Result<Socket> connect_to(const Target& target, Deadline deadline);

// The gateway's answer to a call: its payload, or its refusal.
struct Answer {
  bool ok{};
  std::string payload{};  // JSON text, as received
  std::string code{};     // of a refusal, e.g. "INVALID_REQUEST"
  std::string message{};
  bool retryable{};
  std::uint64_t retry_after_ms{};
};

// Thread: one. Errors: Errc::unavailable when nobody listens or the connection was lost,
// Errc::refused when the gateway does not let us in, Errc::timed_out at the deadline.
class RpcClient {
 public:
  // Connects and says hello; asks for `scopes`, a JSON array such as ["operator.read"]. A gateway
  // that is starting is asked again until the deadline.
  static Result<RpcClient> open(const Target& target, std::string_view scopes, Deadline deadline);
  ~RpcClient();
  RpcClient(RpcClient&&) = default;
  RpcClient& operator=(RpcClient&&) = default;

  // The payload of hello-ok.
  const std::string& hello() const { return hello_; }

  // `params` is JSON text, or empty. The first response to the call is the answer.
  Result<Answer> call(std::string_view method, std::string_view params, Deadline deadline);
  // A further response to the last call, for methods that give two.
  Result<Answer> next_answer(Deadline deadline);
  // Called for each event that comes while an answer is waited for: its name and payload. Must not
  // call the client.
  using OnEvent = std::function<void(std::string_view, const std::string&)>;
  void on_event(OnEvent on_event) { on_event_ = std::move(on_event); }
  // The payload of the next event of that name, kept or yet to come.
  Result<std::string> wait_event(std::string_view name, Deadline deadline);

 private:
  explicit RpcClient(WsClient ws) : ws_(std::move(ws)) {}
  static Result<RpcClient> open_once(const Target& target, std::string_view scopes,
                                     Deadline deadline);
  struct Incoming {
    std::string id{};     // of a response
    std::string event{};  // of an event
    Answer answer{};      // payload of an event stands here too
  };
  Result<Incoming> read(Deadline deadline);
  Result<Answer> wait_answer(Deadline deadline);

  struct Event {
    std::string name{};
    std::string payload{};
  };
  static constexpr std::size_t kEventsKeptMax = 1'000;  // the oldest go first
  WsClient ws_;
  std::string hello_{};
  std::uint64_t calls_{};
  std::deque<Event> events_{};
  OnEvent on_event_{};
};

}  // namespace spine::cli
