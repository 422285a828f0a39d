// WsClient: framing of RFC 6455 over a Socket.
#include "adapters/cli/ws_client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <span>

#include "schemas/vocab/base64.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::cli {
namespace {

constexpr std::uint8_t kContinuation = 0x0;
constexpr std::uint8_t kText = 0x1;
constexpr std::uint8_t kBinary = 0x2;
constexpr std::uint8_t kClose = 0x8;
constexpr std::uint8_t kPing = 0x9;
constexpr std::uint8_t kPong = 0xA;
constexpr std::size_t kResponseHeadBytesMax = 64 * limits::kKiB;

template <std::size_t N>
std::array<unsigned char, N> random_bytes() {
  std::array<unsigned char, N> bytes{};
  SPINE_CHECK(RAND_bytes(bytes.data(), static_cast<int>(N)) == 1);
  return bytes;
}

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Error broken(std::string_view what) {
  return {Errc::corrupt, fmt::format("The gateway broke the WebSocket protocol: {}.", what)};
}

// Whether the head of the HTTP response accepts the upgrade with this key.
Status check_response(const std::string& head, const std::string& key) {
  if (!head.starts_with("HTTP/1.1 101")) {
    return Error{Errc::refused,
                 fmt::format("Something else than a Spine gateway answered: {}",
                             head.substr(0, std::min(head.find('\r'), std::size_t{80})))};
  }
  const std::string names = in_lower_case(head);
  const std::size_t at = names.find("\r\nsec-websocket-accept:");
  if (at == std::string::npos) return broken("Sec-WebSocket-Accept is missing");
  const std::size_t from = head.find_first_not_of(' ', head.find(':', at) + 1);
  if (head.substr(from, head.find('\r', from) - from) != websocket_accept(key)) {
    return broken("Sec-WebSocket-Accept does not match the key");
  }
  return ok();
}

}  // namespace

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return encode_base64(std::as_bytes(std::span{digest}));
}

Result<WsClient> WsClient::upgrade(Socket socket, const std::string& host, Deadline deadline) {
  const auto random = random_bytes<16>();
  const std::string key = encode_base64(std::as_bytes(std::span{random}));
  const std::string request = fmt::format(
      "GET / HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n\r\n",
      host, key);
  WsClient client(std::move(socket));
  SPINE_TRY_STATUS(client.socket_.write_all(request, deadline));
  std::size_t end = std::string::npos;
  while ((end = client.in_.find("\r\n\r\n")) == std::string::npos) {
    if (client.in_.size() > kResponseHeadBytesMax) return broken("the response has no end");
    SPINE_TRY(const std::size_t n, client.socket_.read_some(client.in_, deadline));
    if (n == 0) return Error{Errc::unavailable, "The gateway closed the connection at once."};
  }
  SPINE_TRY_STATUS(check_response(client.in_.substr(0, end + 2), key));
  client.in_.erase(0, end + 4);
  return client;
}

Status WsClient::send_text(std::string_view text, Deadline deadline) {
  return send_frame(kText, text, deadline);
}

Status WsClient::send_frame(std::uint8_t opcode, std::string_view payload, Deadline deadline) {
  std::string frame;
  frame.reserve(payload.size() + 14);
  frame += static_cast<char>(0x80U | opcode);
  const auto append_size = [&](int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
      frame += static_cast<char>((payload.size() >> static_cast<unsigned>(shift)) & 0xFFU);
    }
  };
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80U | payload.size());
  } else if (payload.size() <= 0xFFFF) {
    frame += static_cast<char>(0x80U | 126U);
    append_size(2);
  } else {
    frame += static_cast<char>(0x80U | 127U);
    append_size(8);
  }
  const auto mask = random_bytes<4>();
  frame.append(reinterpret_cast<const char*>(mask.data()), mask.size());
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % 4]);
  }
  return socket_.write_all(frame, deadline);
}

Status WsClient::need(std::size_t bytes, Deadline deadline) {
  while (in_.size() < bytes) {
    SPINE_TRY(const std::size_t n, socket_.read_some(in_, deadline));
    if (n == 0) return Error{Errc::unavailable, "The connection to the gateway was lost."};
  }
  return ok();
}

Result<WsClient::Frame> WsClient::read_frame(Deadline deadline) {
  SPINE_TRY_STATUS(need(2, deadline));
  const auto byte = [this](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(in_[i])};
  };
  Frame frame{.final = (byte(0) & 0x80U) != 0, .opcode = static_cast<std::uint8_t>(byte(0) & 0xFU)};
  if ((byte(0) & 0x70U) != 0) return broken("it set reserved bits");
  if ((byte(1) & 0x80U) != 0) return broken("it masked a frame");
  std::uint64_t size = byte(1);
  std::size_t head = 2;
  if (size >= 126) {
    const std::size_t extra = size == 126 ? 2 : 8;
    SPINE_TRY_STATUS(need(head + extra, deadline));
    size = 0;
    for (std::size_t i = 0; i < extra; ++i)
      size = (size << 8U) | byte(head + i);
    head += extra;
  }
  if (size > limits::kBufferedBytesMax) return broken("a frame is too large");
  SPINE_TRY_STATUS(need(head + static_cast<std::size_t>(size), deadline));
  frame.payload = in_.substr(head, static_cast<std::size_t>(size));
  in_.erase(0, head + static_cast<std::size_t>(size));
  return frame;
}

Result<WsMessage> WsClient::receive(Deadline deadline) {
  std::string text;
  for (;;) {
    auto frame = read_frame(deadline);
    if (!frame) {
      if (frame.error().code != Errc::unavailable) return frame.error();
      closed_ = true;
      return WsMessage{.closed = true, .close_code = 1006, .text = frame.error().message};
    }
    switch (frame->opcode) {
      case kContinuation:
      case kText:
      case kBinary:
        text += frame->payload;
        if (text.size() > limits::kBufferedBytesMax) return broken("a message is too large");
        if (frame->final) return WsMessage{.text = std::move(text)};
        break;
      case kPing:
        SPINE_TRY_STATUS(send_frame(kPong, frame->payload, deadline));
        break;
      case kPong:
        break;
      case kClose: {
        WsMessage end{.closed = true, .close_code = 1005};
        const std::string& p = frame->payload;
        if (p.size() >= 2) {
          end.close_code = static_cast<std::uint16_t>((static_cast<unsigned char>(p[0]) << 8U) |
                                                      static_cast<unsigned char>(p[1]));
          end.text = p.substr(2);
        }
        [[maybe_unused]] const Status answered = send_frame(kClose, p.substr(0, 2), deadline);
        closed_ = true;
        return end;
      }
      default:
        return broken(fmt::format("it sent opcode {}", frame->opcode));
    }
  }
}

void WsClient::close() {
  if (closed_) return;
  closed_ = true;
  constexpr std::string_view kNormal("\x03\xe8", 2);
  [[maybe_unused]] const Status sent = send_frame(kClose, kNormal, in_ms(200));
}

}  // namespace spine::cli
