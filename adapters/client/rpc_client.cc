// RpcClient: frames of protocol 4 as JSON text.
#include "adapters/client/rpc_client.h"

#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <thread>

#include "schemas/vocab/addresses.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::client {
namespace {

constexpr std::uint64_t kStartingRetryMs = 100;

Error connect_refused(const Answer& answer) {
  std::string message = fmt::format("The gateway refused the connection: {}", answer.message);
  if (answer.message.find("gateway password") != std::string::npos) {
    message +=
        "\nThis gateway asks for its password, gateway.auth.password: name its configuration with "
        "--config, or pass --token-file.";
  } else if (answer.message.find("unauthorized") != std::string::npos ||
             answer.code == "NOT_PAIRED") {
    message +=
        "\nThe token of a gateway is in <state-dir>/token: name the directory with --state-dir, "
        "or pass --token-file.";
  }
  return {Errc::refused, std::move(message)};
}

}  // namespace

std::string request_frame(std::string_view id, std::string_view method, std::string_view params) {
  std::string frame =
      fmt::format(R"({{"type":"req","id":{},"method":{})", json_string(id), json_string(method));
  if (!params.empty()) frame.append(R"(,"params":)").append(params);
  return frame + '}';
}

std::string connect_params(const ConnectAs& as) {
  return fmt::format(
      R"({{"minProtocol":4,"maxProtocol":4,"client":{{"id":"cli","version":{},"platform":"linux",)"
      R"("mode":"cli","instanceId":"{}"}},"caps":[],"role":"operator","scopes":{}{}{}}})",
      json_string(SPINE_VERSION), uuid_string(random_value<Bits128>()), as.scopes,
      as.token.empty() ? "" : fmt::format(R"(,"auth":{{"token":{}}})", json_string(as.token)),
      as.members);
}

Result<Socket> connect_to(const Target& target, Deadline deadline) {
  if (!target.control.empty()) {
    auto local = Socket::connect_local(target.control, deadline);
    if (local) return local;
  }
  return Socket::connect(target.address, target.port, deadline);
}

// HTTP/1.1 with Connection: close, so that the body ends where the connection does.
Result<HttpResponse> http_get(const Target& target, const std::string& path, Deadline deadline) {
  SPINE_TRY(Socket socket, connect_to(target, deadline));
  SPINE_TRY_STATUS(socket.write_all(
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: */*\r\n\r\n", path,
                  show_host_port(target.address, target.port)),
      deadline));
  std::string in;
  std::size_t head_end = std::string::npos;
  std::size_t body_bytes = limits::kMiB;
  while (in.size() < limits::kMiB) {
    if (head_end != std::string::npos && in.size() - head_end - 4 >= body_bytes) break;
    SPINE_TRY(const std::size_t n, socket.read_some(in, deadline));
    if (n == 0) break;
    if (head_end != std::string::npos) continue;
    head_end = in.find("\r\n\r\n");
    if (head_end == std::string::npos) continue;
    const std::string length = header_value(in.substr(0, head_end), "content-length");
    if (!length.empty()) body_bytes = std::strtoull(length.c_str(), nullptr, 10);
  }
  if (head_end == std::string::npos || !in.starts_with("HTTP/1.") || in.size() < 12) {
    return Error{Errc::corrupt, fmt::format("What listens on {} does not speak HTTP.",
                                            show_host_port(target.address, target.port))};
  }
  HttpResponse response{.status = std::atoi(in.c_str() + 9), .body = in.substr(head_end + 4)};
  if (response.body.size() > body_bytes) response.body.resize(body_bytes);
  return response;
}

RpcClient::~RpcClient() {
  ws_.close();
}

Result<RpcClient> RpcClient::open(const Target& target, std::string_view scopes,
                                  Deadline deadline) {
  for (;;) {
    auto client = open_once(target, scopes, deadline);
    if (client || client.error().code != Errc::in_use) return client;
    if (left_ms(deadline) <= kStartingRetryMs) {
      return Error{Errc::timed_out, "The gateway is still starting. Try again a little later."};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(kStartingRetryMs));
  }
}

// Errc::in_use means that the gateway is starting: retry.
Result<RpcClient> RpcClient::open_once(const Target& target, std::string_view scopes,
                                       Deadline deadline) {
  SPINE_TRY(Socket socket, connect_to(target, deadline));
  SPINE_TRY(WsClient ws, WsClient::upgrade(std::move(socket),
                                           show_host_port(target.address, target.port), deadline));
  RpcClient client(std::move(ws));
  SPINE_TRY(const Json challenge, client.read(deadline));
  SPINE_TRY(
      const Answer answer,
      client.call("connect", connect_params({.token = target.token, .scopes = scopes}), deadline));
  if (!answer.ok) {
    const bool starting = answer.code == "UNAVAILABLE" && answer.retryable;
    return starting ? Error{Errc::in_use, {}} : connect_refused(answer);
  }
  client.hello_ = answer.payload;
  return client;
}

Result<Json> RpcClient::read(Deadline deadline) {
  SPINE_TRY(const WsMessage message, ws_.receive(deadline));
  if (message.closed) {
    const std::uint16_t code = message.close_code;
    if (hello_.absent() && code == close_code::kTryLater) return Error{Errc::in_use, {}};
    if (code == close_code::kNone) return Error{Errc::unavailable, message.text};
    // Only these two are temporary, so Errc::unavailable (retry). Any other close code rejects the
    // request or the client.
    const bool passes = code == close_code::kRestart || code == close_code::kTryLater;
    return Error{passes ? Errc::unavailable : Errc::refused,
                 fmt::format("The gateway closed the connection: {}{}{}", code,
                             message.text.empty() ? "" : " ", message.text)};
  }
  std::optional<Json> frame = Json::parse(message.text);
  if (!frame || frame->text("type").empty()) {
    return Error{Errc::corrupt, "The gateway sent something that is not a frame of its protocol."};
  }
  return std::move(*frame);
}

Result<Answer> RpcClient::call(std::string_view method, std::string_view params,
                               Deadline deadline) {
  const std::string id = std::to_string(++calls_);
  SPINE_TRY_STATUS(ws_.send_text(request_frame(id, method, params), deadline));
  for (;;) {
    SPINE_TRY(const Json frame, read(deadline));
    const bool event = frame.text("type") == "event";
    if (event && on_event_) on_event_(frame.text("event"), frame.at("payload"));
    if (event || frame.text("id") != id) continue;
    const Json error = frame.at("error");
    return Answer{.ok = frame.flag("ok"),
                  .payload = frame.at("payload"),
                  .code = error.text("code"),
                  .message = error.text("message"),
                  .retryable = error.flag("retryable"),
                  .retry_after_ms = static_cast<std::uint64_t>(error.number("retryAfterMs"))};
  }
}

}  // namespace spine::client
