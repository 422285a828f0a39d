// Reading of /proc/net/tcp and /proc/<pid>/fd.
#include "adapters/websocket/net/port_owner.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <unordered_set>

namespace spine::net {
namespace {

constexpr std::string_view kListening = "0A";  // TCP_LISTEN in include/net/tcp_states.h

// Inodes of the sockets that listen on the port.
void listening_inodes(const char* table, std::uint16_t port,
                      std::unordered_set<std::string>& inodes) {
  std::ifstream in{table};
  std::string line;
  std::getline(in, line);  // headings
  while (std::getline(in, line)) {
    std::istringstream fields{line};
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >>
        timeout >> inode;
    const std::size_t colon = local.rfind(':');
    if (state != kListening || colon == std::string::npos) continue;
    std::uint16_t number = 0;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), number, 16);
    if (number == port) inodes.insert("socket:[" + inode + "]");
  }
}

bool holds_one(const std::filesystem::path& process,
               const std::unordered_set<std::string>& inodes) {
  std::error_code error;
  for (std::filesystem::directory_iterator at{process / "fd", error}, end; at != end && !error;
       at.increment(error)) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(at->path(), gone).string();
    if (!gone && inodes.contains(target)) return true;
  }
  return false;
}

}  // namespace

std::optional<PortOwner> find_port_owner(std::uint16_t port) {
  std::unordered_set<std::string> inodes;
  listening_inodes("/proc/net/tcp", port, inodes);
  listening_inodes("/proc/net/tcp6", port, inodes);
  if (inodes.empty()) return std::nullopt;
  std::error_code error;
  for (std::filesystem::directory_iterator at{"/proc", error}, end; at != end && !error;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    PortOwner owner{};
    const auto [stop, bad] = std::from_chars(name.data(), name.data() + name.size(), owner.pid);
    if (bad != std::errc{} || stop != name.data() + name.size()) continue;
    if (!holds_one(at->path(), inodes)) continue;
    std::ifstream in{at->path() / "comm"};
    std::getline(in, owner.name);
    return owner;
  }
  return std::nullopt;
}

}  // namespace spine::net
