// LogTail: the last lines of the log file, for logs.tail.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "schemas/vocab/result.h"

namespace spine::net {

struct LogTailRequest {
  std::uint64_t cursor{};  // byte position to read from; kFromEnd = the last lines
  std::uint64_t lines_max{500};
  std::uint64_t bytes_max{250'000};
  static constexpr std::uint64_t kFromEnd = ~std::uint64_t{0};
};

struct LogTail {
  std::uint64_t cursor{};  // where to go on
  std::uint64_t size{};    // of the file
  std::vector<std::string> lines{};
  bool truncated{};  // there was more between the cursor asked for and the first line
  bool reset{};      // the file is shorter than the cursor: it was rotated
};

// Reads whole lines only; the last line without its end waits for the next call. Thread: any.
// Errors: io, not_found.
Result<LogTail> tail_log(const std::filesystem::path& file, const LogTailRequest& request);

}  // namespace spine::net
