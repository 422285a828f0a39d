// WsClient: a WebSocket of a test, frame by frame, also such as no client should send.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/client/socket.h"
#include "schemas/vocab/frames.h"

namespace spine::test {

// One frame as it came from the server.
struct WsFrame {
  std::uint8_t opcode{};  // as schemas/vocab/frames.h has them
  bool final{};
  std::string payload{};
  // Of a close frame: 1005 = without a code.
  std::uint16_t close_code() const { return close_code_of(payload); }
  std::string_view close_reason() const { return close_reason_of(payload); }
};

// How a client frame is put on the wire.
struct WsFrameOptions {
  std::uint8_t opcode{1};
  bool final{true};
  bool masked{true};
  std::uint8_t reserved_bits{};  // RSV1..3 in bits 6..4
};

// Every read gives up after the deadline; nothing waits for ever. Thread: one.
class WsClient {
 public:
  // A TCP connection to `address`:`port`. False when it is refused.
  bool connect(std::uint16_t port, const std::string& address = "127.0.0.1");
  // The WebSocket handshake; `headers` are whole lines ending in \r\n. True when upgraded; else
  // response() is what the server said. `behind`: bytes that are sent together with it.
  bool upgrade(const std::string& path = "/", const std::string& headers = {},
               const std::string& host = "127.0.0.1", const std::string& behind = {});
  bool open(std::uint16_t port) { return connect(port) && upgrade(); }
  const std::string& response() const { return response_; }

  bool send_text(std::string_view text) { return send_frame(text, {}); }
  bool send_frame(std::string_view payload, const WsFrameOptions& options) {
    return send_bytes(frame(payload, options));
  }
  bool send_bytes(std::string_view bytes);
  // A frame's bytes, for sending pieces of it.
  static std::string frame(std::string_view payload, const WsFrameOptions& options);

  // The next frame; empty after timeout_ms or when the server closed the connection.
  std::optional<WsFrame> read_frame(int timeout_ms = 10'000);
  // The next text message, pings answered on the way; empty at the end or a close frame, which
  // last_close() then is.
  std::optional<std::string> read_text(int timeout_ms = 10'000);
  const std::optional<WsFrame>& last_close() const { return close_; }
  // Everything until the server closes (plain HTTP).
  std::string read_all(int timeout_ms = 10'000);
  // True when the server closed the TCP connection within the time.
  bool at_end(int timeout_ms = 10'000);

  void close() { socket_ = {}; }
  // Says that nothing more will be sent, and goes on receiving.
  void half_close();
  bool is_open() const { return socket_.fd() >= 0; }
  // Smallest receive buffer the kernel gives: makes this a slow consumer soon.
  void shrink_receive_buffer();

 private:
  bool fill(client::Deadline deadline);
  client::Socket socket_{};
  bool ended_{};
  std::string buffer_{};
  std::string response_{};
  std::optional<WsFrame> close_{};
};

}  // namespace spine::test
