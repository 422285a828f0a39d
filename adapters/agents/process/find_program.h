// find_program: a command on a PATH, and the paths that lead to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spine::agents {

// The absolute, non-empty entries of a PATH, in order.
std::vector<std::string> path_entries(std::string_view path);

// First executable regular file of that name; a name with '/' is looked up from `cwd`. "" = none.
std::string find_program(std::string_view name, std::string_view path, std::string_view cwd);

// `program` and every path its symbolic links lead through, each with a real (canonical) folder;
// the last is the file itself. At most kAgentLinkHopsMax.
std::vector<std::string> link_chain(const std::string& program);

// Value of a variable of "NAME=value" texts; "" when it is not there.
std::string_view value_in(const std::vector<std::string>& env, std::string_view name);

}  // namespace spine::agents
