// Writing into sockets, plain and TLS.
#include "adapters/websocket/net/http_out.h"

#include <algorithm>
#include <cerrno>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr std::uint64_t kTurnBytes = 32 * limits::kKiB;    // of one response, then it yields
constexpr std::size_t kTlsWriteBytes = 16 * limits::kKiB;  // one record

// Bytes written, 0 when the socket is full, -1 when it is broken.
long put(const HttpTarget& target, std::string_view bytes) {
  if (target.tls == nullptr) {
    const ssize_t sent = ::send(target.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) return sent;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
  }
  ::ERR_clear_error();
  const int wanted = static_cast<int>(std::min(bytes.size(), kTlsWriteBytes));
  const int sent = ::SSL_write(target.tls, bytes.data(), wanted);
  if (sent > 0) return sent;
  // A peer that wants a renegotiation first is not waited for.
  return ::SSL_get_error(target.tls, sent) == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

}  // namespace

void half_close(const HttpTarget& target) {
  if (target.tls != nullptr) ::SSL_shutdown(target.tls);
  ::shutdown(target.descriptor, SHUT_WR);
}

HttpOut::Progress HttpOut::pump(const HttpTarget& target) {
  std::uint64_t turn = 0;
  while (turn < kTurnBytes) {
    if (at_ == chunk_.size()) {
      if (left_ == 0) return Progress::done;
      if (!refill()) return Progress::broken;
    }
    const long sent = put(target, std::string_view{chunk_}.substr(at_));
    if (sent < 0) return Progress::broken;
    if (sent == 0) return Progress::blocked;
    at_ += static_cast<std::size_t>(sent);
    written_ += static_cast<std::uint64_t>(sent);
    turn += static_cast<std::uint64_t>(sent);
  }
  return Progress::turn;
}

bool HttpOut::refill() {
  chunk_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left_, limits::kHttpChunkBytes)));
  const ssize_t read =
      ::pread(file_.get(), chunk_.data(), chunk_.size(), static_cast<off_t>(offset_));
  if (read <= 0) return false;
  chunk_.resize(static_cast<std::size_t>(read));
  at_ = 0;
  offset_ += static_cast<std::uint64_t>(read);
  left_ -= static_cast<std::uint64_t>(read);
  return true;
}

Status FullSockets::open() {
  epoll_ = UniqueFd{::epoll_create1(EPOLL_CLOEXEC)};
  if (!epoll_) return Error{Errc::io, "epoll could not be started."};
  return ok();
}

bool FullSockets::add(Socket& socket, int fd) {
  epoll_event event{.events = EPOLLOUT, .data = {.ptr = &socket}};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void FullSockets::remove(int fd) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Socket* FullSockets::next() {
  epoll_event event{};
  const int count = ::epoll_wait(epoll_.get(), &event, 1, 0);
  return count == 1 ? static_cast<Socket*>(event.data.ptr) : nullptr;
}

}  // namespace spine::net
