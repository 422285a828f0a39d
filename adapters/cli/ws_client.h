// WsClient: the client side of a WebSocket (RFC 6455): upgrade, masked frames out, messages in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/cli/socket.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

// What came in: a text message, or the end of the connection.
struct WsMessage {
  bool closed{};
  std::uint16_t close_code{};  // 1006 = the connection ended without a close frame
  std::string text{};          // the message, or the reason of the close
};

// Thread: one. Answers pings by itself while it waits. Extensions are never offered. Messages are
// limited to limits::kBufferedBytesMax, what the gateway may send.
class WsClient {
 public:
  // Sends the upgrade request and checks the answer. Errc::refused when whoever listens there does
  // not speak WebSocket.
  static Result<WsClient> upgrade(Socket socket, const std::string& host, Deadline deadline);

  Status send_text(std::string_view text, Deadline deadline);
  // Errors: Errc::timed_out, Errc::corrupt when the other side breaks the framing.
  Result<WsMessage> receive(Deadline deadline);
  // Says goodbye with code 1000; whether it arrives does not matter.
  void close();

 private:
  explicit WsClient(Socket socket) : socket_(std::move(socket)) {}
  struct Frame {
    bool final{};
    std::uint8_t opcode{};
    std::string payload{};
  };
  Status send_frame(std::uint8_t opcode, std::string_view payload, Deadline deadline);
  Result<Frame> read_frame(Deadline deadline);
  Status need(std::size_t bytes, Deadline deadline);

  Socket socket_;
  std::string in_{};  // received and not yet used
  bool closed_{};
};

// The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);

}  // namespace spine::cli
