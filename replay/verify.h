// verify: a whole journal checked for people.
#pragma once

#include <cstdio>
#include <filesystem>

namespace spine::replay {

struct VerifyOptions {
  std::filesystem::path journal_dir{};
  bool json{};
};

// journal::scan() for people, and whether something beside the journal tells of more than it holds:
// returns the exit code, 1 on damage.
int journal_verify(const VerifyOptions& options, std::FILE* out, std::FILE* err);

}  // namespace spine::replay
