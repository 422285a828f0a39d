// Counting of sockets, by address and in all; reading of addresses and forwarding headers.
#include "adapters/websocket/perimeter.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>

#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr std::uint64_t kCheckEveryMs = 1'000;
constexpr AddressKey kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};

bool is_v4(const AddressKey& whole) {
  return std::equal(kMapped.begin(), kMapped.begin() + 12, whole.begin());
}

bool same_bits(const AddressKey& a, const AddressKey& b, unsigned bits) {
  const unsigned bytes = bits / 8;
  if (!std::equal(a.begin(), a.begin() + bytes, b.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

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

bool parse_address(std::string_view text, AddressKey& whole) {
  const std::string owned{text};
  in6_addr v6{};
  if (::inet_pton(AF_INET6, owned.c_str(), &v6) == 1) {
    std::memcpy(whole.data(), &v6, whole.size());
    return true;
  }
  in_addr v4{};
  if (::inet_pton(AF_INET, owned.c_str(), &v4) != 1) return false;
  whole = kMapped;
  std::memcpy(whole.data() + 12, &v4, 4);
  return true;
}

AddressKey limit_key(const AddressKey& whole) {
  AddressKey key = whole;
  if (!is_v4(whole)) std::fill(key.begin() + 8, key.end(), std::uint8_t{0});
  return key;
}

bool is_loopback(const AddressKey& whole) {
  if (is_v4(whole)) return whole[12] == 127;
  return whole == AddressKey{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
}

TrustedProxies::TrustedProxies(const std::vector<std::string>& ranges) {
  for (const std::string& text : ranges) {
    Range range{.bits = 128};
    const std::size_t slash = text.find('/');
    if (!parse_address(std::string_view{text}.substr(0, slash), range.first)) continue;
    if (slash != std::string::npos) {
      const char* from = text.data() + slash + 1;
      const char* to = text.data() + text.size();
      const auto [end, error] = std::from_chars(from, to, range.bits);
      if (error != std::errc{} || end != to) continue;
      if (is_v4(range.first) && text.find(':') == std::string::npos) range.bits += 96;
      if (range.bits > 128) continue;
    }
    ranges_.push_back(range);
  }
}

bool TrustedProxies::contains(const AddressKey& whole) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [&whole](const Range& range) {
    return same_bits(range.first, whole, range.bits);
  });
}

std::string TrustedProxies::client(std::string_view forwarded_for) const {
  while (!forwarded_for.empty()) {
    const std::size_t comma = forwarded_for.rfind(',');
    const std::size_t start = comma == std::string_view::npos ? 0 : comma + 1;
    const std::string_view entry = without_port(trimmed(forwarded_for.substr(start)));
    AddressKey whole{};
    if (!parse_address(entry, whole)) return {};
    if (!contains(whole)) return std::string{entry};
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
  if (limited && !charge(socket, limit_key(arrival.whole))) {
    metrics_.sockets_refused_address.add();
    return nullptr;
  }
  if (strangers_ == 0) next_check_ms_ = now_ms + kCheckEveryMs;
  if (strangers_ >= limits::kUnauthenticatedMax) {
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
  ++strangers_;
  socket.index = static_cast<std::uint32_t>(sockets_.size());
  sockets_.push_back(std::move(owned));
  count();
  return &socket;
}

bool Perimeter::charge(Socket& socket, const AddressKey& key) {
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
  if (!socket.known && !socket.dying) --found->second.strangers;
  if (found->second.open == 0) shares_.erase(found);
}

bool Perimeter::forwarded(Socket& socket, std::string_view address) {
  if (!socket.proxy || socket.known || socket.dying) return true;
  AddressKey whole{};
  if (!parse_address(address, whole)) return true;
  const AddressKey key = limit_key(whole);
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
  --strangers_;
  if (socket.counted) --shares_.find(socket.key)->second.strangers;
}

void Perimeter::know(Socket& socket) {
  if (socket.known || socket.dying) return;
  unlink(socket);
  socket.known = true;
  count();
}

void Perimeter::make_room(Socket& socket) {
  metrics_.sockets_cut_oldest.add();
  doom(socket);
}

void Perimeter::doom(Socket& socket) {
  if (socket.dying) return;
  if (!socket.known) unlink(socket);
  socket.dying = true;
  doomed_.push_back(&socket);
}

void Perimeter::remove(Socket& socket) {
  if (socket.dying) std::erase(doomed_, &socket);
  if (!socket.known && !socket.dying) {
    unlink(socket);
    socket.dying = true;
  }
  discharge(socket);
  const std::uint32_t index = socket.index;
  std::swap(sockets_[index], sockets_.back());
  sockets_[index]->index = index;
  sockets_.pop_back();
  count();
}

void Perimeter::check(std::uint64_t now_ms) {
  if (strangers_ == 0 || now_ms < next_check_ms_) return;
  next_check_ms_ = now_ms + std::min(kCheckEveryMs, handshake_ms_);
  Socket* socket = oldest_;
  while (socket != nullptr) {
    Socket* next = socket->newer;
    if (!socket->upgraded && socket->deadline_ms <= now_ms) {
      metrics_.sockets_cut_late.add();
      doom(*socket);
    }
    socket = next;
  }
}

void Perimeter::count() {
  metrics_.sockets_open.set(sockets_.size());
  metrics_.sockets_unauthenticated.set(strangers_);
}

}  // namespace spine::net
