// WsClient: frames over a socket with deadlines.
#include "tests/support/ws_client.h"

#include <sys/socket.h>
#include <utility>

#include "adapters/client/ws_client.h"

namespace spine::test {
namespace {

constexpr int kConnectMs = 10'000;
constexpr int kSendMs = 60'000;
constexpr std::uint32_t kMask = 0x78563412;
// The key of RFC 6455, section 1.3, and what it is answered with.
constexpr const char* kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr const char* kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

client::Deadline in_ms(int ms) {
  return client::in_ms(static_cast<std::uint64_t>(ms > 0 ? ms : 0));
}

int left_ms(client::Deadline deadline) {
  return static_cast<int>(client::left_ms(deadline));
}

}  // namespace

bool WsClient::connect(std::uint16_t port, const std::string& address) {
  *this = {};
  auto socket = client::Socket::connect(address, port, in_ms(kConnectMs));
  if (socket) socket_ = std::move(*socket);
  return is_open();
}

void WsClient::half_close() {
  ::shutdown(socket_.fd(), SHUT_WR);
}

void WsClient::shrink_receive_buffer() {
  const int bytes = 4096;
  ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool WsClient::upgrade(const std::string& path, const std::string& headers, const std::string& host,
                       const std::string& behind) {
  const client::Upgrade upgrade{.host = host, .key = kKey, .path = path, .headers = headers};
  if (!send_bytes(client::upgrade_request(upgrade) + behind)) return false;
  const client::Deadline deadline = in_ms(10'000);
  client::UpgradeAnswer answer{};
  while ((answer = client::parse_upgrade_answer(buffer_)).bytes == 0) {
    if (fill(deadline)) continue;
    response_ = buffer_;
    return false;
  }
  response_ = answer.head;
  buffer_.erase(0, answer.bytes);
  return response_.starts_with("HTTP/1.1 101") && response_.find(kAccept) != std::string::npos;
}

bool WsClient::send_bytes(std::string_view bytes) {
  return socket_.write_all(bytes, in_ms(kSendMs)).has_value();
}

std::string WsClient::frame(std::string_view payload, const WsFrameOptions& options) {
  std::string bytes;
  append_frame(bytes,
               {.opcode = static_cast<Opcode>(options.opcode),
                .final = options.final,
                .masked = options.masked,
                .reserved = options.reserved_bits,
                .mask = kMask},
               payload);
  return bytes;
}

bool WsClient::fill(client::Deadline deadline) {
  if (!is_open() || ended_) return false;
  const auto read = socket_.read_some(buffer_, deadline);
  if (read && *read != 0) return true;
  ended_ = read || read.error().code != Errc::timed_out;
  return false;
}

std::optional<WsFrame> WsClient::read_frame(int timeout_ms) {
  const client::Deadline deadline = in_ms(timeout_ms);
  Frame frame{};
  while ((frame = parse_frame(buffer_)).bytes == 0) {
    if (!fill(deadline)) return std::nullopt;
  }
  WsFrame read{.opcode = static_cast<std::uint8_t>(frame.head.opcode),
               .final = frame.head.final,
               .payload = std::string{frame.payload}};
  buffer_.erase(0, frame.bytes);
  return read;
}

std::optional<std::string> WsClient::read_text(int timeout_ms) {
  const client::Deadline deadline = in_ms(timeout_ms);
  while (auto frame = read_frame(left_ms(deadline))) {
    if (frame->opcode == 1) return std::move(frame->payload);
    if (frame->opcode == 9) send_frame(frame->payload, {.opcode = 10});
    if (frame->opcode == 8) {
      close_ = std::move(frame);
      return std::nullopt;
    }
  }
  return std::nullopt;
}

std::string WsClient::read_all(int timeout_ms) {
  at_end(timeout_ms);
  return std::exchange(buffer_, {});
}

bool WsClient::at_end(int timeout_ms) {
  const client::Deadline deadline = in_ms(timeout_ms);
  while (fill(deadline)) {
  }
  return ended_;
}

}  // namespace spine::test
