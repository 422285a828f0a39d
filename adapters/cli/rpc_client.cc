// RpcClient: frames of protocol 4 as JSON text.
#include "adapters/cli/rpc_client.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <simdjson.h>
#include <thread>

#include "adapters/cli/json_read.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/addresses.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

using simdjson::dom::element;

constexpr int kCloseLost = 1006;
constexpr int kCloseRestart = 1012;
constexpr int kCloseTryLater = 1013;
constexpr std::uint64_t kStartingRetryMs = 100;

Answer answer_of(const element& frame) {
  Answer answer;
  bool ok = false;
  answer.ok = frame["ok"].get(ok) == simdjson::SUCCESS && ok;
  element part;
  if (frame["payload"].get(part) == simdjson::SUCCESS) answer.payload = simdjson::to_string(part);
  if (frame["error"].get(part) != simdjson::SUCCESS) return answer;
  answer.code = text_at(part, "code");
  answer.message = text_at(part, "message");
  bool retryable = false;
  if (part["retryable"].get(retryable) == simdjson::SUCCESS) answer.retryable = retryable;
  std::uint64_t after = 0;
  if (part["retryAfterMs"].get(after) == simdjson::SUCCESS) answer.retry_after_ms = after;
  return answer;
}

// Unavailable, so that it is tried again, only where that can help: any other close is a verdict on
// what was sent, or on who sent it.
Error closed_error(const WsMessage& end) {
  if (end.close_code == kCloseLost) return {Errc::unavailable, end.text};
  const bool passes = end.close_code == kCloseRestart || end.close_code == kCloseTryLater;
  return {passes ? Errc::unavailable : Errc::refused,
          fmt::format("The gateway closed the connection: {}{}{}", end.close_code,
                      end.text.empty() ? "" : " ", end.text)};
}

std::string connect_params(const Target& target, std::string_view scopes) {
  std::string auth;
  if (!target.token.empty()) {
    auth = fmt::format(R"(,"auth":{{"token":{}}})", json_string(target.token));
  }
  return fmt::format(
      R"({{"minProtocol":4,"maxProtocol":4,"client":{{"id":"cli","version":{},"platform":"linux",)"
      R"("mode":"cli","instanceId":"{}"}},"caps":[],"role":"operator","scopes":{}{}}})",
      json_string(SPINE_VERSION), show_uuid(pipeline::random128()), scopes, auth);
}

}  // namespace

Result<Socket> connect_to(const Target& target, Deadline deadline) {
  if (!target.control.empty()) {
    auto local = Socket::connect_local(target.control, deadline);
    if (local) return local;
  }
  return Socket::connect(target.address, target.port, deadline);
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

// Errc::in_use stands for "starting: ask again".
Result<RpcClient> RpcClient::open_once(const Target& target, std::string_view scopes,
                                       Deadline deadline) {
  SPINE_TRY(Socket socket, connect_to(target, deadline));
  SPINE_TRY(WsClient ws, WsClient::upgrade(std::move(socket),
                                           show_host_port(target.address, target.port), deadline));
  RpcClient client(std::move(ws));
  const auto challenge = client.wait_event("connect.challenge", deadline);
  if (!challenge) return challenge.error();
  auto answer = client.call("connect", connect_params(target, scopes), deadline);
  if (!answer) return answer.error();
  if (answer->ok) {
    client.hello_ = std::move(answer->payload);
    return client;
  }
  if (answer->code == "UNAVAILABLE" && answer->retryable) return Error{Errc::in_use, {}};
  std::string message = fmt::format("The gateway refused the connection: {}", answer->message);
  if (answer->message.find("gateway password") != std::string::npos) {
    message +=
        "\nThis gateway asks for its password, gateway.auth.password: name its configuration with "
        "--config, or pass --token-file.";
  } else if (answer->message.find("unauthorized") != std::string::npos ||
             answer->code == "NOT_PAIRED") {
    message +=
        "\nThe token of a gateway is in <state-dir>/token: name the directory with --state-dir, "
        "or pass --token-file.";
  }
  return Error{Errc::refused, std::move(message)};
}

Result<RpcClient::Incoming> RpcClient::read(Deadline deadline) {
  SPINE_TRY(const WsMessage message, ws_.receive(deadline));
  if (message.closed) {
    // Before its hello the gateway is starting.
    if (hello_.empty() && message.close_code == kCloseTryLater) return Error{Errc::in_use, {}};
    return closed_error(message);
  }
  simdjson::dom::parser parser;
  element frame;
  std::string_view type;
  if (parser.parse(message.text).get(frame) != simdjson::SUCCESS ||
      frame["type"].get(type) != simdjson::SUCCESS) {
    return Error{Errc::corrupt, "The gateway sent something that is not a frame of its protocol."};
  }
  Incoming incoming{.answer = answer_of(frame)};
  (type == "event" ? incoming.event : incoming.id) =
      text_at(frame, type == "event" ? "event" : "id");
  return incoming;
}

Result<Answer> RpcClient::wait_answer(Deadline deadline) {
  const std::string id = std::to_string(calls_);
  for (;;) {
    SPINE_TRY(Incoming incoming, read(deadline));
    if (incoming.id == id) return std::move(incoming.answer);
    if (incoming.event.empty()) continue;
    if (on_event_) on_event_(incoming.event, incoming.answer.payload);
    if (events_.size() == kEventsKeptMax) events_.pop_front();
    events_.push_back({std::move(incoming.event), std::move(incoming.answer.payload)});
  }
}

Result<Answer> RpcClient::call(std::string_view method, std::string_view params,
                               Deadline deadline) {
  ++calls_;
  std::string frame =
      fmt::format(R"({{"type":"req","id":"{}","method":{})", calls_, json_string(method));
  if (!params.empty()) frame += fmt::format(R"(,"params":{})", params);
  frame += '}';
  SPINE_TRY_STATUS(ws_.send_text(frame, deadline));
  return wait_answer(deadline);
}

Result<Answer> RpcClient::next_answer(Deadline deadline) {
  return wait_answer(deadline);
}

Result<std::string> RpcClient::wait_event(std::string_view name, Deadline deadline) {
  const auto kept = std::find_if(events_.begin(), events_.end(),
                                 [&](const Event& event) { return event.name == name; });
  if (kept != events_.end()) {
    std::string payload = std::move(kept->payload);
    events_.erase(kept);
    return payload;
  }
  for (;;) {
    SPINE_TRY(Incoming incoming, read(deadline));
    if (incoming.event == name) return std::move(incoming.answer.payload);
  }
}

}  // namespace spine::cli
