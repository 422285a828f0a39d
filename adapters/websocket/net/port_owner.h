// PortOwner: which process listens on a port, as far as /proc tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace spine::net {

struct PortOwner {
  std::uint32_t pid{};
  std::string name{};
};

// Looks for the socket that listens on `port` in /proc/net/tcp and tcp6 (proc(5)), then for the
// process that holds it. None when it cannot be seen (another user's process). Thread: any.
std::optional<PortOwner> find_port_owner(std::uint16_t port);

}  // namespace spine::net
