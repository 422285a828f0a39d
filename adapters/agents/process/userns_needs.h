// UsernsNeeds: which programs are known, by name, to create user name spaces.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spine::agents {

struct UsernsNeed {
  std::string name{};       // of the program or package that is known
  std::string_view what{};  // what it uses them for, and how to do without
};

// Judged by the program and the links that lead to it, its arguments, and the dependencies in its
// package.json. Nothing = it is not known to need them.
std::optional<UsernsNeed> userns_need_of(const std::string& program,
                                         const std::vector<std::string>& args);

}  // namespace spine::agents
