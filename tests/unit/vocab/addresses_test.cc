// Tests of schemas/vocab/addresses.h.
#include "schemas/vocab/addresses.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace spine {
namespace {

TEST(Addresses, BlocksContainWhatTheyShould) {
  const auto any_contains = [](const std::vector<std::string>& texts, const char* address) {
    const auto ip = parse_ip(address);
    return ip && std::ranges::any_of(texts, [&](const std::string& text) {
             return contains(*parse_ip_range(text), *ip);
           });
  };
  const std::vector<std::string> ranges{"10.0.0.0/9", "fd00::/63", "192.0.2.7"};
  EXPECT_TRUE(any_contains(ranges, "10.127.255.255"));
  EXPECT_FALSE(any_contains(ranges, "10.128.0.0"));
  EXPECT_TRUE(any_contains(ranges, "::ffff:10.1.1.1"));
  EXPECT_TRUE(any_contains(ranges, "fd00:0:0:1::5"));
  EXPECT_FALSE(any_contains(ranges, "fd00:0:0:2::5"));
  EXPECT_TRUE(any_contains(ranges, "192.0.2.7"));
  EXPECT_FALSE(any_contains(ranges, "192.0.2.8"));
  EXPECT_FALSE(any_contains(ranges, "not an address"));
  EXPECT_TRUE(any_contains(std::vector<std::string>{"0.0.0.0/0"}, "8.8.8.8"));
  EXPECT_FALSE(any_contains(std::vector<std::string>{"0.0.0.0/0"}, "2001:db8::1"));
}

TEST(Addresses, SpellingsAreReadStrictly) {
  for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4/", "1.2.3.4/-1",
                          "1.2.3.4/+8", "::1/129", "[1.2.3.4]", "fe80::1%lo", " 1.2.3.4"}) {
    EXPECT_FALSE(parse_ip_range(bad)) << bad;
  }
  EXPECT_EQ(show_ip(*parse_ip("[2001:DB8::0:1]")), "2001:db8::1");
  EXPECT_EQ(show_ip(*parse_ip("::ffff:1.2.3.4")), "1.2.3.4");
  EXPECT_TRUE(is_loopback(*parse_ip("127.9.9.9")));
  EXPECT_TRUE(is_loopback(*parse_ip("::1")));
  EXPECT_FALSE(is_loopback(*parse_ip("::2")));
}

TEST(Addresses, SocketsHaveThemToo) {
  for (const char* text : {"10.1.2.3", "2001:db8::1"}) {
    sockaddr_storage address{};
    to_sockaddr(*parse_ip(text), 18789, address);
    EXPECT_EQ(ip_of(reinterpret_cast<const sockaddr&>(address)), parse_ip(text));
    EXPECT_EQ(port_of(address), 18789);
  }
  const sockaddr local{.sa_family = AF_UNIX, .sa_data = {}};
  EXPECT_FALSE(ip_of(local));
}

TEST(Addresses, PortsFollowNamesAndBrackets) {
  EXPECT_EQ(show_host_port("127.0.0.1", 80), "127.0.0.1:80");
  EXPECT_EQ(show_host_port("::1", 80), "[::1]:80");
  EXPECT_EQ(show_host_port("example.org", 80), "example.org:80");
}

TEST(Addresses, PrivateOnesAreKnown) {
  for (const char* text : {"10.1.2.3", "172.31.0.1", "192.168.9.9", "169.254.1.1", "fd00::1",
                           "fe80::1", "::ffff:10.0.0.1"})
    EXPECT_TRUE(is_private(*parse_ip(text))) << text;
  for (const char* text : {"11.1.2.3", "172.32.0.1", "192.169.9.9", "2001:db8::1", "fec0::1"})
    EXPECT_FALSE(is_private(*parse_ip(text))) << text;
}

TEST(Addresses, OfIpv6TheNetworkCounts) {
  EXPECT_EQ(network_of(*parse_ip("1.2.3.4")), *parse_ip("1.2.3.4"));
  EXPECT_EQ(network_of(*parse_ip("2001:db8:0:1:2::3")), *parse_ip("2001:db8:0:1::"));
}

}  // namespace
}  // namespace spine
