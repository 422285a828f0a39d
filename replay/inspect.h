// inspect: what a journal is, where, how much, from when to when; and whether it is whole.
#pragma once

#include <cstdio>
#include <filesystem>

namespace spine::replay {

struct InspectOptions {
  std::filesystem::path journal_dir{};
  bool json{};
};

// Returns the exit code. Looks at the first and the last block only.
int journal_info(const InspectOptions& options, std::FILE* out, std::FILE* err);
// journal::scan() for people, and whether something beside the journal tells of more than it holds:
// returns the exit code, 1 on damage.
int journal_verify(const InspectOptions& options, std::FILE* out, std::FILE* err);

}  // namespace spine::replay
