// UsernsNeeds: which programs make user name spaces, as far as their names tell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spine::agents {

struct UsernsNeed {
  std::string name{};       // of the program or package that tells it
  std::string_view what{};  // it does with them, and how it goes without
};

// Judged by the program with the links that lead to it, its arguments, and what its package.json
// says it depends on. Nothing: it is not known to need them.
std::optional<UsernsNeed> userns_need_of(const std::string& program,
                                         const std::vector<std::string>& args);

}  // namespace spine::agents
