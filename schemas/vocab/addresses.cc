// Reading and comparing addresses.
#include "schemas/vocab/addresses.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>

namespace spine {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    if (text.find(':') == std::string_view::npos) return std::nullopt;
  }
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string name(text);
  IpAddress out;
  if (::inet_pton(AF_INET6, name.c_str(), out.bytes.data()) == 1) return out;
  if (::inet_pton(AF_INET, name.c_str(), out.bytes.data() + kMappedPrefix.size()) != 1) {
    return std::nullopt;
  }
  std::ranges::copy(kMappedPrefix, out.bytes.begin());
  return out;
}

std::optional<IpRange> parse_ip_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpRange range{.address = *address, .bits = 128};
  if (slash == std::string_view::npos) return range;
  // What counts is how it is written: ::ffff:10.0.0.0/104 is a block of IPv6.
  const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  const std::string_view digits = text.substr(slash + 1);
  std::uint8_t bits{};
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) return std::nullopt;
  if (bits > (v4 ? 32 : 128)) return std::nullopt;
  range.bits = static_cast<std::uint8_t>(v4 ? bits + 96 : bits);
  return range;
}

std::string show_ip(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = address.is_v4();
  ::inet_ntop(v4 ? AF_INET : AF_INET6, address.bytes.data() + (v4 ? kMappedPrefix.size() : 0),
              text.data(), text.size());
  return text.data();
}

bool contains(const IpRange& range, const IpAddress& address) {
  const std::size_t whole = range.bits / 8;
  if (std::memcmp(range.address.bytes.data(), address.bytes.data(), whole) != 0) return false;
  const unsigned rest = range.bits % 8U;
  if (rest == 0) return true;
  const unsigned differ = range.address.bytes[whole] ^ address.bytes[whole];
  return (differ >> (8U - rest)) == 0;
}

bool is_loopback(const IpAddress& address) {
  if (address.is_v4()) return address.bytes[12] == 127;
  IpAddress one;
  one.bytes[15] = 1;
  return address == one;
}

bool is_private(const IpAddress& address) {
  const auto& byte = address.bytes;
  if (address.is_v4()) {
    return byte[12] == 10 || (byte[12] == 172 && byte[13] >> 4U == 1) ||
           (byte[12] == 192 && byte[13] == 168) || (byte[12] == 169 && byte[13] == 254);
  }
  return (byte[0] & 0xFEU) == 0xFC || (byte[0] == 0xFE && byte[1] >> 6U == 2);
}

IpAddress network_of(const IpAddress& address) {
  IpAddress network = address;
  if (!address.is_v4()) std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
  return network;
}

std::string network_text(std::string_view address) {
  const auto ip = parse_ip(address);
  if (!ip || ip->is_v4()) return std::string{address};
  return show_ip(network_of(*ip)) + "/64";
}

std::string show_host_port(std::string_view address, std::uint16_t port) {
  std::string out{address};
  if (address.find(':') != std::string_view::npos) out = "[" + out + "]";
  return out + ":" + std::to_string(port);
}

std::optional<IpAddress> ip_of(const sockaddr& address) {
  IpAddress ip;
  if (address.sa_family == AF_INET) {
    std::ranges::copy(kMappedPrefix, ip.bytes.begin());
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    std::memcpy(ip.bytes.data() + kMappedPrefix.size(), &v4->sin_addr, sizeof v4->sin_addr);
  } else if (address.sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
    std::memcpy(ip.bytes.data(), &v6->sin6_addr, sizeof v6->sin6_addr);
  } else {
    return std::nullopt;
  }
  return ip;
}

socklen_t to_sockaddr(const IpAddress& address, std::uint16_t port, sockaddr_storage& out) {
  if (address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    std::memcpy(&v4->sin_addr, address.bytes.data() + kMappedPrefix.size(), sizeof v4->sin_addr);
    return sizeof *v4;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  std::memcpy(&v6->sin6_addr, address.bytes.data(), sizeof v6->sin6_addr);
  return sizeof *v6;
}

std::uint16_t port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }
  if (address.ss_family != AF_INET6) return 0;
  return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
}

}  // namespace spine
