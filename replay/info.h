// info: what a journal is: where, how much, from when to when.
#pragma once

#include <cstdio>
#include <filesystem>

namespace spine::replay {

struct InfoOptions {
  std::filesystem::path journal_dir{};
  bool json{};
};

// Returns the exit code. Looks at the first and the last block only.
int journal_info(const InfoOptions& options, std::FILE* out, std::FILE* err);

}  // namespace spine::replay
