// IpAddress and IpRange: addresses and CIDR blocks of IPv4 and IPv6, as people write them and as
// sockets have them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace spine {

// 16 bytes in network order; IPv4 as ::ffff:a.b.c.d, so that both spellings are the same address.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  auto operator<=>(const IpAddress&) const = default;
};

struct IpRange {
  IpAddress address{};
  std::uint8_t bits{};  // that count, 0 to 128; of IPv4 96 and more
};

// "10.1.2.3", "fe80::1", "[::1]"; no name, port, zone or spaces.
std::optional<IpAddress> parse_ip(std::string_view text);
// The same, or a block: "10.0.0.0/8", "fd00::/8". Bits behind the block's are ignored.
std::optional<IpRange> parse_ip_range(std::string_view text);

// The shortest spelling; IPv4 with dots.
std::string show_ip(const IpAddress& address);

bool contains(const IpRange& range, const IpAddress& address);

// 127.0.0.0/8 and ::1.
bool is_loopback(const IpAddress& address);
// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, and link-local ones.
bool is_private(const IpAddress& address);

// What counts as one party in limits: an IPv4 address, or the /64 of an IPv6 address.
IpAddress network_of(const IpAddress& address);
// The same as text: "10.1.2.3", "2001:db8::/64"; what is no address stays as it is.
std::string network_text(std::string_view address);

// "127.0.0.1:18789", "[::1]:18789". `address` is an address or a name.
std::string show_host_port(std::string_view address, std::uint16_t port);

// A socket's address; none for other families.
std::optional<IpAddress> ip_of(const sockaddr& address);
// The other way; returns how many bytes of `out` are used. ::ffff:a.b.c.d becomes IPv4.
socklen_t to_sockaddr(const IpAddress& address, std::uint16_t port, sockaddr_storage& out);
// 0 for other families.
std::uint16_t port_of(const sockaddr_storage& address);

}  // namespace spine
