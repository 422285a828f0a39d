// Who gets in: names, addresses, numbers of sockets, the control socket.
#include "adapters/websocket/net/perimeter.h"

#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "adapters/http/guard.h"
#include "tests/unit/websocket/fixture.h"

namespace spine::test {
namespace {

using http::Scheme;

TEST(Site, HostsAreLoopbackBoundAddressesAndConfiguredNames) {
  const http::Site local = http::make_site({.addresses = {"127.0.0.1", "::1"}, .hostname = "box"});
  EXPECT_TRUE(http::host_allowed(local, "LocalHost.:18789"));
  for (const char* host : {"box", "box.local", "192.168.1.2", "evil.example", "user@localhost",
                           "localhost:", "localhost:0", "localhost:99999", "localhost/", "[::1]x",
                           "localhost localhost", "localhost,evil", "0x7f000001", "2130706433",
                           "127.1", "[127.0.0.1]", "::1"}) {
    EXPECT_FALSE(http::host_allowed(local, host)) << host;
  }
  const http::Site wide = http::make_site(
      {.addresses = {"0.0.0.0"}, .origins = {"https://Agent.Example.:8443"}, .hostname = "box"});
  for (const char* host : {"box:1", "BOX.local", "192.168.1.2:18789", "[fe80::1]", "[0:0::1]",
                           "agent.example", "agent.example:18789"}) {
    EXPECT_TRUE(http::host_allowed(wide, host)) << host;
  }
  EXPECT_FALSE(http::host_allowed(wide, "evil.agent.example"));
  EXPECT_FALSE(http::host_allowed(wide, "agent.example.evil"));
  const http::Site one = http::make_site({.addresses = {"192.168.1.2"}});
  EXPECT_TRUE(http::host_allowed(one, "192.168.1.2"));
  EXPECT_FALSE(http::host_allowed(one, "192.168.1.3"));
}

TEST(Site, OriginsAreTheSameSiteOrExactlyOneOfTheList) {
  const http::Site site = http::make_site({.origins = {"https://agent.example"}});
  const auto allowed = [&site](const char* origin, const char* host, Scheme scheme) {
    return http::origin_allowed(site, origin, host, scheme);
  };
  EXPECT_TRUE(allowed("", "localhost", Scheme::http));
  EXPECT_TRUE(allowed("https://agent.example", "localhost", Scheme::http));
  EXPECT_TRUE(allowed("https://AGENT.example:443", "localhost", Scheme::http));
  EXPECT_TRUE(allowed("https://localhost:18789", "localhost:18789", Scheme::https));
  EXPECT_TRUE(allowed("https://localhost", "localhost", Scheme::either));
  EXPECT_TRUE(allowed("http://[::1]:5", "[0::1]:5", Scheme::http));
  for (const char* origin :
       {"null", "*", "http://agent.example", "https://agent.example:8443",
        "https://agent.example.evil", "https://evil@agent.example", "https://agent.example/x",
        "https://agent.example\\.evil", "https:agent.example", "file://", "https://",
        "http://localhost:18789", "http://localhost:18790", "ws://localhost:18789"}) {
    EXPECT_FALSE(allowed(origin, "localhost:18789", Scheme::https)) << origin;
  }
}

TEST(Forwarded, TheRightmostAddressThatIsNoProxyIsTheClient) {
  const net::TrustedProxies proxies{
      {"10.0.0.0/8", "127.0.0.1", "fd00::/16", "nonsense", "1.2.3.4/99"}};
  EXPECT_TRUE(proxies.contains(*parse_ip("10.200.3.4")));
  EXPECT_FALSE(proxies.contains(*parse_ip("11.0.0.1")));
  EXPECT_TRUE(proxies.contains(*parse_ip("fd00::9")));
  EXPECT_EQ(proxies.client("6.6.6.6, 203.0.113.9, 10.0.0.2"), "203.0.113.9");
  EXPECT_EQ(proxies.client("203.0.113.9:4711"), "203.0.113.9");
  EXPECT_EQ(proxies.client("[2001:db8::1]:80"), "2001:db8::1");
  EXPECT_EQ(proxies.client("203.0.113.9, unknown"), "");
  EXPECT_EQ(proxies.client("10.0.0.1"), "");
  EXPECT_EQ(proxies.client(""), "");
}

class Doors : public ::testing::Test {
 protected:
  net::Socket* come(const std::string& address, bool proxy = false) {
    net::Arrival arrival{.address = address, .proxy = proxy};
    arrival.whole = parse_ip(address).value();
    return perimeter_.admit(arrival, now_ms_);
  }
  pipeline::Metrics metrics_{};
  net::Perimeter perimeter_{metrics_, 15'000};
  std::uint64_t now_ms_{1'000};
};

TEST_F(Doors, AnAddressHoldsSoManyStrangersAndSoManyInAll) {
  for (std::uint32_t i = 0; i < limits::kUnauthenticatedPerAddressMax; ++i)
    ASSERT_NE(come("203.0.113.9"), nullptr);
  EXPECT_EQ(come("203.0.113.9"), nullptr);
  EXPECT_EQ(metrics_.sockets_refused_address.get(), 1U);
  perimeter_.know(*perimeter_.oldest());
  EXPECT_NE(come("203.0.113.9"), nullptr);
  while (perimeter_.size() < limits::kConnectionsPerAddressMax) {
    perimeter_.know(*perimeter_.oldest());
    ASSERT_NE(come("203.0.113.9"), nullptr);
  }
  perimeter_.know(*perimeter_.oldest());
  EXPECT_EQ(come("203.0.113.9"), nullptr);
  EXPECT_NE(come("203.0.113.10"), nullptr);
  perimeter_.remove(*perimeter_.oldest());
  EXPECT_NE(come("203.0.113.9"), nullptr);
}

TEST_F(Doors, AnIpv6NetworkIsOneAddressAndLoopbackIsNone) {
  for (std::uint32_t i = 0; i < limits::kUnauthenticatedPerAddressMax; ++i) {
    ASSERT_NE(come("2001:db8::" + std::to_string(i + 1)), nullptr);
    ASSERT_NE(come("127.0.0.1"), nullptr);
    ASSERT_NE(come("::1"), nullptr);
  }
  EXPECT_EQ(come("2001:db8::ffff:1"), nullptr);
  EXPECT_NE(come("2001:db8:0:1::1"), nullptr);
  EXPECT_NE(come("127.0.0.1"), nullptr);
}

TEST_F(Doors, TheOldestStrangerMakesRoomForTheNewest) {
  net::Socket* known = come("127.0.0.1");
  perimeter_.know(*known);
  net::Socket* first = come("127.0.0.1");
  while (perimeter_.strangers() < limits::kUnauthenticatedMax)
    ASSERT_NE(come("127.0.0.1"), nullptr);
  EXPECT_TRUE(perimeter_.marked_for_close().empty());
  ASSERT_NE(come("127.0.0.1"), nullptr);
  EXPECT_EQ(perimeter_.marked_for_close(), std::vector<net::Socket*>{first});
  EXPECT_EQ(perimeter_.strangers(), limits::kUnauthenticatedMax);
  EXPECT_EQ(metrics_.sockets_cut_oldest.get(), 1U);
  perimeter_.remove(*first);
  EXPECT_TRUE(perimeter_.marked_for_close().empty());
  EXPECT_EQ(metrics_.sockets_open.get(), limits::kUnauthenticatedMax + 1U);
}

TEST_F(Doors, WhoIsLateIsCut) {
  net::Socket* silent = come("127.0.0.1");
  net::Socket* busy = come("127.0.0.1");
  net::Socket* upgraded = come("127.0.0.1");
  upgraded->upgraded = true;
  now_ms_ += 10'000;
  perimeter_.extend(*busy, now_ms_);
  now_ms_ += 5'000;
  perimeter_.check(now_ms_);
  EXPECT_EQ(perimeter_.marked_for_close(), std::vector<net::Socket*>{silent});
  EXPECT_EQ(metrics_.sockets_cut_late.get(), 1U);
}

TEST_F(Doors, BehindAProxyTheClientIsCounted) {
  std::vector<net::Socket*> all;
  for (std::uint32_t i = 0; i < 2 * limits::kUnauthenticatedPerAddressMax; ++i)
    all.push_back(come("10.0.0.1", true));
  std::uint32_t taken = 0;
  for (net::Socket* socket : all)
    taken += perimeter_.forwarded(*socket, "203.0.113.9") ? 1U : 0U;
  EXPECT_EQ(taken, limits::kUnauthenticatedPerAddressMax);
  EXPECT_TRUE(perimeter_.forwarded(*all.back(), "203.0.113.10"));
  EXPECT_EQ(all.back()->address, "203.0.113.10");
  EXPECT_TRUE(perimeter_.forwarded(*all.front(), "203.0.113.11"));
  for (net::Socket* socket : all)
    perimeter_.remove(*socket);
  EXPECT_EQ(perimeter_.size(), 0U);
}

using PerimeterServer = NetTest;

TEST_F(PerimeterServer, ThousandsOfHalfOpenConnectionsKeepNobodyOut) {
  std::vector<WsClient> silent(limits::kUnauthenticatedMax + 200);
  for (std::size_t i = 0; i < silent.size(); ++i) {
    ASSERT_TRUE(silent[i].connect(port())) << i;
    if (i % 2 == 0) silent[i].send_bytes("GET / HTTP/1.1\r\nHost: local");
  }
  ProtocolClient honest;
  EXPECT_FALSE(honest.hello(port()).is_null());
  EXPECT_TRUE(get("/health").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(silent.front().at_end());
  EXPECT_GE(shared_->metrics.sockets_cut_oldest.get(), 200U);
  EXPECT_LE(shared_->metrics.sockets_unauthenticated.get(), limits::kUnauthenticatedMax);
  EXPECT_TRUE(honest.call("health")["ok"]);
}

TEST_F(PerimeterServer, WhoSendsNoRequestIsCutInTime) {
  net::NetOptions options;
  options.handshake_ms = 300;
  start(std::move(options));
  WsClient silent, slow, greeted;
  ASSERT_TRUE(silent.connect(port()));
  ASSERT_TRUE(slow.connect(port()));
  slow.send_bytes("GET /health HTTP/1.1\r\nHo");
  ASSERT_TRUE(greeted.open(port()));
  EXPECT_TRUE(silent.at_end(5'000));
  EXPECT_TRUE(slow.at_end(5'000));
  EXPECT_TRUE(greeted.read_text(5'000));  // the challenge
  EXPECT_FALSE(greeted.read_text(5'000));
  EXPECT_EQ(shared_->metrics.sockets_cut_late.get(), 2U);
}

TEST_F(PerimeterServer, ForeignOriginsReachTheHandshakeAndForeignHostsDoNot) {
  WsClient foreign;
  ASSERT_TRUE(foreign.connect(port()));
  EXPECT_TRUE(foreign.upgrade("/", "Origin: http://evil.example\r\n"));
  WsClient rebound;
  ASSERT_TRUE(rebound.connect(port()));
  EXPECT_FALSE(rebound.upgrade("/", "", "evil.example"));
  EXPECT_EQ(shared_->metrics.requests_foreign.get(), 2U);
  EXPECT_TRUE(http("GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n"
                   "Connection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 400"));
}

TEST_F(PerimeterServer, ForwardingHeadersOfStrangersAreNotBelieved) {
  const std::string request =
      "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: agent.example\r\n"
      "X-Forwarded-Proto: https\r\nOrigin: https://agent.example\r\nConnection: close\r\n\r\n";
  EXPECT_TRUE(http(request).starts_with("HTTP/1.1 403"));
  net::NetOptions options;
  options.trusted_proxies = {"127.0.0.0/8"};
  options.public_origin = "https://agent.example";
  start(std::move(options));
  EXPECT_TRUE(http(request).starts_with("HTTP/1.1 200")) << http(request);
  EXPECT_TRUE(http("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: evil.example\r\n"
                   "Connection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 403"));
}

class ControlSocketTest : public NetTest {
 protected:
  std::filesystem::path folder(const std::string& name) {
    const auto path =
        std::filesystem::path{::testing::TempDir()} / (name + std::to_string(::getpid()));
    std::filesystem::create_directories(path);
    return path;
  }
  // A server of its own that has not started.
  std::unique_ptr<net::NetServer> unstarted() {
    net::NetOptions options{.token = kToken, .config = &config_, .version = "1"};
    auto server = net::NetServer::bind(std::move(options), *shared_, other_ingress_);
    EXPECT_TRUE(server);
    return std::move(server).value();
  }
  static int dial(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  static std::string ask(int fd, const std::string& request) {
    EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::string answer;
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::recv(fd, buffer, sizeof buffer, 0)) > 0)
      answer.append(buffer, static_cast<std::size_t>(got));
    ::close(fd);
    return answer;
  }
  pipeline::Ingress other_ingress_{};
};

TEST_F(ControlSocketTest, ServesTheOwnerByAnyHostAndRefusesPages) {
  const std::string path = folder("control") / "control.sock";
  auto server = unstarted();
  ASSERT_TRUE(server->listen_control(path));
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  StateDir other_state;
  auto engine = std::make_unique<LiveEngine>(*shared_, other_ingress_, server->outbox(), config_,
                                             other_state.path());
  server->start();
  const std::string health = "GET /health HTTP/1.1\r\nConnection: close\r\n";
  EXPECT_TRUE(ask(dial(path), health + "Host: whatever\r\n\r\n").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(ask(dial(path), health + "\r\n").starts_with("HTTP/1.1 400"));
  const std::string upgrade =
      "GET / HTTP/1.1\r\nHost: whatever\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  EXPECT_TRUE(
      ask(dial(path), upgrade + "Origin: http://whatever\r\n\r\n").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(ask(dial(path),
                  "GET /health HTTP/1.1\r\nHost: localhost\r\nOrigin: "
                  "http://localhost\r\nConnection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 403"));
  const int fd = dial(path);
  ASSERT_GT(::send(fd, (upgrade + "\r\n").data(), upgrade.size() + 2, MSG_NOSIGNAL), 0);
  char first[13] = "";
  ASSERT_EQ(::recv(fd, first, 12, MSG_WAITALL), 12);
  EXPECT_STREQ(first, "HTTP/1.1 101");
  ::close(fd);
  engine.reset();
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ControlSocketTest, StaleSocketsAreReplacedAndOtherFilesAreNot) {
  const std::string path = folder("stale") / "control.sock";
  auto first = unstarted();
  ASSERT_TRUE(first->listen_control(path));
  auto second = unstarted();
  ASSERT_TRUE(second->listen_control(path));
  first.reset();  // its file is not there any more: the other's stays
  EXPECT_TRUE(std::filesystem::exists(path));
  second.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
  std::fclose(std::fopen(path.c_str(), "w"));
  auto third = unstarted();
  const Status refused = third->listen_control(path);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::in_use);
}

TEST_F(ControlSocketTest, LongPathsAreReachedThroughTheirFolder) {
  const auto deep = folder("deep") / std::string(90, 'a') / std::string(90, 'b');
  std::filesystem::create_directories(deep);
  const std::string path = deep / "control.sock";
  ASSERT_GT(path.size(), sizeof(sockaddr_un::sun_path));
  auto server = unstarted();
  const Status status = server->listen_control(path);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_TRUE(std::filesystem::is_socket(path));
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace spine::test
