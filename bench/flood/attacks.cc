// The floods: failing handshakes, half-open connections, slow readers and senders, calls, HTTP.
#include "bench/flood/attacks.h"

#include <array>
#include <string_view>

#include "bench/load/cpu.h"
#include "bench/load/websocket.h"

namespace spine::bench {
namespace {

constexpr std::uint32_t kMask = 0x5A17C3E9;
constexpr std::int64_t kMs = 1'000'000;
// What a slow sender says it will send, and how much of it each time.
constexpr std::size_t kLargeFrameBytes = 20'000'000;
constexpr std::size_t kPieceBytes = 16'384;
constexpr std::int64_t kPieceEveryNs = 10 * kMs;
constexpr std::int64_t kDripEveryNs = 100 * kMs;

std::string connect_json(std::string_view token, std::string_view device) {
  std::string json =
      R"({"type":"req","id":"c","method":"connect","params":{"minProtocol":4,"maxProtocol":4,)"
      R"("client":{"id":"cli","version":"1.0.0","platform":"linux","mode":"cli"},"caps":[],)"
      R"("role":"operator","scopes":["operator.admin"],"auth":{"token":")";
  json.append(token).append("\"}");
  if (!device.empty()) json.append(",\"device\":").append(device);
  return json + "}}";
}

// The next whole frame of `in`, which it uses up; none = false.
bool take_frame(std::string& in, std::uint8_t& opcode, std::string& payload) {
  const ServerFrame frame = parse_frame(in);
  if (frame.bytes == 0) return false;
  opcode = frame.opcode;
  payload.assign(frame.payload);
  in.erase(0, frame.bytes);
  return true;
}

// Connects as a client would: step 0 upgrade, 1 challenge, 2 hello, 3 in.
class Authenticated : public Attack {
 public:
  explicit Authenticated(const FloodOptions& options) : options_(options) {}
  void connected(Hostile& connection) override {
    append_upgrade(connection.out, options_.host, options_.port);
  }
  void received(Hostile& connection) override {
    if (connection.step == 0) {
      bool switched = false;
      const std::size_t used = upgrade_answer(connection.in, switched);
      if (used == 0) return;
      connection.finished = !switched;
      connection.in.erase(0, used);
      connection.step = 1;
    }
    std::uint8_t opcode = 0;
    while (!connection.finished && !connection.deaf &&
           take_frame(connection.in, opcode, payload_)) {
      frame(connection, opcode);
    }
  }

 protected:
  virtual void entered(Hostile& connection) = 0;
  virtual void answered(Hostile& /*connection*/) {}
  const FloodOptions& options() const { return options_; }

 private:
  void frame(Hostile& connection, std::uint8_t opcode) {
    if (opcode == 8) {
      connection.finished = true;
    } else if (opcode == 9) {
      append_frame(connection.out, 10, payload_, kMask);
    } else if (connection.step == 1) {
      append_frame(connection.out, 1, connect_json(options_.token, {}), kMask);
      connection.step = 2;
    } else if (connection.step == 2) {
      if (payload_.find(R"("id":"c")") == std::string::npos) return;
      connection.finished = payload_.find(R"("ok":true)") == std::string::npos;
      connection.step = 3;
      if (!connection.finished) entered(connection);
    } else if (payload_.starts_with(R"({"type":"res")")) {
      answered(connection);
    }
  }

  FloodOptions options_;
  std::string payload_{};
};

// Five ways to be turned away, one after the other on every connection.
class Handshakes : public Attack {
 public:
  explicit Handshakes(const FloodOptions& options) : options_(options) {}
  void connected(Hostile& connection) override {
    connection.due_ns = monotonic_ns() + options_.patience_ms * kMs;
    const Way way = way_of(connection);
    if (way == Way::no_http) {
      connection.out = "\x16\x03\x01\x02 this is no HTTP\r\n\r\n";
      return;
    }
    append_upgrade(connection.out, options_.host, options_.port);
    if (way == Way::early) append_frame(connection.out, 1, connect_json("early", {}), kMask);
  }
  void received(Hostile& connection) override {
    if (connection.step != 0) return;
    const std::size_t nonce = connection.in.find(R"("nonce":")");
    const std::size_t stamp = connection.in.find(R"("ts":)");
    if (nonce == std::string::npos || stamp == std::string::npos) return;
    connection.step = 1;
    std::string text;
    switch (way_of(connection)) {
      case Way::wrong_token:
        text = connect_json("not-the-token", {});
        break;
      case Way::bad_signature:
        text = connect_json(options_.token, device_json(connection.in.substr(nonce + 9, 36),
                                                        connection.in.substr(stamp + 5, 13)));
        break;
      case Way::not_json:
        text = "{\"type\":\"req\",,,";
        break;
      default:
        return;
    }
    append_frame(connection.out, 1, text, kMask);
  }
  void due(Hostile& connection) override {
    ++connection.count;
    connection.finished = true;
  }
  void closed(Hostile& connection) override { ++connection.count; }

 private:
  enum class Way : std::uint8_t { wrong_token, bad_signature, not_json, early, no_http };
  static Way way_of(const Hostile& connection) {
    return static_cast<Way>((connection.index + connection.round) % 5);
  }
  // The scalar of this signature is in range, so it is verified to the end.
  std::string device_json(std::string_view nonce, std::string_view stamp) const {
    std::string json = R"({"id":")" + options_.device_id + R"(","publicKey":")";
    json += options_.public_key + R"(","signature":")" + std::string(84, 'A') + "AA";
    json.append(R"(","signedAt":)").append(stamp).append(R"(,"nonce":")").append(nonce);
    return json + "\"}";
  }
  FloodOptions options_;
};

// A third each: no byte at all, headers a byte at a time, upgraded and silent.
class HalfOpen : public Attack {
 public:
  explicit HalfOpen(const FloodOptions& options) : options_(options) {}
  void connected(Hostile& connection) override {
    ++connection.count;
    if (connection.index % 3 == 1) connection.due_ns = monotonic_ns() + kDripEveryNs;
    if (connection.index % 3 == 2) append_upgrade(connection.out, options_.host, options_.port);
  }
  void received(Hostile& connection) override { connection.in.clear(); }
  void due(Hostile& connection) override {
    constexpr std::string_view kHead = "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
    connection.out += connection.step < kHead.size() ? kHead[connection.step] : 'x';
    ++connection.step;
    connection.due_ns = monotonic_ns() + kDripEveryNs;
  }

 private:
  FloodOptions options_;
};

class Readers : public Authenticated {
 public:
  using Authenticated::Authenticated;

 protected:
  void entered(Hostile& connection) override {
    append_frame(connection.out, 1,
                 R"({"type":"req","id":"s","method":"sessions.subscribe","params":{}})", kMask);
    connection.deaf = true;
    ++connection.count;
  }
};

class Senders : public Authenticated {
 public:
  using Authenticated::Authenticated;
  void due(Hostile& connection) override {
    connection.out.append(kPieceBytes, 'x');
    connection.count += kPieceBytes;
    connection.due_ns = monotonic_ns() + kPieceEveryNs;
  }

 protected:
  void entered(Hostile& connection) override {
    connection.out += "\x81\xFF";
    for (int shift = 56; shift >= 0; shift -= 8)
      connection.out += static_cast<char>(kLargeFrameBytes >> static_cast<unsigned>(shift));
    connection.out.append(4, '\0');
    connection.due_ns = monotonic_ns() + kPieceEveryNs;
  }
};

class Calls : public Authenticated {
 public:
  explicit Calls(const FloodOptions& options)
      : Authenticated(options), request_(options.call, kMask) {}

 protected:
  void entered(Hostile& connection) override {
    for (std::uint32_t i = 0; i < options().depth; ++i)
      request_.append(connection.out, number_++);
  }
  void answered(Hostile& connection) override {
    ++connection.count;
    request_.append(connection.out, number_++);
  }

 private:
  FrameTemplate request_;
  std::uint64_t number_{static_cast<std::uint64_t>(monotonic_ns()) % 1'000'000'000};
};

class HttpGets : public Attack {
 public:
  explicit HttpGets(const FloodOptions& options)
      : request_("GET " + options.path + " HTTP/1.1\r\nHost: localhost\r\n\r\n") {}
  void connected(Hostile& connection) override { connection.out = request_; }
  void received(Hostile& connection) override {
    std::string& in = connection.in;
    while (true) {
      const std::size_t head = in.find("\r\n\r\n");
      if (head == std::string::npos) return;
      const std::size_t length = in.find("Content-Length: ");
      const std::size_t body =
          length < head ? number_of(std::string_view{in}.substr(length + 16)) : 0;
      if (in.size() < head + 4 + body) return;
      in.erase(0, head + 4 + body);
      ++connection.count;
      connection.out += request_;
    }
  }

 private:
  std::string request_;
};

}  // namespace

std::unique_ptr<Attack> make_attack(const FloodOptions& options) {
  switch (options.kind) {
    case FloodKind::half_open:
      return std::make_unique<HalfOpen>(options);
    case FloodKind::readers:
      return std::make_unique<Readers>(options);
    case FloodKind::senders:
      return std::make_unique<Senders>(options);
    case FloodKind::calls:
      return std::make_unique<Calls>(options);
    case FloodKind::http:
      return std::make_unique<HttpGets>(options);
    case FloodKind::handshakes:
      break;
  }
  return std::make_unique<Handshakes>(options);
}

}  // namespace spine::bench
