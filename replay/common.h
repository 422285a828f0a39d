// What every verb of spine-replay is given.
#pragma once

#include <cstdio>
#include <filesystem>

#include "schemas/vocab/verbs.h"

namespace spine::replay {

struct Common {
  std::filesystem::path state_dir{};
  bool json{};
  std::FILE* out{};  // results
  std::FILE* err{};  // errors, notes, progress
  std::FILE* in{};   // commands of verbs that read any

  std::filesystem::path journal_dir() const { return state_dir / "journal"; }
};

}  // namespace spine::replay
