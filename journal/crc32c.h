// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of blocks and snapshot files.
#pragma once

#include <cstdint>

#include "schemas/vocab/bytes.h"

namespace spine::journal {

// Continues a checksum: crc32c_extend(crc32c(a), b) == crc32c(a followed by b). Uses the CPU's
// instruction where it has one (SSE 4.2, chosen at run time). Thread: any.
std::uint32_t crc32c_extend(std::uint32_t crc, ByteSpan bytes);

inline std::uint32_t crc32c(ByteSpan bytes) {
  return crc32c_extend(0, bytes);
}

namespace detail {
// The table-driven way, for CPUs without the instruction and for the test that compares the two.
std::uint32_t crc32c_extend_portable(std::uint32_t crc, ByteSpan bytes);
}  // namespace detail

}  // namespace spine::journal
