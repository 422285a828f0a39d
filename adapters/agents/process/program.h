// Program: finds a command on a PATH, the links that lead to it and its interpreter or loader; and
// explains why it cannot be run, as often not the program but its interpreter is missing.
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

// Value of a variable in "NAME=value" texts; "" if it is not set.
std::string_view value_in(const std::vector<std::string>& env, std::string_view name);

// How the kernel will start a file, by its first bytes: a "#!" line or an ELF header.
struct Interpreter {
  std::vector<std::string> script{};  // of a "#!" line: the program and its arguments
  bool windows_lines{};               // that line ends in CR LF, so no such program is found
  std::string loader{};               // of a 64-bit ELF file; "" = it names none

  // The program that `env` looks up (node in `#!/usr/bin/env -S NAME=value node`); "" = no `env`.
  std::string searched() const;
};
// Empty for anything but a regular file; never blocks on a pipe or device.
Interpreter read_interpreter(const std::string& program);

// The interpreter of a script (for `env`, what it finds along `path`), or the loader of an ELF
// file; "" = none, or the file cannot be read.
std::string interpreter_of(const std::string& program, std::string_view path);

// Whether the file is a program or script, by its mode, its first bytes, or its name.
bool is_program_text(const std::string& file);

// Why the file at `path` is no program: "is a link to /x, which is not there", "is a folder", "is
// not executable; run: chmod +x /x". "" = it is one, or does not exist.
std::string why_no_program(const std::string& path);

// The same for the first such file of that name along a PATH, with its path in front; a name with
// '/' is looked up from `cwd`. "" = there is none.
std::string why_none_found(std::string_view name, std::string_view path, std::string_view cwd);

// Whether a path is visible where the program is to run.
using IsSeen = std::function<bool(const std::string& path)>;

// Checks that the interpreter of a script (and what `env` would find along `path`) or the loader of
// a binary exists: without it the kernel's ENOENT looks as if the program itself were missing.
// Errors: Errc::not_found naming both.
Status check_interpreter(const std::string& program, std::string_view path, const IsSeen& is_seen);

}  // namespace spine::agents
