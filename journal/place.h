// place: where in the database file a block of the memory map lies.
#pragma once

#include <cstdint>

#include "schemas/vocab/bytes.h"

namespace spine::journal {

// Byte offset in the file that is mapped at `bytes`, from /proc/self/maps; -1 when it is not a
// mapped file. LMDB maps its file from offset 0 as one piece.
std::int64_t file_offset(ByteSpan bytes);

}  // namespace spine::journal
