// Verification of blocks, and access to their records.
#include "journal/block.h"

#include <fmt/format.h>

#include "journal/crc32c.h"
#include "schemas/vocab/sha256.h"

namespace spine::journal {
namespace {

constexpr std::size_t kCrcOffset = offsetof(BlockHeader, crc32c);
constexpr std::size_t kSmallestRecordBytes = sizeof(RecordHeader);

Error corrupt(std::string message) {
  return Error{Errc::corrupt, std::move(message)};
}

bool all_zero(ByteSpan bytes) {
  for (const std::byte byte : bytes) {
    if (byte != std::byte{0}) return false;
  }
  return true;
}

// Whether this program knows the version and the flags. The checksum was right: nothing here is
// damage.
Status check_format(const BlockHeader& header) {
  if (header.version > kFormatVersion) {
    return Error{Errc::newer_format,
                 fmt::format("the block has format {}, this program understands up to format {}",
                             header.version, kFormatVersion)};
  }
  if (header.version == 0) return corrupt("the block has format 0, which never existed");
  const bool has_flags = header.version >= kFormatWithFlags;
  const auto known = static_cast<std::uint16_t>(has_flags ? block_flag::kKnown : 0);
  const int unknown = header.flags & ~known;
  if (unknown == 0) return ok();
  if (!has_flags) return corrupt(fmt::format("unknown block flags {:#x}", unknown));
  return Error{Errc::newer_format,
               fmt::format("the block has flags {:#x}, which this program does not know", unknown)};
}

// What the header says about itself, before anything it points to is looked at.
Status check_header(const BlockHeader& header, std::size_t bytes, Seq expected_first) {
  if (header.first_seq != expected_first.value) {
    return corrupt(fmt::format("the block says it starts at seq {}, but it stands at seq {}",
                               header.first_seq, expected_first.value));
  }
  if (header.count == 0) return corrupt("the block has no records");
  if (header.first_seq == 0 || header.first_seq + header.count < header.first_seq) {
    return corrupt("the block's seqs are out of range");
  }
  const std::uint64_t table_end = std::uint64_t{header.table_offset} + 4ULL * header.count;
  if (header.table_offset < sizeof(BlockHeader) + kSmallestRecordBytes ||
      header.table_offset % 8 != 0 || align8(table_end) != bytes) {
    return corrupt(fmt::format("the offset table ({} records at byte {}) does not end the block",
                               header.count, header.table_offset));
  }
  return ok();
}

// Every record starts where the one before ended, lies inside, and is padded with zeros.
Status check_records(const BlockHeader& header, ByteSpan block) {
  const std::byte* table = block.data() + header.table_offset;
  std::size_t end = sizeof(BlockHeader);
  for (std::uint32_t i = 0; i < header.count; ++i) {
    const std::size_t offset = load<std::uint32_t>(table + std::size_t{4} * i);
    if (offset != end || offset + sizeof(RecordHeader) > header.table_offset) {
      return corrupt(fmt::format("record {} of the block has offset {}, not {}", i, offset, end));
    }
    const std::size_t body_bytes = load<std::uint32_t>(block.data() + offset);
    const std::size_t body_end = offset + sizeof(RecordHeader) + body_bytes;
    end = align8(body_end);
    if (end > header.table_offset) {
      return corrupt(fmt::format("record {} of the block reaches outside of it", i));
    }
    if (!all_zero(block.subspan(body_end, end - body_end))) {
      return corrupt(fmt::format("the padding of record {} of the block is not zero", i));
    }
  }
  if (end != header.table_offset) return corrupt("the block has bytes that belong to no record");
  const std::size_t table_end = header.table_offset + std::size_t{4} * header.count;
  if (!all_zero(block.subspan(table_end))) return corrupt("the block's padding is not zero");
  return ok();
}

// The times in the block header repeat those of the first and the last record.
Status check_times(const BlockHeader& header, const EventView& first, const EventView& last) {
  if (header.first_wall_ms != first.header.wall_ms ||
      header.first_logical_ms != first.header.logical_ms ||
      header.last_wall_ms != last.header.wall_ms ||
      header.last_logical_ms != last.header.logical_ms) {
    return corrupt("the times of the block are not those of its records");
  }
  return ok();
}

}  // namespace

static_assert(offsetof(RecordHeader, body_bytes) == 0);

std::uint32_t block_crc32c(ByteSpan block) {
  SPINE_CHECK(block.size() >= sizeof(BlockHeader));
  constexpr std::array<std::byte, 4> kZeros{};
  const std::uint32_t before = crc32c(block.first(kCrcOffset));
  return crc32c_extend(crc32c_extend(before, kZeros), block.subspan(kCrcOffset + 4));
}

void chain_block(MutableByteSpan block, Bits128 epoch, const Digest256& previous) {
  SPINE_CHECK(block.size() >= sizeof(BlockHeader));
  auto header = load<BlockHeader>(block.data());
  header.epoch_hi = epoch.hi;
  header.epoch_lo = epoch.lo;
  header.previous = previous;
  store(block.data(), header);
  header.crc32c = block_crc32c(block);
  store(block.data(), header);
}

Result<BlockView> BlockView::verify(ByteSpan bytes, Seq expected_first) {
  if (bytes.size() < sizeof(BlockHeader)) {
    return corrupt(fmt::format("{} bytes are too few for a block", bytes.size()));
  }
  const auto header = load<BlockHeader>(bytes.data());
  if (header.magic != kBlockMagic) return corrupt("the bytes do not start like a block");
  if (header.bytes != bytes.size() || bytes.size() % 8 != 0 ||
      bytes.size() > limits::kLargeBlockBytesMax) {
    return corrupt(
        fmt::format("the block says it has {} bytes, but has {}", header.bytes, bytes.size()));
  }
  if (const std::uint32_t crc = block_crc32c(bytes); crc != header.crc32c) {
    return corrupt(
        fmt::format("the block's checksum is {:08x}, not {:08x} as stored", crc, header.crc32c));
  }
  SPINE_TRY_STATUS(check_format(header));
  if (!is_aligned8(bytes.data())) return corrupt("the block does not stand at a multiple of 8");
  SPINE_TRY_STATUS(check_header(header, bytes.size(), expected_first));
  SPINE_TRY_STATUS(check_records(header, bytes));
  BlockView view;
  view.header_ = header;
  view.bytes_ = bytes;
  SPINE_TRY_STATUS(check_times(header, view.event(0), view.event(header.count - 1)));
  return view;
}

EventView BlockView::event(std::uint32_t index) const {
  SPINE_CHECK(index < header_.count);
  const std::byte* start = bytes_.data();
  const std::size_t offset =
      load<std::uint32_t>(start + header_.table_offset + std::size_t{4} * index);
  EventView view;
  view.seq = Seq{header_.first_seq + index};
  view.header = load<RecordHeader>(start + offset);
  view.body = bytes_.subspan(offset + sizeof(RecordHeader), view.header.body_bytes);
  return view;
}

Digest256 BlockView::sha256() const {
  return sha256_of(bytes_);
}

}  // namespace spine::journal
