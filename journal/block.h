// The block: the unit of storage. Layout, verification, and views of the records in it.
//
//   BlockHeader (112 bytes) | records, each 8-aligned | u32 offset per record | zeros to 8
//
// All little-endian. Records follow each other without gaps, each filled with zeros to a multiple
// of 8. Record offsets count from the start of the block. crc32c covers every byte of the block
// with the crc32c field itself taken as zero. `previous` is the SHA-256 of the whole previous
// block, so the chain runs over whole blocks.
//
// Formats: 1 had no flags. 2 marks the last block of every commit, so that a reader of bare blocks
// knows where a commit is whole. One journal may begin with blocks of format 1 and go on with 2:
// seqs and chain run on.
//
// The first 16 bytes and the rule of the checksum are the same in every version, so that damage is
// never taken for a newer version. A newer version, or a flag that this program does not know,
// makes the block unreadable to it: both can change what the rest means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

using spine::Digest256;

inline constexpr std::uint32_t kBlockMagic = 0x4B4C4253;  // "SBLK"
inline constexpr std::uint16_t kFormatVersion = 2;        // of new blocks
// The first format whose blocks have flags.
inline constexpr std::uint16_t kFormatWithFlags = 2;

namespace block_flag {
inline constexpr std::uint16_t kCommitEnd = 1U << 0;  // the last block of its commit
inline constexpr std::uint16_t kKnown = kCommitEnd;
}  // namespace block_flag

struct BlockHeader {
  std::uint32_t magic{};
  std::uint16_t version{};
  std::uint16_t flags{};  // block_flag
  std::uint32_t bytes{};  // of the whole block, a multiple of 8
  std::uint32_t crc32c{};
  std::uint64_t epoch_hi{};
  std::uint64_t epoch_lo{};
  std::uint64_t first_seq{};
  std::uint32_t count{};         // records, at least 1
  std::uint32_t table_offset{};  // of the offset table
  std::int64_t first_wall_ms{};
  std::int64_t last_wall_ms{};
  std::uint64_t first_logical_ms{};
  std::uint64_t last_logical_ms{};
  Digest256 previous{};  // SHA-256 of the previous block; zeros for the first
};
static_assert(sizeof(BlockHeader) == 112);
static_assert(std::is_trivially_copyable_v<BlockHeader>);

// The largest body of one record: alone in a block of limits::kLargeBlockBytesMax.
inline constexpr std::size_t kBodyBytesMax =
    limits::kLargeBlockBytesMax - sizeof(BlockHeader) - sizeof(RecordHeader) - 8;

// The checksum that belongs into header.crc32c of the block. REQUIRES: a whole header.
std::uint32_t block_crc32c(ByteSpan block);

// Makes the block one of that journal, behind the block with the hash `previous`, and sets its
// checksum. REQUIRES: a whole header.
void chain_block(MutableByteSpan block, Bits128 epoch, const Digest256& previous);

// A block whose bytes have been checked. Borrowed: valid as long as the bytes.
class BlockView {
 public:
  // Checks magic, length, CRC, version, alignment, that first_seq is `expected_first`, and that
  // every record and its body lies inside. Errc::corrupt or Errc::newer_format otherwise, with a
  // message that says what is wrong but not where: the caller knows the place. The bodies are not
  // looked into (schemas/event_verify.h does that).
  static Result<BlockView> verify(ByteSpan bytes, Seq expected_first);

  const BlockHeader& header() const { return header_; }
  ByteSpan bytes() const { return bytes_; }
  Seq first() const { return Seq{header_.first_seq}; }
  Seq last() const { return Seq{header_.first_seq + header_.count - 1}; }
  std::uint32_t count() const { return header_.count; }
  // Whether a commit may end here; true for blocks before format 2, which do not say.
  bool may_end_commit() const {
    return header_.version < kFormatWithFlags || (header_.flags & block_flag::kCommitEnd) != 0;
  }
  // REQUIRES: index < count().
  EventView event(std::uint32_t index) const;
  // SHA-256 of the block: the next block's `previous`.
  Digest256 sha256() const;

 private:
  BlockHeader header_{};
  ByteSpan bytes_{};
};

}  // namespace spine::journal
