// dump: prints events in readable form, filtered.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace spine::replay {

struct DumpOptions {
  std::filesystem::path journal_dir{};
  std::uint64_t from{1};               // seq
  std::uint64_t to{UINT64_MAX};        // seq, included
  std::vector<std::uint16_t> kinds{};  // empty = all
  std::string session{};               // key, or the session's number; empty = all
  std::uint64_t limit{UINT64_MAX};     // events printed
  bool json{};                         // one object per line
};

// Returns the exit code. Stops with 1 at the first damaged block, and names it; an event with an
// invalid body is named and skipped, and the code is 1 at the end.
int journal_dump(const DumpOptions& options, std::FILE* out, std::FILE* err);

}  // namespace spine::replay
