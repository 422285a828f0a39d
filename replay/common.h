// What every verb of spine-replay is given, and its exit codes.
#pragma once

#include <cstdio>
#include <filesystem>

#include "schemas/vocab/result.h"

namespace spine::replay {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDiffers = 3;  // a comparison found differences

struct Common {
  std::filesystem::path state_dir{};
  bool json{};
  std::FILE* out{};  // results
  std::FILE* err{};  // errors, notes, progress
  std::FILE* in{};   // commands of verbs that read any

  std::filesystem::path journal_dir() const { return state_dir / "journal"; }
};

// Prints the error to `err`. kExitUsage for Errc::invalid_argument, else kExitFailure.
int fail(std::FILE* err, const Error& error);

}  // namespace spine::replay
