// FaultServer: an HTTP server on loopback whose connections each follow a script of the test's.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace spine::test {

// A self-signed certificate of tests, and its key.
class TestCertificate {
 public:
  // `names` as in a certificate: "DNS:localhost,IP:127.0.0.1".
  explicit TestCertificate(const char* names)
      : key_(::EVP_EC_gen("P-256"), &::EVP_PKEY_free), x509_(::X509_new(), &::X509_free) {
    ::X509_set_version(x509_.get(), 2);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(x509_.get()), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(x509_.get()), -3600);
    ::X509_gmtime_adj(::X509_getm_notAfter(x509_.get()), 3600);
    ::X509_set_pubkey(x509_.get(), key_.get());
    X509_NAME* name = ::X509_get_subject_name(x509_.get());
    const auto* common = reinterpret_cast<const unsigned char*>("test");
    ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
    ::X509_set_issuer_name(x509_.get(), name);
    X509_EXTENSION* extension =
        ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
    ::X509_add_ext(x509_.get(), extension, -1);
    ::X509_EXTENSION_free(extension);
    EXPECT_GT(::X509_sign(x509_.get(), key_.get(), ::EVP_sha256()), 0);
  }

  EVP_PKEY* key() const { return key_.get(); }
  X509* x509() const { return x509_.get(); }
  void write_to(const std::string& path) const {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), &std::fclose);
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(::PEM_write_X509(file.get(), x509_.get()), 1);
  }

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> x509_;
};

// The server's side of one connection. Thread: its script's.
class FaultPeer {
 public:
  FaultPeer(int fd, int number, SSL* ssl) : fd_(fd), number_(number), ssl_(ssl) {}

  int number() const { return number_; }  // from 1 on
  // One request, its body too; empty at the end.
  std::string request() {
    std::string text = head();
    const std::size_t at = text.find("Content-Length: ");
    const std::size_t bytes = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
    while (in_.size() < bytes && more()) {
    }
    text += in_.substr(0, bytes);
    in_.erase(0, bytes);
    return text;
  }
  // The request's head alone.
  std::string head() {
    while (in_.find("\r\n\r\n") == std::string::npos) {
      if (!more()) return {};
    }
    const std::size_t end = in_.find("\r\n\r\n") + 4;
    std::string text = in_.substr(0, end);
    in_.erase(0, end);
    return text;
  }
  // False when the other side has closed.
  bool write(const std::string& text) {
    std::size_t put = 0;
    while (put < text.size()) {
      const auto n = ssl_ != nullptr
                         ? ::SSL_write(ssl_, text.data() + put, static_cast<int>(text.size() - put))
                         : ::send(fd_, text.data() + put, text.size() - put, MSG_NOSIGNAL);
      if (n <= 0) return false;
      put += static_cast<std::size_t>(n);
    }
    return true;
  }
  bool answer(const std::string& body, const std::string& status = "200 OK") {
    return write("HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n" + body);
  }
  // Up to this many bytes of what comes next.
  std::string some(std::size_t bytes) {
    while (in_.size() < bytes && more()) {
    }
    std::string text = in_.substr(0, bytes);
    in_.erase(0, bytes);
    return text;
  }
  // Ends the connection as a machine does that knows nothing of it.
  void reset() {
    sockaddr none{};
    none.sa_family = AF_UNSPEC;
    EXPECT_EQ(::connect(fd_, &none, sizeof none), 0);
  }
  // Until the other side closes, or the server is stopped.
  void wait_for_end() {
    while (more())
      in_.clear();
  }
  // Whether the other side has closed within this time.
  bool ends_within_ms(int ms) {
    pollfd wait{fd_, POLLIN, 0};
    return ::poll(&wait, 1, ms) > 0;
  }

 private:
  bool more() {
    char bytes[16384];
    const auto n = ssl_ != nullptr ? ::SSL_read(ssl_, bytes, sizeof bytes)
                                   : ::recv(fd_, bytes, sizeof bytes, 0);
    if (n > 0) in_.append(bytes, static_cast<std::size_t>(n));
    return n > 0;
  }

  int fd_;
  int number_;
  SSL* ssl_;
  std::string in_{};
};

// Accepts on 127.0.0.1; each connection's script has a thread, and is closed when it returns.
class FaultServer {
 public:
  using Script = std::function<void(FaultPeer&)>;

  explicit FaultServer(Script script, const TestCertificate* certificate = nullptr)
      : script_(std::move(script)), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (certificate != nullptr) {
      tls_ = ::SSL_CTX_new(::TLS_server_method());
      EXPECT_EQ(::SSL_CTX_use_certificate(tls_, certificate->x509()), 1);
      EXPECT_EQ(::SSL_CTX_use_PrivateKey(tls_, certificate->key()), 1);
    }
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(fd_, 256), 0);
    socklen_t bytes = sizeof at;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &bytes);
    port_ = ntohs(at.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  FaultServer(const FaultServer&) = delete;
  FaultServer& operator=(const FaultServer&) = delete;
  ~FaultServer() {
    stop();
    ::SSL_CTX_free(tls_);
  }

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  // Until this many connections have been closed from here.
  void wait_for_ended(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ >= count; });
  }
  // Whether the other side has closed the connection of this number; what it sent was read.
  bool is_closed(int number) {
    const std::scoped_lock lock(mutex_);
    char byte{};
    return ::recv(sockets_.at(static_cast<std::size_t>(number) - 1), &byte, 1,
                  MSG_PEEK | MSG_DONTWAIT) == 0;
  }
  // Ends all connections and the scripts' waits.
  void stop() {
    if (!acceptor_.joinable()) return;
    ::shutdown(fd_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::scoped_lock lock(mutex_);
      for (const int socket : sockets_)
        ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : threads_)
      thread.join();
    for (const int socket : sockets_)
      ::close(socket);
    ::close(fd_);
  }

 private:
  void accept_all() {
    while (true) {
      const int socket = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const std::scoped_lock lock(mutex_);
      sockets_.push_back(socket);
      const int number = ++connections_;
      threads_.emplace_back([this, socket, number] { play(socket, number); });
    }
  }
  void play(int socket, int number) {
    SSL* ssl = tls_ != nullptr ? ::SSL_new(tls_) : nullptr;
    if (ssl != nullptr) ::SSL_set_fd(ssl, socket);
    if (ssl == nullptr || ::SSL_accept(ssl) == 1) {
      FaultPeer peer(socket, number, ssl);
      script_(peer);
    }
    ::SSL_free(ssl);
    ::shutdown(socket, SHUT_RDWR);
    const std::scoped_lock lock(mutex_);
    ++ended_;
    changed_.notify_all();
  }

  Script script_;
  int fd_;
  SSL_CTX* tls_{};
  std::uint16_t port_{};
  std::thread acceptor_{};
  std::atomic<int> connections_{};
  std::mutex mutex_{};
  std::condition_variable changed_{};
  int ended_{};                         // under mutex_
  std::vector<int> sockets_{};          // likewise
  std::vector<std::thread> threads_{};  // likewise, until the acceptor has ended
};

}  // namespace spine::test
