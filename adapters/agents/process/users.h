// Users: the user that agents run as, and that user's permissions on a path.
#pragma once

#include <cstdint>
#include <string>
#include <sys/stat.h>
#include <sys/types.h>

#include "schemas/vocab/result.h"

namespace spine::agents {

struct SystemUser {
  std::string name{};
  uid_t uid{};
  gid_t gid{};
};

// "" = user "nobody". Errors: Errc::invalid_argument if there is no such user, or if it is root.
Result<SystemUser> find_user(const std::string& name);
// The one this process runs as.
SystemUser current_user();
// Its home in the user database; "" = unknown.
std::string home_of_current_user();

// Whether the mode of `info` gives the user all of `bits` (4 read, 2 write, 1 execute or pass).
// Supplementary groups and access control lists are not considered.
bool user_may(const SystemUser& user, const struct stat& info, std::uint32_t bits);

// First directory above `path` (and not above `from`) that the user cannot pass; "" = none.
std::string first_closed_above(const SystemUser& user, const std::string& path,
                               const std::string& from = "/");

}  // namespace spine::agents
