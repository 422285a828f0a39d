// Prefixes: which parts of the folder a tool was installed into hold programs and nothing else.
//
// A prefix is never shown whole. Tools keep what opens accounts beside their programs
// (~/.x/bin and ~/.x/credentials.json, ~/.gem/credentials, ~/.local/share/keyrings), so a rule that
// says "all of the prefix but what is known to be secret" is wrong the day the next tool comes.
#pragma once

#include <string>
#include <vector>

namespace spine::agents {

// Whether the name of the folder (of a PATH) says that its programs use what lies beside it.
bool is_folder_of_programs(const std::string& folder);

// Whether more than one program's own files may lie in it: a tool's folder with its bin, a folder
// of settings or of data, anything whose name begins with a dot.
bool is_prefix(const std::string& folder);

// What of `prefix` programs need, with absolute paths: bin, lib*, libexec; and, unless `is_home`,
// where version managers and languages of a known layout keep what they run. Only what is there.
std::vector<std::string> program_parts(const std::string& prefix, bool is_home);

// The package of a node program: the folder of the program, or the one above it, with a
// package.json and without being a prefix for other reasons; "" = none.
std::string node_package_of(const std::string& program);

}  // namespace spine::agents
