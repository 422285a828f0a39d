// Program: a command on a PATH, the links that lead to it, what the kernel runs it with, and why it
// cannot be run: what is missing is rarely the program itself.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/vocab/result.h"

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

// What the first bytes of a file tell the kernel before it starts it.
struct Interpreter {
  std::vector<std::string> script{};  // of a "#!" line: the program and its arguments
  bool windows_lines{};               // that line ends in CR LF: then no such program is found
  std::string loader{};               // of a 64-bit ELF file; "" = none is named

  // What `#!/usr/bin/env -S NAME=value node --flag` looks for; "" = that is not asked.
  std::string searched() const;
};
// Nothing of what is no regular file, and does not wait for one.
Interpreter read_interpreter(const std::string& program);

// The program in the #! line of a script (for `env`, the one it looks for along `path`), or the
// loader an ELF file names; "" = none, or it cannot be read.
std::string interpreter_of(const std::string& program, std::string_view path);

// Whether the file is something that is run, by its mode, its beginning, or its name.
bool is_program_text(const std::string& file);

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
