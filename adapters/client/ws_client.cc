// WsClient: framing of RFC 6455 over a Socket.
#include "adapters/client/ws_client.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>

#include "adapters/http/routes.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/base64.h"
#include "schemas/vocab/limits.h"

namespace spine::client {
namespace {

constexpr std::size_t kResponseHeadBytesMax = 64 * limits::kKiB;

Error broken(std::string_view what) {
  return {Errc::corrupt, fmt::format("The gateway broke the WebSocket protocol: {}.", what)};
}

}  // namespace

std::string header_value(std::string_view head, std::string_view name) {
  const std::size_t at = lower_case(head).find(fmt::format("\r\n{}:", name));
  if (at == std::string::npos) return {};
  const std::string_view rest = head.substr(at + name.size() + 3);
  const std::string_view value = rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
  return std::string{value.substr(0, value.find('\r'))};
}

std::string upgrade_request(const Upgrade& upgrade) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n{}\r\n",
      upgrade.path, upgrade.host, upgrade.key, upgrade.headers);
}

UpgradeAnswer parse_upgrade_answer(std::string_view in) {
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  return {.bytes = end + 4, .switched = in.starts_with("HTTP/1.1 101"), .head = in.substr(0, end)};
}

Result<WsClient> WsClient::upgrade(Socket socket, const std::string& host, Deadline deadline) {
  const auto random = random_value<std::array<unsigned char, 16>>();
  const std::string key = encode_base64(std::as_bytes(std::span{random}));
  WsClient client(std::move(socket));
  SPINE_TRY_STATUS(client.socket_.write_all(upgrade_request({.host = host, .key = key}), deadline));
  UpgradeAnswer answer;
  while ((answer = parse_upgrade_answer(client.in_)).bytes == 0) {
    if (client.in_.size() > kResponseHeadBytesMax) return broken("the response has no end");
    SPINE_TRY(const std::size_t n, client.socket_.read_some(client.in_, deadline));
    if (n == 0) return Error{Errc::unavailable, "The gateway closed the connection at once."};
  }
  if (!answer.switched) {
    const std::size_t line = std::min(answer.head.find('\r'), std::size_t{80});
    return Error{Errc::refused, fmt::format("Something else than a Spine gateway answered: {}",
                                            answer.head.substr(0, line))};
  }
  const std::string accept = header_value(answer.head, "sec-websocket-accept");
  if (accept.empty()) return broken("Sec-WebSocket-Accept is missing");
  if (accept != http::websocket_accept(key)) {
    return broken("Sec-WebSocket-Accept does not match the key");
  }
  client.in_.erase(0, answer.bytes);
  return client;
}

Status WsClient::send_text(std::string_view text, Deadline deadline) {
  return send_frame(Opcode::text, text, deadline);
}

Status WsClient::send_frame(Opcode opcode, std::string_view payload, Deadline deadline) {
  std::string frame;
  append_frame(frame, {.opcode = opcode, .masked = true, .mask = random_value<std::uint32_t>()},
               payload);
  return socket_.write_all(frame, deadline);
}

Result<Frame> WsClient::read_frame(Deadline deadline) {
  for (;;) {
    FrameHead head;
    if (read_frame_head(in_, head) != 0) {
      if (head.reserved != 0) return broken("it set reserved bits");
      if (head.masked) return broken("it masked a frame");
      if (head.payload_bytes > limits::kBufferedBytesMax) return broken("a frame is too large");
    }
    const Frame frame = parse_frame(in_);
    if (frame.bytes != 0) return frame;
    SPINE_TRY(const std::size_t n, socket_.read_some(in_, deadline));
    if (n == 0) return Error{Errc::unavailable, "The connection to the gateway was lost."};
  }
}

WsMessage WsClient::take_close(std::string_view payload, Deadline deadline) {
  [[maybe_unused]] const Status answered =
      send_frame(Opcode::close, payload.substr(0, 2), deadline);
  closed_ = true;
  return {.closed = true,
          .close_code = close_code_of(payload),
          .text = std::string{close_reason_of(payload)}};
}

Result<WsMessage> WsClient::receive(Deadline deadline) {
  std::string text;
  for (;;) {
    const auto frame = read_frame(deadline);
    if (!frame) {
      if (frame.error().code != Errc::unavailable) return frame.error();
      closed_ = true;
      return WsMessage{
          .closed = true, .close_code = close_code::kNone, .text = frame.error().message};
    }
    switch (frame->head.opcode) {
      case Opcode::continuation:
      case Opcode::text:
      case Opcode::binary:
        text += frame->payload;
        if (text.size() > limits::kBufferedBytesMax) return broken("a message is too large");
        break;
      case Opcode::ping:
        SPINE_TRY_STATUS(send_frame(Opcode::pong, frame->payload, deadline));
        break;
      case Opcode::pong:
        break;
      case Opcode::close:
        return take_close(frame->payload, deadline);
      default:
        return broken(fmt::format("it sent opcode {}", static_cast<int>(frame->head.opcode)));
    }
    const bool control = frame->head.opcode >= Opcode::close;
    const bool final = frame->head.final;
    in_.erase(0, frame->bytes);
    if (final && !control) return WsMessage{.text = std::move(text)};
  }
}

void WsClient::close() {
  if (closed_) return;
  closed_ = true;
  constexpr std::string_view kNormal("\x03\xe8", 2);
  [[maybe_unused]] const Status sent = send_frame(Opcode::close, kNormal, in_ms(200));
}

}  // namespace spine::client
