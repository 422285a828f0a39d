// ProgramCheck: why a path cannot be run, in words: what is missing is rarely the program itself.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "schemas/vocab/result.h"

namespace spine::agents {

// Why the file at `path` is no program: "is a link to /x, which is not there", "is a folder", "is
// not executable; run: chmod +x /x". "" = it is one, or there is nothing at all.
std::string why_no_program(const std::string& path);

// The same for the first of that name along a PATH, with its path in front; a name with '/' is
// looked up from `cwd`. "" = there is nothing of that name.
std::string why_none_found(std::string_view name, std::string_view path, std::string_view cwd);

// Whether a path is seen where the program is to run, by all that leads to it.
using IsSeen = std::function<bool(const std::string& path)>;

// Whether what the kernel would start for `program` is there: the interpreter of a script (and what
// `env` would look for along `path`), or the loader of a binary. The kernel's ENOENT speaks of
// these as if the program was missing. Errors: Errc::not_found naming both.
Status check_interpreter(const std::string& program, std::string_view path, const IsSeen& is_seen);

}  // namespace spine::agents
