// Interpreter: what the kernel runs a program with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spine::agents {

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

}  // namespace spine::agents
