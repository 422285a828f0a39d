// The floods: failing handshakes, half-open connections, slow readers and senders, calls, HTTP.
#include "bench/flood/attacks.h"

#include <array>
#include <string_view>

#include "adapters/client/rpc_client.h"
#include "bench/load/cpu.h"
#include "bench/load/frame_template.h"
#include "schemas/vocab/frames.h"

namespace spine::bench {
namespace {

constexpr std::uint32_t kMask = 0x5A17C3E9;
constexpr std::int64_t kMs = 1'000'000;
// What a slow sender says it will send, and how much of it each time.
constexpr std::size_t kLargeFrameBytes = 20'000'000;
constexpr std::size_t kPieceBytes = 16'384;
constexpr std::int64_t kPieceEveryNs = 10 * kMs;
constexpr std::int64_t kDripEveryNs = 100 * kMs;

constexpr std::string_view kScopes = R"(["operator.admin"])";

std::string connect_json(std::string_view token, std::string_view device) {
  const std::string members = device.empty() ? "" : ",\"device\":" + std::string{device};
  return client::request_frame(
      "c", "connect",
      client::connect_params({.token = token, .scopes = kScopes, .members = members}));
}

// Connects as a client would.
class Authenticated : public Attack {
 public:
  explicit Authenticated(const FloodOptions& options)
      : options_(options), greeter_(options.host, options.port, options.token, kScopes, kMask) {}
  void connected(Hostile& connection) override { connection.out = greeter_.upgrade; }
  void received(Hostile& connection) override {
    std::size_t used = 1;
    while (used != 0 && !connection.finished && !connection.deaf) {
      used = connection.greeting.done() ? take_frame(connection) : take_greeting(connection);
      connection.in.erase(0, used);
    }
  }

 protected:
  virtual void entered(Hostile& connection) = 0;
  virtual void answered(Hostile& /*connection*/) {}
  const FloodOptions& options() const { return options_; }

 private:
  std::size_t take_greeting(Hostile& connection) {
    std::string error;
    const std::size_t used =
        connection.greeting.take(greeter_, connection.in, connection.out, error);
    connection.finished = !error.empty();
    if (connection.greeting.done() && !connection.finished) entered(connection);
    return used;
  }
  std::size_t take_frame(Hostile& connection) {
    const Frame frame = parse_frame(connection.in);
    if (frame.bytes == 0) return 0;
    if (frame.head.opcode == Opcode::close) {
      connection.finished = true;
    } else if (frame.head.opcode == Opcode::ping) {
      append_pong(connection.out, frame.payload, kMask);
    } else if (frame.payload.starts_with(R"({"type":"res")")) {
      answered(connection);
    }
    return frame.bytes;
  }

  FloodOptions options_;
  Greeter greeter_;
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
    connection.out += upgrade_text(options_.host, options_.port);
    if (way == Way::early) append_text_frame(connection.out, connect_json("early", {}), kMask);
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
    append_text_frame(connection.out, text, kMask);
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
    if (connection.index % 3 == 2) connection.out += upgrade_text(options_.host, options_.port);
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
    append_text_frame(connection.out, client::request_frame("s", "sessions.subscribe", "{}"),
                      kMask);
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
    std::array<char, kFrameHeadBytesMax> head{};
    connection.out.append(
        head.data(),
        put_frame_head(head.data(), {.masked = true, .payload_bytes = kLargeFrameBytes}));
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
