// IpAddress and IpRange: addresses and CIDR blocks of IPv4 and IPv6 as people write them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace spine::config {

// 16 bytes in network order; IPv4 as ::ffff:a.b.c.d, so that both spellings are the same address.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  bool operator==(const IpAddress&) const = default;
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
// Whether one of `ranges` contains `address`, both as text; false for what is no address.
bool any_contains(std::span<const std::string> ranges, std::string_view address);

// 127.0.0.0/8 and ::1.
bool is_loopback(const IpAddress& address);

}  // namespace spine::config
