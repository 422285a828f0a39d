// Common: the options that every verb takes, and the exit codes of all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace spine::cli {

// Exit codes.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDiffers = 3;

struct Common {
  std::string config{};
  std::string state_dir{};
  std::optional<std::uint16_t> port{};
  std::string token{};
  std::string token_file{};
  bool json{};
};

}  // namespace spine::cli
