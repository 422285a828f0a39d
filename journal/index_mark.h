// IndexMark: the small file that tells whether an index may be opened at all.
#pragma once

#include <filesystem>
#include <optional>

#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

// <state-dir>/index/mark. Without syncs LMDB's file is whole as long as the kernel lives; after a
// power loss it may be anything and must not even be opened. So the mark says, durably, under
// which boot the index was opened, and whether it was synced and closed since.
struct IndexMark {
  Bits128 epoch{};
  Bits128 boot_id{};
  bool clean{};
};

// Nothing when there is none, or it is damaged or of another format.
std::optional<IndexMark> read_mark(const std::filesystem::path& dir);
// Durable when it returns.
Status write_mark(const std::filesystem::path& dir, const IndexMark& mark);

}  // namespace spine::journal
