// Sockets and frames of the test client.
#include "tests/support/ws_client.h"

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace spine::test {
namespace {

constexpr std::array<unsigned char, 4> kMask{0x12, 0x34, 0x56, 0x78};

class Deadline {
 public:
  explicit Deadline(int timeout_ms)
      : end_(std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms)) {}
  int left_ms() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end_ - std::chrono::steady_clock::now());
    return left.count() <= 0 ? 0 : static_cast<int>(left.count());
  }

 private:
  std::chrono::steady_clock::time_point end_;
};

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes)
    value = (value << 8) | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

std::uint16_t WsFrame::close_code() const {
  if (payload.size() < 2) return 1005;
  return static_cast<std::uint16_t>(big_endian(std::string_view{payload}.substr(0, 2)));
}

std::string_view WsFrame::close_reason() const {
  return payload.size() < 2 ? std::string_view{} : std::string_view{payload}.substr(2);
}

WsClient::~WsClient() {
  close();
}

WsClient::WsClient(WsClient&& other) noexcept {
  *this = std::move(other);
}

WsClient& WsClient::operator=(WsClient&& other) noexcept {
  close();
  fd_ = std::exchange(other.fd_, -1);
  ended_ = other.ended_;
  buffer_ = std::move(other.buffer_);
  response_ = std::move(other.response_);
  close_ = std::move(other.close_);
  return *this;
}

void WsClient::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void WsClient::half_close() {
  ::shutdown(fd_, SHUT_WR);
}

bool WsClient::connect(std::uint16_t port, const std::string& address) {
  close();
  ended_ = false;
  buffer_.clear();
  close_.reset();
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const bool six = ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1;
  if (!six && ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) != 1) return false;
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  fd_ = ::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* target =
      six ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  const socklen_t bytes = six ? sizeof v6 : sizeof v4;
  if (fd_ < 0 || ::connect(fd_, target, bytes) != 0) {
    close();
    return false;
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return true;
}

void WsClient::shrink_receive_buffer() {
  const int bytes = 4096;
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool WsClient::upgrade(const std::string& path, const std::string& headers, const std::string& host,
                       const std::string& behind) {
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + host +
                              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                              "Sec-WebSocket-Version: 13\r\n" +
                              headers + "\r\n" + behind;
  if (!send_bytes(request)) return false;
  const Deadline deadline{10'000};
  while (buffer_.find("\r\n\r\n") == std::string::npos) {
    if (!fill(deadline.left_ms())) break;
  }
  const std::size_t end = buffer_.find("\r\n\r\n");
  response_ = buffer_.substr(0, end);
  if (end != std::string::npos) buffer_.erase(0, end + 4);
  return response_.starts_with("HTTP/1.1 101") &&
         response_.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos;
}

bool WsClient::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string WsClient::frame(std::string_view payload, const WsFrameOptions& options) {
  std::string bytes;
  bytes += static_cast<char>((options.final ? 0x80 : 0) | options.reserved_bits | options.opcode);
  const unsigned mask_bit = options.masked ? 0x80U : 0U;
  const std::size_t size = payload.size();
  if (size < 126) {
    bytes += static_cast<char>(mask_bit | size);
  } else {
    const int digits = size < 65'536 ? 2 : 8;
    bytes += static_cast<char>(mask_bit | (digits == 2 ? 126U : 127U));
    for (int i = digits - 1; i >= 0; --i)
      bytes += static_cast<char>((size >> (8 * i)) & 0xFF);
  }
  if (!options.masked) return bytes.append(payload);
  for (const unsigned char byte : kMask)
    bytes += static_cast<char>(byte);
  for (std::size_t i = 0; i < size; ++i) {
    bytes += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ kMask[i & 3]);
  }
  return bytes;
}

bool WsClient::send_frame(std::string_view payload, const WsFrameOptions& options) {
  return send_bytes(frame(payload, options));
}

bool WsClient::fill(int timeout_ms) {
  if (fd_ < 0 || ended_) return false;
  pollfd wait{fd_, POLLIN, 0};
  if (::poll(&wait, 1, timeout_ms) <= 0) return false;
  std::array<char, 65'536> chunk;
  const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), 0);
  if (got <= 0) {
    ended_ = true;
    return false;
  }
  buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<WsFrame> WsClient::read_frame(int timeout_ms) {
  const Deadline deadline{timeout_ms};
  while (true) {
    const std::string_view bytes{buffer_};
    std::size_t header = 2;
    std::uint64_t size = 0;
    bool complete = bytes.size() >= header;
    if (complete) {
      const unsigned code = static_cast<unsigned char>(bytes[1]) & 0x7FU;
      header = code < 126 ? 2 : code == 126 ? 4 : 10;
      complete = bytes.size() >= header;
      if (complete) size = code < 126 ? code : big_endian(bytes.substr(2, header - 2));
      complete = complete && bytes.size() - header >= size;
    }
    if (complete) {
      WsFrame frame{};
      frame.opcode = static_cast<std::uint8_t>(bytes[0] & 0x0F);
      frame.final = (bytes[0] & 0x80) != 0;
      frame.payload = bytes.substr(header, size);
      buffer_.erase(0, header + size);
      return frame;
    }
    if (!fill(deadline.left_ms())) return std::nullopt;
  }
}

std::optional<std::string> WsClient::read_text(int timeout_ms) {
  const Deadline deadline{timeout_ms};
  while (auto frame = read_frame(deadline.left_ms())) {
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
  const Deadline deadline{timeout_ms};
  while (fill(deadline.left_ms())) {
  }
  return std::exchange(buffer_, {});
}

bool WsClient::at_end(int timeout_ms) {
  const Deadline deadline{timeout_ms};
  while (fill(deadline.left_ms())) {
  }
  return ended_;
}

}  // namespace spine::test
