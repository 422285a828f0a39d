// Peer: a gateway's side of one TCP connection, played by a test on a thread of its own.
#pragma once

#include <arpa/inet.h>
#include <cstdlib>
#include <functional>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "adapters/cli/ws_client.h"

namespace spine::cli {

// One accepted connection. Reads block; the end of the connection gives empty strings.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void write(const std::string& bytes) {
    [[maybe_unused]] const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // Up to and including `end`.
  std::string read_to(const std::string& end) {
    while (in_.find(end) == std::string::npos) {
      if (!more()) return {};
    }
    return take(in_.find(end) + end.size());
  }
  // Answers the upgrade request.
  void accept_websocket() {
    const std::string request = read_to("\r\n\r\n");
    const std::string name = "Sec-WebSocket-Key: ";
    const std::size_t at = request.find(name) + name.size();
    const std::string key = request.substr(at, request.find('\r', at) - at);
    write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "sec-websocket-accept: " +
        websocket_accept(key) + "\r\n\r\n");
  }
  // Unmasked, as servers send.
  void frame(unsigned opcode, const std::string& payload, bool final = true) {
    std::string out(1, static_cast<char>((final ? 0x80U : 0U) | opcode));
    if (payload.size() < 126) {
      out += static_cast<char>(payload.size());
    } else {
      out += static_cast<char>(126);
      out += static_cast<char>(payload.size() >> 8U);
      out += static_cast<char>(payload.size() & 0xFFU);
    }
    write(out + payload);
  }
  // The payload of the client's next frame, unmasked; its opcode in `opcode`. Below 64 KiB.
  std::string read_frame(unsigned& opcode) {
    if (!have(2)) return {};
    opcode = static_cast<unsigned char>(in_[0]) & 0xFU;
    std::size_t size = static_cast<unsigned char>(in_[1]) & 0x7FU;
    std::size_t head = 2;
    if (size == 126) {
      if (!have(4)) return {};
      size = (std::size_t{static_cast<unsigned char>(in_[2])} << 8U) |
             static_cast<unsigned char>(in_[3]);
      head = 4;
    }
    if (!have(head + 4 + size)) return {};
    const std::string mask = in_.substr(head, 4);
    std::string payload = take(head + 4 + size).substr(head + 4);
    for (std::size_t i = 0; i < size; ++i) {
      payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    }
    return payload;
  }

 private:
  bool more() {
    char buffer[4096];
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n > 0) in_.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }
  bool have(std::size_t bytes) {
    while (in_.size() < bytes) {
      if (!more()) return false;
    }
    return true;
  }
  std::string take(std::size_t bytes) {
    std::string part = in_.substr(0, bytes);
    in_.erase(0, bytes);
    return part;
  }
  int fd_;
  std::string in_{};
};

// Listens on a free port of 127.0.0.1 and plays `scripts`, one connection after the other.
class Peer {
 public:
  explicit Peer(std::vector<std::function<void(Connection&)>> scripts) {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listening_, any, size) != 0 || ::listen(listening_, 8) != 0 ||
        ::getsockname(listening_, any, &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, scripts = std::move(scripts)] {
      for (const auto& script : scripts) {
        Connection connection(::accept(listening_, nullptr, nullptr));
        script(connection);
      }
    });
  }
  ~Peer() {
    thread_.join();
    ::close(listening_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  int listening_{-1};
  std::uint16_t port_{};
  std::thread thread_{};
};

}  // namespace spine::cli
