// Tests of adapters/outbound/outbound.h: URLs, addresses, and what libcurl does under a guard.
#include "adapters/outbound/outbound.h"

#include <arpa/inet.h>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <thread>
#include <unistd.h>

namespace spine::http {
namespace {

using ::testing::HasSubstr;

std::string said(const Status& status) {
  return status ? std::string{} : status.error().message;
}

std::string url_said(std::string_view text, const OutboundPolicy& policy = {}) {
  const Result<OutboundUrl> url = check_url(text, policy);
  return url ? std::string{} : url.error().message;
}

std::string address_said(std::string_view address, const OutboundPolicy& policy = {}) {
  return said(check_address(*parse_ip(address), "x.example", policy));
}

TEST(OutboundUrls, PublicOnesAreReadIntoTheirParts) {
  const Result<OutboundUrl> url = check_url("https://API.Example.org./a?b#c", {});
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "api.example.org");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(check_url("http://8.8.8.8:8080/", {})->port, 8080);
  EXPECT_EQ(check_url("https://[2606:4700::1111]/", {})->host, "2606:4700::1111");
}

TEST(OutboundUrls, EverythingButPlainHttpIsRefused) {
  for (const char* bad : {"",
                          "example.org",
                          "//example.org",
                          "ftp://example.org",
                          "file:///etc/passwd",
                          "gopher://example.org",
                          "dict://example.org",
                          "javascript:1",
                          "https://",
                          "https:///x",
                          "https://u@example.org",
                          "https://u:p@example.org",
                          "https://:p@example.org",
                          "https://exa mple.org",
                          "https://example.org/\r\nHost: x",
                          "https://example.org\\@x",
                          "https://ex\xc3\xa4mple.org",
                          "https://example.org:0",
                          "https://example.org:99999",
                          "https://[fe80::1%25eth0]/",
                          "https://[::1",
                          "https://a%00b"}) {
    const Result<OutboundUrl> url = check_url(bad, {});
    EXPECT_FALSE(url) << bad;
  }
  EXPECT_THAT(url_said(std::string("https://x.org/") + std::string(9000, 'a')), HasSubstr("bytes"));
}

TEST(OutboundUrls, PortsAndSchemesFollowThePolicy) {
  EXPECT_THAT(url_said("http://example.org:22/"), HasSubstr("Port 22 of example.org"));
  EXPECT_THAT(url_said("http://example.org:25/"), HasSubstr("Port 25"));
  EXPECT_EQ(url_said("http://example.org:22/", {.ports = {22}}), "");
  EXPECT_THAT(url_said("http://example.org/", {.ports = {443}}), HasSubstr("Port 80"));
  EXPECT_THAT(url_said("http://example.org/", {.https_only = true}), HasSubstr("must be https"));
}

TEST(OutboundUrls, AddressesInTheUrlAreJudgedHoweverTheyAreWritten) {
  for (const char* bad : {"http://127.0.0.1/", "http://127.1/", "http://0x7f000001/",
                          "http://2130706433/", "http://0177.0.0.1/", "http://[::1]/",
                          "http://[::ffff:127.0.0.1]/", "http://0/", "http://localhost/",
                          "http://LOCALHOST./", "http://a.localhost/", "http://169.254.169.254/"}) {
    EXPECT_THAT(url_said(bad), HasSubstr("may not be called")) << bad;
  }
  EXPECT_EQ(url_said("http://localhost/", {.hosts = {"localhost"}}), "");
  EXPECT_EQ(url_said("http://10.1.2.3/", {.hosts = {"10.1.2.3"}}), "");
}

TEST(OutboundAddresses, ThoseThatAreNotPublicAreRefused) {
  for (const char* bad : {"0.0.0.0",
                          "0.1.2.3",
                          "10.0.0.1",
                          "100.64.0.1",
                          "100.127.255.255",
                          "127.0.0.1",
                          "127.9.9.9",
                          "169.254.169.254",
                          "172.16.0.1",
                          "172.31.255.255",
                          "192.0.0.1",
                          "192.0.2.1",
                          "192.168.1.1",
                          "198.18.0.1",
                          "198.19.255.255",
                          "198.51.100.1",
                          "203.0.113.1",
                          "224.0.0.1",
                          "240.0.0.1",
                          "255.255.255.255",
                          "::",
                          "::1",
                          "::127.0.0.1",
                          "::ffff:10.0.0.1",
                          "::ffff:127.0.0.1",
                          "64:ff9b::10.0.0.1",
                          "64:ff9b::a9fe:a9fe",
                          "64:ff9b:1::1",
                          "100::1",
                          "2001:db8::1",
                          "2001:2::1",
                          "2002:7f00:1::",
                          "2002:a9fe:a9fe::1",
                          "2001:0:a00:1::1",
                          "2001:0:808:808::80ff:fffe",
                          "::ffff:0:10.0.0.1",
                          "3fff::1",
                          "fc00::1",
                          "fd12::1",
                          "fe80::1",
                          "febf::1",
                          "fec0::1",
                          "ff02::1",
                          "2600::5efe:10.0.0.1",
                          "2600::200:5efe:127.0.0.1"}) {
    EXPECT_THAT(address_said(bad), HasSubstr("may not be called")) << bad;
  }
}

TEST(OutboundAddresses, PublicOnesAreAllowedAndTheirNeighboursToo) {
  for (const char* good :
       {"1.1.1.1",         "9.255.255.255",    "11.0.0.0",        "100.63.255.255",
        "100.128.0.0",     "126.255.255.255",  "128.0.0.1",       "169.253.255.255",
        "169.255.0.0",     "172.15.255.255",   "172.32.0.0",      "192.167.255.255",
        "192.169.0.0",     "198.17.255.255",   "198.20.0.0",      "223.255.255.255",
        "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8", "2002:808:808::1", "2606:4700::1",
        "2001:4860::8888", "fbff::1"}) {
    EXPECT_EQ(address_said(good), "") << good;
  }
}

TEST(OutboundAddresses, PolicyListsHostsAndBlocks) {
  const OutboundPolicy policy{
      .hosts = {"nas.local"},
      .addresses = {*parse_ip_range("10.1.0.0/16"), *parse_ip_range("fd00::/64")}};
  EXPECT_EQ(address_said("10.1.2.3", policy), "");
  EXPECT_EQ(address_said("::ffff:10.1.2.3", policy), "");
  EXPECT_EQ(address_said("fd00::7", policy), "");
  EXPECT_NE(address_said("10.2.0.1", policy), "");
  EXPECT_EQ(said(check_address(*parse_ip("192.168.1.1"), "nas.local", policy)), "");
  EXPECT_NE(said(check_address(*parse_ip("192.168.1.1"), "x.nas.local", policy)), "");
}

TEST(OutboundAddresses, SocketAddressesAreReadInBothFamilies) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(0xa9fea9fe);
  EXPECT_THAT(said(check_address(reinterpret_cast<const sockaddr&>(v4), "h", {})),
              HasSubstr("169.254.169.254 (link-local)"));
  v4.sin_addr.s_addr = htonl(0x08080808);
  EXPECT_EQ(said(check_address(reinterpret_cast<const sockaddr&>(v4), "h", {})), "");
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  EXPECT_THAT(said(check_address(reinterpret_cast<const sockaddr&>(v6), "h", {})),
              HasSubstr("::1 (loopback)"));
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_NE(said(check_address(other, "h", {})), "");
}

// Answers every connection on its address with one text, on a thread of its own.
class Server {
 public:
  explicit Server(const char* address) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &at.sin_addr);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
    socklen_t bytes = sizeof at;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &bytes);
    port_ = ntohs(at.sin_port);
    address_ = address;
    EXPECT_EQ(::pipe(stop_), 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  ~Server() {
    stop();
    ::close(stop_[0]);
    ::close(stop_[1]);
    ::close(fd_);
  }

  void answer(std::string text) {
    answer_ = std::move(text);
    thread_ = std::thread([this] { run(); });
  }

  // How many connections there were.
  int stop() {
    if (thread_.joinable()) {
      EXPECT_EQ(::write(stop_[1], "x", 1), 1);
      thread_.join();
    }
    return served_;
  }

  std::string url(std::string_view host = {}) const {
    return "http://" + std::string(host.empty() ? std::string_view{address_} : host) + ":" +
           std::to_string(port_) + "/";
  }
  std::uint16_t port() const { return port_; }

 private:
  void run() {
    while (true) {
      pollfd waits[2] = {{fd_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
      if (::poll(waits, 2, -1) <= 0 || waits[1].revents != 0) return;
      const int peer = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) return;
      ++served_;
      char request[4096];
      if (::read(peer, request, sizeof request) > 0) {
        const ssize_t put = ::write(peer, answer_.data(), answer_.size());
        EXPECT_EQ(put, static_cast<ssize_t>(answer_.size()));
      }
      ::close(peer);
    }
  }

  int fd_;
  int stop_[2]{};
  std::uint16_t port_{};
  std::string address_{};
  std::string answer_{};
  int served_{};  // of the thread, read after it has ended
  std::thread thread_{};
};

std::string redirect_to(const std::string& url) {
  return "HTTP/1.1 302 Found\r\nLocation: " + url +
         "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

constexpr const char* kHello =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

std::size_t collect(char* data, std::size_t size, std::size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

struct Outcome {
  CURLcode code{};
  std::string body{};
  std::string refusal{};
};

Outcome call(const std::string& url, const OutboundPolicy& policy) {
  Outcome outcome;
  const std::unique_ptr<CURL, void (*)(CURL*)> easy(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &collect);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &outcome.body);
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, 10'000L);
  OutboundGuard guard(policy);
  const Status attached = guard.attach(easy.get(), url);
  if (!attached) return {CURLE_URL_MALFORMAT, {}, attached.error().message};
  outcome.code = curl_easy_perform(easy.get());
  outcome.refusal = guard.refusal();
  return outcome;
}

OutboundPolicy only(std::string_view range) {
  return {.addresses = {*parse_ip_range(range)}};
}

TEST(OutboundGuards, WhatIsListedIsReached) {
  Server server("127.0.0.1");
  server.answer(kHello);
  const Outcome outcome = call(server.url(), only("127.0.0.1"));
  EXPECT_EQ(outcome.code, CURLE_OK) << outcome.refusal;
  EXPECT_EQ(outcome.body, "hello");
}

TEST(OutboundGuards, NameThatLeadsToARefusedAddressIsNotConnectedTo) {
  Server server("127.0.0.1");
  server.answer(kHello);
  // A name of the outside whose name server says 127.0.0.1.
  const std::unique_ptr<CURL, void (*)(CURL*)> easy(curl_easy_init(), curl_easy_cleanup);
  const std::string entry = "evil.example.org:" + std::to_string(server.port()) + ":127.0.0.1";
  curl_slist* resolve = curl_slist_append(nullptr, entry.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_RESOLVE, resolve);
  const OutboundPolicy policy{.hosts = {"localhost"}};
  OutboundGuard guard(policy);
  ASSERT_TRUE(guard.attach(easy.get(), server.url("evil.example.org")));
  EXPECT_EQ(curl_easy_perform(easy.get()), CURLE_COULDNT_CONNECT);
  curl_slist_free_all(resolve);
  EXPECT_EQ(guard.refusal(),
            "evil.example.org has the address 127.0.0.1 (loopback), which may not be called.");
  EXPECT_EQ(server.stop(), 0);
}

TEST(OutboundGuards, RedirectToARefusedAddressIsNotFollowed) {
  Server secret("127.0.0.2");
  secret.answer(kHello);
  Server allowed("127.0.0.1");
  allowed.answer(redirect_to(secret.url()));
  const Outcome outcome = call(allowed.url(), only("127.0.0.1"));
  EXPECT_EQ(outcome.code, CURLE_COULDNT_CONNECT);
  EXPECT_THAT(outcome.refusal, HasSubstr("127.0.0.2"));
  EXPECT_EQ(outcome.body, "");
  EXPECT_EQ(allowed.stop(), 1);
  EXPECT_EQ(secret.stop(), 0);
}

TEST(OutboundGuards, RedirectFromAListedHostDoesNotCarryItsRights) {
  Server secret("127.0.0.1");
  secret.answer(kHello);
  Server allowed("127.0.0.1");
  allowed.answer(redirect_to(secret.url()));
  const Outcome outcome = call(allowed.url("localhost"), {.hosts = {"localhost"}});
  EXPECT_EQ(outcome.code, CURLE_COULDNT_CONNECT);
  EXPECT_THAT(outcome.refusal, HasSubstr("127.0.0.1"));
  EXPECT_EQ(allowed.stop(), 1);
  EXPECT_EQ(secret.stop(), 0);
}

TEST(OutboundGuards, RedirectToWhatIsListedIsFollowedAFewTimes) {
  Server last("127.0.0.1");
  last.answer(kHello);
  Server first("127.0.0.1");
  first.answer(redirect_to(last.url()));
  EXPECT_EQ(call(first.url(), only("127.0.0.1")).body, "hello");
  Server loop("127.0.0.1");
  loop.answer(redirect_to(loop.url()));
  EXPECT_EQ(call(loop.url(), only("127.0.0.1")).code, CURLE_TOO_MANY_REDIRECTS);
  EXPECT_EQ(loop.stop(), 4);
}

TEST(OutboundGuards, RedirectToAnotherSchemeOrWithAPasswordIsNotFollowed) {
  for (const char* target : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/"}) {
    Server server("127.0.0.1");
    server.answer(redirect_to(target));
    EXPECT_EQ(call(server.url(), only("127.0.0.1")).code, CURLE_UNSUPPORTED_PROTOCOL) << target;
  }
  Server server("127.0.0.1");
  server.answer(redirect_to("http://u:p@127.0.0.1:" + std::to_string(server.port()) + "/"));
  EXPECT_NE(call(server.url(), only("127.0.0.1")).code, CURLE_OK);
  EXPECT_EQ(server.stop(), 1);
}

TEST(OutboundGuards, ProxyOfTheEnvironmentIsNotUsed) {
  Server proxy("127.0.0.1");
  proxy.answer(kHello);
  Server server("127.0.0.1");
  server.answer(kHello);
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  ::setenv("all_proxy", proxy.url().c_str(), 1);
  EXPECT_EQ(call(server.url(), only("127.0.0.1")).body, "hello");
  ::unsetenv("http_proxy");
  ::unsetenv("all_proxy");
  EXPECT_EQ(proxy.stop(), 0);
  EXPECT_EQ(server.stop(), 1);
}

}  // namespace
}  // namespace spine::http
