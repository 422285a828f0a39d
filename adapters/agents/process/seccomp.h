// Seccomp: the calls of the kernel that an agent is not to make.
#pragma once

#include <string>

namespace spine::agents {

struct SeccompRules {
  // Within a user name space a program has every right over name spaces below it: it can mount, and
  // reaches parts of the kernel nobody else reaches.
  bool no_user_name_spaces{};
  // Where memory is counted: nothing in /proc tells from outside what a detached segment of
  // System V takes, so there are no large ones.
  bool no_large_segments{};

  bool operator==(const SeccompRules&) const = default;
};

// The program for `bwrap --seccomp`; "" when there is nothing to forbid, or it cannot be made.
std::string seccomp_program(const SeccompRules& rules);

// Whether this kernel can be told at all.
bool has_seccomp();

}  // namespace spine::agents
