// socket, bind, listen, accept.
#include "adapters/websocket/net/listener.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include "adapters/websocket/net/port_owner.h"
#include "schemas/vocab/addresses.h"

namespace spine::net {
namespace {

constexpr int kBacklog = 4'096;
constexpr int kFreePortTries = 32;

// A bound, listening socket; none, with errno set, when that failed.
UniqueFd open_socket(const IpAddress& ip, std::uint16_t port) {
  sockaddr_storage address{};
  const socklen_t bytes = to_sockaddr(ip, port, address);
  UniqueFd fd{::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
  if (!fd) return fd;
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ss_family == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  const bool listens = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), bytes) == 0 &&
                       ::listen(fd.get(), kBacklog) == 0;
  return listens ? std::move(fd) : UniqueFd{};
}

std::uint16_t port_of_socket(int fd) {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &bytes) != 0) return 0;
  return port_of(storage);
}

std::string describe(int error) {
  return std::generic_category().message(error);
}

Error port_in_use(std::uint16_t port) {
  const auto owner = find_port_owner(port);
  return {
      Errc::in_use,
      fmt::format("Port {0} is already in use{1}. Stop that program, or choose another port with "
                  "--port. `ss -ltnp 'sport = :{0}'` shows who listens there.",
                  port, owner ? fmt::format(" by {} (pid {})", owner->name, owner->pid) : "")};
}

Error control_failure(const std::string& path, int error) {
  return {Errc::io, "Cannot listen on the control socket " + path + ": " + describe(error) + "."};
}

// The address of `path`: by way of its open folder when it is too long.
bool unix_address(const std::string& path, int folder, sockaddr_un& out) {
  out.sun_family = AF_UNIX;
  std::string text = path;
  if (text.size() >= sizeof out.sun_path) {
    text = "/proc/self/fd/" + std::to_string(folder) + path.substr(path.rfind('/'));
  }
  if (text.size() >= sizeof out.sun_path) return false;
  std::memcpy(out.sun_path, text.c_str(), text.size() + 1);
  return true;
}

bool family_missing(int error) {
  return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

// One try; `taken` is set when the port that the first address got is in use on a later one.
Result<ListeningSockets> try_listen(const std::vector<std::string>& addresses, std::uint16_t port,
                                    bool& taken) {
  ListeningSockets sockets{.port = port};
  std::string last_failure = "There is no address to listen on.";
  for (const std::string& text : addresses) {
    const auto address = parse_ip(text);
    if (!address) {
      return Error{Errc::invalid_argument, "\"" + text + "\" is not an IP address to listen on."};
    }
    UniqueFd fd = open_socket(*address, sockets.port);
    const int error = errno;
    if (fd) {
      if (sockets.port == 0) sockets.port = port_of_socket(fd.get());
      sockets.descriptors.push_back(std::move(fd));
      continue;
    }
    last_failure = "Cannot listen on " + text + " port " + std::to_string(sockets.port) + ": " +
                   describe(error) + ".";
    if (family_missing(error) && addresses.size() > 1) continue;
    taken = error == EADDRINUSE;
    if (taken) return port_in_use(sockets.port);
    return Error{Errc::io, last_failure};
  }
  if (sockets.descriptors.empty()) return Error{Errc::io, last_failure};
  return sockets;
}

}  // namespace

Result<ListeningSockets> listen_on(const std::vector<std::string>& addresses, std::uint16_t port) {
  for (int tries = 1;; ++tries) {
    bool taken = false;
    auto sockets = try_listen(addresses, port, taken);
    if (sockets || port != 0 || !taken || tries == kFreePortTries) return sockets;
  }
}

Result<ControlSocket> ControlSocket::listen(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return control_failure(path, EINVAL);
  const UniqueFd folder{
      ::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!folder) return control_failure(path, errno);
  struct stat old {};
  if (::lstat(path.c_str(), &old) == 0) {
    if (!S_ISSOCK(old.st_mode)) {
      return Error{Errc::in_use, path + " is in the way: the control socket goes there."};
    }
    if (::unlink(path.c_str()) != 0) return control_failure(path, errno);
  }
  sockaddr_un address{};
  if (!unix_address(path, folder.get(), address)) return control_failure(path, ENAMETOOLONG);
  ControlSocket result{};
  result.descriptor_ = UniqueFd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const int fd = result.descriptor_.get();
  // The file gets the socket's mode, less the umask (unix(7)): so the mode of both is set.
  if (fd < 0 || ::fchmod(fd, 0600) != 0) return control_failure(path, errno);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(fd, kBacklog) != 0) {
    return control_failure(path, errno);
  }
  struct stat made {};
  if (::lstat(path.c_str(), &made) != 0) return control_failure(path, errno);
  result.path_ = path;
  result.device_ = made.st_dev;
  result.inode_ = made.st_ino;
  return result;
}

ControlSocket::~ControlSocket() {
  struct stat now {};
  if (!path_.empty() && ::lstat(path_.c_str(), &now) == 0 && now.st_dev == device_ &&
      now.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

void ControlSocket::swap(ControlSocket& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  std::swap(descriptor_, other.descriptor_);
}

bool peer_is_ours(int descriptor, std::uint32_t& uid) {
  ucred peer{};
  socklen_t bytes = sizeof peer;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0) return false;
  uid = peer.uid;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

Acceptor::Acceptor() : spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

Acceptor::~Acceptor() {
  if (spare_ >= 0) ::close(spare_);
}

int Acceptor::accept(int listening, std::string& address) {
  sockaddr_storage peer{};
  socklen_t bytes = sizeof peer;
  const int fd = ::accept4(listening, reinterpret_cast<sockaddr*>(&peer), &bytes,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    const auto ip = ip_of(reinterpret_cast<const sockaddr&>(peer));
    address = ip ? show_ip(*ip) : "";
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
  if ((errno == EMFILE || errno == ENFILE) && spare_ >= 0) {
    ::close(spare_);
    const int dropped = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    if (dropped >= 0) ::close(dropped);
    spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  return -1;
}

}  // namespace spine::net
