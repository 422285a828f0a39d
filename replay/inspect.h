// inspect: a journal's place, size and time range; and whether it is complete and undamaged.
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
// journal::scan(), with a printed report, and a check for files beside the journal that are ahead
// of it, so that events are lost. Returns the exit code, 1 on damage.
int journal_verify(const InspectOptions& options, std::FILE* out, std::FILE* err);

}  // namespace spine::replay
