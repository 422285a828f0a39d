// Greeting: upgrade, challenge, connect, hello-ok.
#include "bench/load/greeting.h"

#include <fmt/format.h>

#include "adapters/client/rpc_client.h"
#include "adapters/client/ws_client.h"
#include "schemas/vocab/addresses.h"
#include "schemas/vocab/frames.h"

namespace spine::bench {

std::string upgrade_text(const std::string& host, std::uint16_t port) {
  return client::upgrade_request(
      {.host = show_host_port(host, port), .key = "c3BpbmUtYmVuY2gtbG9hZA=="});
}

void append_text_frame(std::string& out, std::string_view payload, std::uint32_t mask) {
  append_frame(out, {.masked = true, .mask = mask}, payload);
}

void append_pong(std::string& out, std::string_view payload, std::uint32_t mask) {
  append_frame(out, {.opcode = Opcode::pong, .masked = true, .mask = mask}, payload);
}

std::string shortened(std::string_view what, std::string_view payload) {
  return fmt::format("{}: {}", what, payload.substr(0, 300));
}

Greeter::Greeter(const std::string& host, std::uint16_t port, std::string_view token,
                 std::string_view scopes, std::uint32_t frame_mask)
    : upgrade(upgrade_text(host, port)), mask(frame_mask) {
  append_text_frame(
      connect,
      client::request_frame("hello", "connect",
                            client::connect_params({.token = token, .scopes = scopes})),
      mask);
}

std::size_t Greeting::take(const Greeter& as, std::string_view in, std::string& out,
                           std::string& error) {
  if (step_ == Step::upgrade) {
    const client::UpgradeAnswer answer = client::parse_upgrade_answer(in);
    if (answer.bytes == 0) return 0;
    if (!answer.switched) error = shortened("The upgrade was refused", in);
    step_ = Step::challenge;
    return answer.bytes;
  }
  const Frame frame = parse_frame(in);
  if (frame.bytes == 0) return 0;
  if (frame.head.opcode == Opcode::text && frame.head.final) {
    take_text(as, frame.payload, out, error);
  } else if (frame.head.opcode == Opcode::close) {
    error = shortened("Closed during the handshake", frame.payload);
  } else if (frame.head.opcode == Opcode::ping) {
    append_pong(out, frame.payload, as.mask);
  }
  return frame.bytes;
}

void Greeting::take_text(const Greeter& as, std::string_view payload, std::string& out,
                         std::string& error) {
  const auto has = [payload](std::string_view text) {
    return payload.find(text) != std::string_view::npos;
  };
  if (step_ == Step::challenge && has("connect.challenge")) {
    out += as.connect;
    step_ = Step::hello;
  } else if (step_ == Step::hello && has(R"("id":"hello")")) {
    if (!has(R"("ok":true)")) error = shortened("connect was refused", payload);
    step_ = Step::done;
  }
}

}  // namespace spine::bench
