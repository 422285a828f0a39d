// The check of the journal's end that every opening does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "journal/block.h"
#include "journal/lmdb.h"

namespace spine::journal {

// How much of the end is checked: whichever is reached first. A crash can only have touched the
// last commit; the rest of the window is checked to notice a failing disk early.
inline constexpr std::uint32_t kTailBlocks = 64;
inline constexpr std::size_t kTailBytes = std::size_t{4} << 20;

struct Tail {
  std::uint32_t checked{};  // blocks
  Seq last{};               // 0 = the journal is empty
  Bits128 epoch{};          // of the last block
  Digest256 head{};         // SHA-256 of the last block
};

// The error for a journal of a newer version of Spine: where that shows, and what to do.
Error newer_journal(const std::filesystem::path& dir, Seq block, std::string_view what);

// Verifies the last blocks, their order, their chain, and the body of each of their records.
// Errc::corrupt or Errc::newer_format, naming the block and what to do.
Result<Tail> check_tail(Environment& env);

}  // namespace spine::journal
