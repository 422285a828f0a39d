// Interpreter: what the kernel runs a program with.
#pragma once

#include <string>
#include <string_view>

namespace spine::agents {

// The program in the #! line of a script (for `env`, the one it looks for along `path`), or the
// loader an ELF file names; "" = none, or it cannot be read.
std::string interpreter_of(const std::string& program, std::string_view path);

// Whether the file is something that is run, by its mode, its beginning, or its name.
bool is_program_text(const std::string& file);

}  // namespace spine::agents
