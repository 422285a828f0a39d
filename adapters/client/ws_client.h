// WsClient: the client side of a WebSocket (RFC 6455): upgrade, masked frames out, messages in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/random.h>

#include "adapters/client/socket.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/frames.h"
#include "schemas/vocab/result.h"

namespace spine::client {

// A cryptographically random value. REQUIRES: T is at most 256 bytes: no partial getrandom(2).
template <class T>
T random_value() {
  T value{};
  SPINE_CHECK(::getrandom(&value, sizeof value, 0) == static_cast<ssize_t>(sizeof value));
  return value;
}

struct Upgrade {
  std::string host{};  // of the Host header
  std::string key{};   // 16 bytes in base64
  std::string path{"/"};
  std::string headers{};  // more of them: whole lines, each with its \r\n
};
// The HTTP request that asks for a WebSocket. No extension is offered.
std::string upgrade_request(const Upgrade& upgrade);

// The value of a header in the head of an HTTP message, without its last line's end; `name` in
// lower case. Empty when absent.
std::string header_value(std::string_view head, std::string_view name);

struct UpgradeAnswer {
  std::size_t bytes{};      // with the empty line; 0 = it is not complete yet
  bool switched{};          // 101
  std::string_view head{};  // without the empty line
};
// The answer at the front of `in`, which it borrows. Does not check Sec-WebSocket-Accept.
UpgradeAnswer parse_upgrade_answer(std::string_view in);

// A received text message, or the end of the connection.
struct WsMessage {
  bool closed{};
  std::uint16_t close_code{};  // close_code::kNone = it ended without a close frame
  std::string text{};          // the message, or the reason of the close
};

// Thread: one. Answers pings by itself while it waits. Messages are limited to
// limits::kBufferedBytesMax, what the gateway may send.
class WsClient {
 public:
  // Sends the upgrade request and checks the answer. Errc::refused if the peer does not speak
  // WebSocket.
  static Result<WsClient> upgrade(Socket socket, const std::string& host, Deadline deadline);

  Status send_text(std::string_view text, Deadline deadline);
  // Errors: Errc::timed_out, Errc::corrupt when the other side breaks the framing.
  Result<WsMessage> receive(Deadline deadline);
  // Sends a close frame with code 1000; best effort.
  void close();

 private:
  explicit WsClient(Socket socket) : socket_(std::move(socket)) {}
  Status send_frame(Opcode opcode, std::string_view payload, Deadline deadline);
  // Reads until in_ begins with a whole frame, and returns it.
  Result<Frame> read_frame(Deadline deadline);
  WsMessage take_close(std::string_view payload, Deadline deadline);

  Socket socket_;
  std::string in_{};  // received and not yet used
  bool closed_{};
};

}  // namespace spine::client
