// Counting of sockets, by address and in all; reading of addresses and forwarding headers.
#include "adapters/websocket/net/perimeter.h"

#include "schemas/vocab/ascii.h"

namespace spine::net {
namespace {

constexpr std::uint64_t kCheckEveryMs = 1'000;

// An entry of X-Forwarded-For: some proxies add a port or brackets.
std::string_view without_port(std::string_view entry) {
  if (!entry.empty() && entry.front() == '[') {
    const std::size_t bracket = entry.find(']');
    return bracket == std::string_view::npos ? std::string_view{} : entry.substr(1, bracket - 1);
  }
  const std::size_t colon = entry.find(':');
  if (colon != std::string_view::npos && entry.find(':', colon + 1) == std::string_view::npos) {
    return entry.substr(0, colon);
  }
  return entry;
}

}  // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string>& ranges) {
  for (const std::string& text : ranges) {
    if (const auto range = parse_ip_range(text)) ranges_.push_back(*range);
  }
}

bool TrustedProxies::contains(const IpAddress& address) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const IpRange& range) { return spine::contains(range, address); });
}

std::string TrustedProxies::client(std::string_view forwarded_for) const {
  while (!forwarded_for.empty()) {
    const std::size_t comma = forwarded_for.rfind(',');
    const std::size_t start = comma == std::string_view::npos ? 0 : comma + 1;
    const std::string_view entry = without_port(trimmed(forwarded_for.substr(start), " \t"));
    const auto address = parse_ip(entry);
    if (!address) return {};
    if (!contains(*address)) return std::string{entry};
    if (comma == std::string_view::npos) break;
    forwarded_for = forwarded_for.substr(0, comma);
  }
  return {};
}

Socket* Perimeter::admit(const Arrival& arrival, std::uint64_t now_ms) {
  auto owned = std::make_unique<Socket>();
  Socket& socket = *owned;
  socket.address = arrival.address;
  socket.control = arrival.control;
  socket.loopback = !arrival.control && is_loopback(arrival.whole);
  socket.proxy = arrival.proxy;
  const bool limited = !socket.control && !socket.loopback && !socket.proxy;
  if (limited && !charge(socket, network_of(arrival.whole))) {
    metrics_.sockets_refused_address.add();
    return nullptr;
  }
  if (unauthenticated_ == 0) next_check_ms_ = now_ms + kCheckEveryMs;
  if (unauthenticated_ >= limits::kUnauthenticatedMax) {
    Socket* victim = oldest_;
    while (victim != nullptr && victim->control)
      victim = victim->newer;
    if (victim != nullptr) make_room(*victim);
  }
  socket.accepted_ms = now_ms;
  await_head(socket, now_ms);
  socket.older = newest_;
  (newest_ == nullptr ? oldest_ : newest_->newer) = &socket;
  newest_ = &socket;
  ++unauthenticated_;
  socket.index = static_cast<std::uint32_t>(sockets_.size());
  sockets_.push_back(std::move(owned));
  count();
  return &socket;
}

bool Perimeter::charge(Socket& socket, const IpAddress& key) {
  const auto found = shares_.find(key);
  if (found != shares_.end()) {
    const Share& share = found->second;
    const bool full = share.open >= limits::kConnectionsPerAddressMax ||
                      (!socket.known && share.strangers >= limits::kUnauthenticatedPerAddressMax);
    if (full) return false;
  }
  Share& share = shares_[key];
  ++share.open;
  if (!socket.known) ++share.strangers;
  socket.key = key;
  socket.counted = true;
  return true;
}

void Perimeter::discharge(Socket& socket) {
  if (!socket.counted) return;
  socket.counted = false;
  const auto found = shares_.find(socket.key);
  --found->second.open;
  if (!socket.known && !socket.closing) --found->second.strangers;
  if (found->second.open == 0) shares_.erase(found);
}

bool Perimeter::forwarded(Socket& socket, std::string_view address) {
  if (!socket.proxy || socket.known || socket.closing) return true;
  const auto ip = parse_ip(address);
  if (!ip) return true;
  const IpAddress key = network_of(*ip);
  socket.address = address;
  if (socket.counted && socket.key == key) return true;
  discharge(socket);
  if (charge(socket, key)) return true;
  metrics_.sockets_refused_address.add();
  return false;
}

void Perimeter::unlink(Socket& socket) {
  (socket.older == nullptr ? oldest_ : socket.older->newer) = socket.newer;
  (socket.newer == nullptr ? newest_ : socket.newer->older) = socket.older;
  socket.older = nullptr;
  socket.newer = nullptr;
  --unauthenticated_;
  if (socket.counted) --shares_.find(socket.key)->second.strangers;
}

void Perimeter::know(Socket& socket) {
  if (socket.known || socket.closing) return;
  unlink(socket);
  socket.known = true;
  count();
}

void Perimeter::mark_for_close(Socket& socket) {
  if (socket.closing) return;
  if (!socket.known) unlink(socket);
  socket.closing = true;
  marked_for_close_.push_back(&socket);
}

void Perimeter::remove(Socket& socket) {
  if (socket.closing) std::erase(marked_for_close_, &socket);
  if (!socket.known && !socket.closing) {
    unlink(socket);
    socket.closing = true;
  }
  discharge(socket);
  const std::uint32_t index = socket.index;
  std::swap(sockets_[index], sockets_.back());
  sockets_[index]->index = index;
  sockets_.pop_back();
  count();
}

void Perimeter::check(std::uint64_t now_ms) {
  if (unauthenticated_ == 0 || now_ms < next_check_ms_) return;
  next_check_ms_ = now_ms + std::min(kCheckEveryMs, handshake_ms_);
  Socket* socket = oldest_;
  while (socket != nullptr) {
    Socket* next = socket->newer;
    if (!socket->upgraded && socket->deadline_ms <= now_ms) {
      metrics_.sockets_cut_late.add();
      mark_for_close(*socket);
    }
    socket = next;
  }
}

void Perimeter::count() {
  metrics_.sockets_open.set(sockets_.size());
  metrics_.sockets_unauthenticated.set(unauthenticated_);
}

}  // namespace spine::net
