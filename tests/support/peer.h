// Peer: a gateway's side of one TCP connection, played by a test on a thread of its own.
#pragma once

#include <arpa/inet.h>
#include <cstdlib>
#include <functional>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "adapters/client/socket.h"
#include "adapters/http/routes.h"
#include "schemas/vocab/frames.h"

namespace spine::test {

// One accepted connection. The end of it, or a minute without a byte, gives empty texts.
class Connection {
 public:
  struct Received {
    Opcode opcode{};
    std::string payload{};
  };

  explicit Connection(int fd) : socket_(fd) {}

  void write(const std::string& bytes) {
    [[maybe_unused]] const Status sent = socket_.write_all(bytes, client::in_ms(kPatienceMs));
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
    write(http::switching_protocols(request.substr(at, request.find('\r', at) - at)));
  }
  // Unmasked, as servers send.
  void frame(Opcode opcode, const std::string& payload, bool final = true) {
    std::string bytes;
    append_frame(bytes, {.opcode = opcode, .final = final}, payload);
    write(bytes);
  }
  void text(const std::string& payload, bool final = true) { frame(Opcode::text, payload, final); }
  // The client's next frame, without its mask.
  Received read_frame() {
    Frame frame{};
    while ((frame = parse_frame(in_)).bytes == 0) {
      if (!more()) return {};
    }
    Received received{.opcode = frame.head.opcode, .payload = unmasked(frame)};
    take(frame.bytes);
    return received;
  }

 private:
  static constexpr std::uint64_t kPatienceMs = 60'000;

  bool more() {
    const auto read = socket_.read_some(in_, client::in_ms(kPatienceMs));
    return read && *read != 0;
  }
  std::string take(std::size_t bytes) {
    std::string part = in_.substr(0, bytes);
    in_.erase(0, bytes);
    return part;
  }
  client::Socket socket_;
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
        Connection connection(::accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK));
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

inline nlohmann::json next_request(Connection& c) {
  return nlohmann::json::parse(c.read_frame().payload);
}

inline void reply(Connection& c, const nlohmann::json& request, const nlohmann::json& payload) {
  c.text(nlohmann::json{{"type", "res"}, {"id", request["id"]}, {"ok", true}, {"payload", payload}}
             .dump());
}

// The gateway's part of a handshake; returns the connect request.
inline nlohmann::json hello(Connection& c) {
  c.accept_websocket();
  c.text(R"({"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":1}})");
  nlohmann::json request = next_request(c);
  reply(c, request, {{"type", "hello-ok"}, {"protocol", 4}});
  return request;
}

}  // namespace spine::test
