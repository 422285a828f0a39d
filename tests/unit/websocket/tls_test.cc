// TLS of our own, and large answers to slow readers, over real sockets.
#include <arpa/inet.h>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/websocket/net/listener.h"
#include "tests/unit/websocket/fixture.h"

namespace spine::test {
namespace {

namespace fs = std::filesystem;

std::string body_of_answer(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

std::uint64_t cpu_ms() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1000 +
         static_cast<std::uint64_t>(used.tv_nsec) / 1'000'000;
}

// A blocking TLS connection that trusts whoever answers.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int version_max = 0) {
    context_ = ::SSL_CTX_new(::TLS_client_method());
    if (version_max != 0) ::SSL_CTX_set_max_proto_version(context_, version_max);
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ssl_ = ::SSL_new(context_);
    ::SSL_set_fd(ssl_, fd_);
    constexpr unsigned char kAlpn[] = "\x02h2\x08http/1.1";
    ::SSL_set_alpn_protos(ssl_, kAlpn, sizeof kAlpn - 1);
    std::string name = "default";  // the library's own, so that its look-up is met
    ::SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    up_ = ::SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    ::SSL_free(ssl_);
    ::SSL_CTX_free(context_);
    ::close(fd_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool up() const { return up_; }
  std::string alpn() const {
    const unsigned char* name = nullptr;
    unsigned bytes = 0;
    ::SSL_get0_alpn_selected(ssl_, &name, &bytes);
    return {reinterpret_cast<const char*>(name), bytes};
  }
  void send(const std::string& bytes) {
    ASSERT_EQ(::SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())),
              static_cast<int>(bytes.size()));
  }
  std::string read_all() {
    std::string all;
    while (fill(all)) {
    }
    return all;
  }
  // The next text message.
  std::string read_text() {
    while (true) {
      if (buffer_.size() >= 2) {
        const auto at = [this](std::size_t i) { return static_cast<unsigned char>(buffer_[i]); };
        const std::size_t code = at(1) & 0x7FU;
        const std::size_t digits = code < 126 ? 0 : code == 126 ? 2 : 8;
        std::size_t size = digits == 0 ? code : 0;
        for (std::size_t i = 0; i < digits && buffer_.size() >= 2 + digits; ++i)
          size = (size << 8) | at(2 + i);
        if (buffer_.size() >= 2 + digits + size && buffer_.size() >= 2 + digits) {
          std::string text = buffer_.substr(2 + digits, size);
          const bool is_text = (at(0) & 15U) == 1;
          buffer_.erase(0, 2 + digits + size);
          if (is_text) return text;
          continue;
        }
      }
      if (!fill(buffer_)) return {};
    }
  }
  // `before`: a request that is sent together with the handshake.
  void upgrade(const std::string& before) {
    send(before +
         "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    const auto end = [this] {
      const std::size_t answer = buffer_.find("HTTP/1.1 101");
      return answer == std::string::npos ? answer : buffer_.find("\r\n\r\n", answer);
    };
    while (end() == std::string::npos)
      ASSERT_TRUE(fill(buffer_)) << buffer_;
    buffer_.erase(0, end() + 4);
  }
  json hello(const std::string& before = {}) {
    upgrade(before);
    read_text();
    send(WsClient::frame(
        ProtocolClient::request("c", "connect",
                                ProtocolClient::connect_params({"operator.read", "operator.write"}))
            .dump(),
        {}));
    return response("c");
  }
  json response(const std::string& id) {
    while (true) {
      const std::string text = read_text();
      if (text.empty()) return nullptr;
      json got = json::parse(text);
      if (got.value("id", "") == id) return got;
    }
  }

 private:
  bool fill(std::string& into) {
    char bytes[65536];
    const int got = ::SSL_read(ssl_, bytes, sizeof bytes);
    if (got > 0) into.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }
  SSL_CTX* context_{};
  SSL* ssl_{};
  int fd_{-1};
  bool up_{};
  std::string buffer_{};
};

class TlsServer : public NetTest {
 protected:
  void SetUp() override {
    place_ = fs::path{::testing::TempDir()} / ("tls" + std::to_string(::getpid()));
    fs::create_directories(place_);
    make_pair("a");
    net::NetOptions options;
    options.tls = {.cert_path = place_ / "a.crt", .key_path = place_ / "a.key"};
    start(std::move(options));
  }
  ~TlsServer() override { fs::remove_all(place_); }
  void make_pair(const std::string& name) {
    const std::string file = place_ / name;
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=localhost -keyout " +
        file + ".key -out " + file + ".crt 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  std::string failure_of(const std::string& cert, const std::string& key) {
    pipeline::Ingress ingress;
    net::NetOptions options{.token = kToken, .config = &config_, .version = "1"};
    options.tls = {.cert_path = cert, .key_path = key};
    auto server = net::NetServer::bind(std::move(options), *shared_, ingress);
    EXPECT_FALSE(server);
    return server ? "" : server.error().message;
  }
  fs::path place_{};
};

TEST_F(TlsServer, ServesHttpAndUpgradesWithAlpnAndHsts) {
  TlsClient client{port()};
  ASSERT_TRUE(client.up());
  EXPECT_EQ(client.alpn(), "http/1.1");
  client.send(
      "GET /health HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\n"
      "Connection: close\r\n\r\n");
  const std::string response = client.read_all();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200")) << response;
  EXPECT_NE(response.find("\r\nStrict-Transport-Security: max-age="), std::string::npos);
  EXPECT_TRUE(json::parse(body_of_answer(response))["ok"]);
  TlsClient socket{port()};
  EXPECT_EQ(socket.hello()["ok"], true);
}

TEST_F(TlsServer, AHandshakeMayFollowARequest) {
  TlsClient client{port()};
  EXPECT_EQ(client.hello("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")["ok"], true);
}

TEST_F(TlsServer, RequestsAreJudgedAsOnPlainSockets) {
  const auto ask = [this](const std::string& bytes) {
    TlsClient client{port()};
    client.send(bytes);
    return client.read_all();
  };
  const std::string first = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
  const std::string last = first + "Connection: close\r\n\r\n";
  for (const char* field : {"Content-Length: 0, 45", "Transfer-Encoding : chunked",
                            "Content-Length: 45", "A: b\nc: d"}) {
    const std::string answers = ask(first + field + "\r\n\r\n" + last);
    EXPECT_TRUE(answers.starts_with("HTTP/1.1 ")) << field;
    EXPECT_EQ(answers.find("HTTP/1.1 ", 1), std::string::npos) << field << answers;
  }
  EXPECT_TRUE(ask("GET /% HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(ask("TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 501"));
  const std::string two = ask(first + "Acc: x\r\n\r\n" + last);
  EXPECT_TRUE(two.starts_with("HTTP/1.1 200")) << two;
  EXPECT_NE(two.find("HTTP/1.1 200", 1), std::string::npos) << two;
  const std::string handshake =
      first +
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: watched\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  EXPECT_TRUE(ask(handshake + "\r\n").starts_with("HTTP/1.1 426"));
  const std::string up = ask(handshake + "Sec-WebSocket-Version: 13\r\n\r\n" +
                             WsClient::frame("x", {.masked = false}));
  EXPECT_TRUE(up.starts_with("HTTP/1.1 101")) << up;
  EXPECT_EQ(up.find("Protocol:"), std::string::npos) << up;
  EXPECT_NE(up.find("a frame is not masked"), std::string::npos) << up;
}

TEST_F(TlsServer, OldVersionsAndPlainHttpAreTurnedAway) {
  EXPECT_FALSE(TlsClient(port(), TLS1_1_VERSION).up());
  const std::string answer = get("/health");
  EXPECT_EQ(answer.find("HTTP/1.1 200"), std::string::npos);
  EXPECT_TRUE(TlsClient(port(), TLS1_2_VERSION).up());
}

// Whether the process uses next to no processor time, once what it has to do is done. A thread that
// spins uses all of every window.
bool becomes_idle() {
  constexpr int kWindows = 200;
  for (int i = 0; i < kWindows; ++i) {
    const std::uint64_t before = cpu_ms();
    ::usleep(100'000);
    if (cpu_ms() - before < 40) return true;
  }
  return false;
}

TEST_F(TlsServer, LargeFramesGoBothWaysToASlowReader) {
  TlsClient client{port()};
  ASSERT_EQ(client.hello()["ok"], true);
  const std::string text(5'000'000, 'x');
  const json params = channel_message("one", text);
  client.send(WsClient::frame(ProtocolClient::request("m", "channel.message", params).dump(), {}));
  const json accepted = client.response("m");
  ASSERT_EQ(accepted["ok"], true) << accepted.dump().substr(0, 500);
  const std::string key = accepted["payload"]["sessionKey"];
  for (const char* id : {"h1", "h2", "h3"}) {
    client.send(WsClient::frame(
        ProtocolClient::request(id, "chat.history", {{"sessionKey", key}, {"limit", 10}}).dump(),
        {}));
  }
  EXPECT_TRUE(becomes_idle()) << "it spins while the socket is full";
  for (const char* id : {"h1", "h2", "h3"}) {
    const json history = client.response(id);
    EXPECT_EQ(history["ok"], true);
  }
}

TEST_F(TlsServer, AnIdleConnectionCostsNoTime) {
  TlsClient idle{port()}, half{port()};
  ASSERT_EQ(idle.hello()["ok"], true);
  {
    TlsClient closed{port()};
    closed.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  }
  TlsClient answered{port()};
  answered.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  ::usleep(200'000);
  const std::uint64_t before = cpu_ms();
  ::usleep(600'000);
  EXPECT_LT(cpu_ms() - before, 150U);
}

TEST_F(TlsServer, BadFilesAreNamed) {
  make_pair("b");
  const std::string a = place_ / "a", b = place_ / "b";
  EXPECT_NE(failure_of(a + ".crt", b + ".key").find("The TLS key " + b + ".key cannot be used"),
            std::string::npos);
  EXPECT_NE(failure_of(a + ".key", a + ".key").find("The TLS certificate " + a + ".key"),
            std::string::npos);
  EXPECT_NE(failure_of(place_ / "none", a + ".key").find("none cannot be used"), std::string::npos);
}

// The Control UI's files over plain and TLS sockets.
class UiServer : public TlsServer {
 protected:
  void serve(bool tls) {
    const fs::path root = place_ / "ui";
    fs::create_directories(root / "assets");
    std::ofstream{root / "index.html"} << "<html></html>";
    for (int i = 0; i < 400'000; ++i)
      large_ += "0123456789abcdef";
    std::ofstream{root / "assets" / "large.js"} << large_;
    net::NetOptions options;
    if (tls) options.tls = {.cert_path = place_ / "a.crt", .key_path = place_ / "a.key"};
    options.control_ui.root = root;
    start(std::move(options));
  }
  std::string large_{};
};

TEST_F(UiServer, LargeFilesWaitForSlowReadersAndPipelinedRequestsForThem) {
  serve(false);
  WsClient slow;
  slow.shrink_receive_buffer();
  ASSERT_TRUE(slow.connect(port()));
  const std::string ask = "GET /assets/large.js HTTP/1.1\r\nHost: localhost\r\n";
  slow.send_bytes(ask + "\r\n" + ask + "Connection: close\r\n\r\n");
  ::usleep(100'000);
  const std::uint64_t before = cpu_ms();
  ::usleep(400'000);
  EXPECT_LT(cpu_ms() - before, 200U) << "it spins while the reader is slow";
  EXPECT_TRUE(get("/health").starts_with("HTTP/1.1 200"));
  const std::string both = slow.read_all();
  EXPECT_GT(both.size(), 2 * large_.size());
  EXPECT_LT(both.size(), 2 * large_.size() + 4'000);
  EXPECT_TRUE(both.ends_with(large_));
  EXPECT_TRUE(body_of_answer(both).starts_with(large_));
}

TEST_F(UiServer, AReaderThatGoesAwayEndsNothingElse) {
  serve(false);
  for (int i = 0; i < 20; ++i) {
    WsClient gone;
    gone.shrink_receive_buffer();
    ASSERT_TRUE(gone.connect(port()));
    gone.send_bytes("GET /assets/large.js HTTP/1.1\r\nHost: localhost\r\n\r\n");
    if (i % 2 == 0) gone.half_close();
  }
  EXPECT_TRUE(get("/health").starts_with("HTTP/1.1 200"));
  for (int i = 0; i < 500 && shared_->metrics.sockets_open.get() > 1; ++i)
    ::usleep(10'000);
  EXPECT_LE(shared_->metrics.sockets_open.get(), 1U);
}

TEST_F(UiServer, LargeFilesGoThroughTls) {
  serve(true);
  TlsClient client{port()};
  ASSERT_TRUE(client.up());
  client.send("GET /assets/large.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  ::usleep(200'000);
  EXPECT_TRUE(body_of_answer(client.read_all()) == large_);
}

TEST_F(UiServer, TheConfigNeedsTheToken) {
  serve(false);
  const std::string ask = "GET /control-ui-config.json HTTP/1.1\r\nHost: localhost\r\n";
  const std::string refused = http(ask + "Connection: close\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 401")) << refused;
  EXPECT_EQ(body_of_answer(refused),
            R"({"error":{"message":"Unauthorized","type":"unauthorized"}})");
  const std::string granted =
      http(ask + "Authorization: Bearer " + kToken + "\r\nConnection: close\r\n\r\n");
  const json body = json::parse(body_of_answer(granted));
  EXPECT_EQ(body["basePath"], "");
  EXPECT_EQ(body["assistantName"], "Main");
  EXPECT_EQ(body["assistantAgentId"], "main");
  EXPECT_EQ(body["serverVersion"], "0.1.0-test");
}

TEST_F(UiServer, GuessingTheTokenOverHttpLocksOut) {
  config_.auth_rate_limit = {.max_attempts = 2, .lockout_ms = 7'000, .exempt_loopback = false};
  serve(false);
  const auto ask = [this](const std::string& token) {
    return http(
        "GET /control-ui-config.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
        token + "\r\nConnection: close\r\n\r\n");
  };
  EXPECT_TRUE(ask("wrong").starts_with("HTTP/1.1 401"));
  EXPECT_TRUE(ask("wrong").starts_with("HTTP/1.1 401"));
  const std::string locked = ask(kToken);
  EXPECT_TRUE(locked.starts_with("HTTP/1.1 429")) << locked;
  EXPECT_NE(locked.find("\r\nRetry-After: "), std::string::npos) << locked;
}

}  // namespace
}  // namespace spine::test
