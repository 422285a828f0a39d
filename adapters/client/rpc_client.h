// RpcClient: calls methods of a running gateway over its WebSocket protocol; and http_get, for its
// HTTP endpoints.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "adapters/client/json.h"
#include "adapters/client/ws_client.h"
#include "schemas/vocab/result.h"

namespace spine::client {

// The gateway's address, and the credential for it.
struct Target {
  std::string address{"127.0.0.1"};
  std::uint16_t port{18789};
  std::string token{};    // empty = none is sent
  std::string control{};  // the control socket, tried first; empty = do not use one
};

// Uses the control socket if there is one: it needs no token, and has no TLS.
Result<Socket> connect_to(const Target& target, Deadline deadline);

struct HttpResponse {
  int status{};
  std::string body{};  // at most 1 MiB of it
};

// One GET request. Errors as Socket's; Errc::corrupt when the answer is not HTTP.
Result<HttpResponse> http_get(const Target& target, const std::string& path, Deadline deadline);

// The frame that calls a method. `params` is JSON text, or empty.
std::string request_frame(std::string_view id, std::string_view method, std::string_view params);

// A client's parameters of the connect request.
struct ConnectAs {
  std::string_view token{};    // empty = none is sent
  std::string_view scopes{};   // a JSON array such as ["operator.read"]
  std::string_view members{};  // further parameters, as JSON: ,"device":{...}
};
std::string connect_params(const ConnectAs& as);

// The gateway's answer to a call: its payload, or its refusal.
struct Answer {
  bool ok{};
  Json payload{};
  std::string code{};  // of a refusal, e.g. "INVALID_REQUEST"
  std::string message{};
  bool retryable{};
  std::uint64_t retry_after_ms{};
};

// Thread: one. Errors: Errc::unavailable if nothing listens or the connection was lost,
// Errc::refused if the gateway rejects the client, Errc::timed_out at the deadline.
class RpcClient {
 public:
  // Connects and does the handshake; asks for `scopes`, a JSON array. Retries until the deadline
  // while the gateway is starting.
  static Result<RpcClient> open(const Target& target, std::string_view scopes, Deadline deadline);
  ~RpcClient();
  RpcClient(RpcClient&&) = default;
  RpcClient& operator=(RpcClient&&) = default;

  // The payload of hello-ok.
  const Json& hello() const { return hello_; }

  // `params` is JSON text, or empty. The first response to the call is the answer.
  Result<Answer> call(std::string_view method, std::string_view params, Deadline deadline);
  // Called with name and payload of each event that arrives during call(). Must not call the
  // client.
  using OnEvent = std::function<void(std::string_view, const Json&)>;
  void on_event(OnEvent on_event) { on_event_ = std::move(on_event); }

 private:
  explicit RpcClient(WsClient ws) : ws_(std::move(ws)) {}
  static Result<RpcClient> open_once(const Target& target, std::string_view scopes,
                                     Deadline deadline);
  // The next frame, whatever it is.
  Result<Json> read(Deadline deadline);

  WsClient ws_;
  Json hello_{};
  std::uint64_t calls_{};
  OnEvent on_event_{};
};

}  // namespace spine::client
