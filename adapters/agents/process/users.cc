// getpwnam, and permission bits.
#include "adapters/agents/process/users.h"

#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

using PasswordBuffer = std::array<char, 16'384>;

}  // namespace

Result<SystemUser> find_user(const std::string& name) {
  const std::string wanted = name.empty() ? "nobody" : name;
  PasswordBuffer buffer;
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(wanted.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    return Error{Errc::invalid_argument,
                 fmt::format("There is no user {} on this machine. Name another in "
                             "spine.sandbox.user, or make it: adduser --system {}",
                             printable(wanted), printable(wanted))};
  }
  if (entry.pw_uid == 0) {
    return Error{Errc::invalid_argument,
                 fmt::format("Agents never run as root, and spine.sandbox.user {} is root. Name "
                             "another user, or leave it out for nobody.",
                             printable(wanted))};
  }
  return SystemUser{wanted, entry.pw_uid, entry.pw_gid};
}

SystemUser current_user() {
  PasswordBuffer buffer;
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  return {found == nullptr ? fmt::format("{}", ::geteuid()) : entry.pw_name, ::geteuid(),
          ::getegid()};
}

std::string home_of_current_user() {
  PasswordBuffer buffer;
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr || entry.pw_dir == nullptr ? "" : entry.pw_dir;
}

bool user_may(const SystemUser& user, const struct stat& info, std::uint32_t bits) {
  if (user.uid == 0) return true;
  const std::uint32_t shift = info.st_uid == user.uid ? 6 : info.st_gid == user.gid ? 3 : 0;
  return ((info.st_mode >> shift) & bits) == bits;
}

std::string first_closed_above(const SystemUser& user, const std::string& path,
                               const std::string& from) {
  std::filesystem::path walked;
  const std::filesystem::path whole = path;
  for (const std::filesystem::path& part : whole.parent_path()) {
    walked /= part;
    if (walked.native().size() < from.size()) continue;
    struct stat info {};
    if (::stat(walked.c_str(), &info) != 0 || !user_may(user, info, 1)) return walked.string();
  }
  return "";
}

}  // namespace spine::agents
