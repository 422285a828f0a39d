// Command line of spine-replay: parses arguments and calls the tool they name.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "schemas/vocab/result.h"

namespace spine::replay {

// Exit codes of every tool.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDiffers = 3;

// Prints the error; returns kExitFailure.
int fail(std::FILE* err, const Error& error);

// `arguments` without the program's name. Results go to `out`, errors to `err`.
int run(const std::vector<std::string>& arguments, std::FILE* out, std::FILE* err);

}  // namespace spine::replay
