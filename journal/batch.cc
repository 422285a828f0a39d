// Building the blocks of one commit in memory.
#include "journal/batch.h"

#include <algorithm>

#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::journal {
namespace {

// Room for the common commit; what a larger one needs is kept from then on.
constexpr std::size_t kFirstStorageBytes = 2 * (limits::kBlockBytes + 16);
constexpr std::size_t kFirstRecords = 1024;
constexpr std::size_t kFirstBlocks = 64;

constexpr std::size_t record_bytes_of(std::size_t body_bytes) {
  return sizeof(RecordHeader) + align8(body_bytes);
}

}  // namespace

Batch::Batch() {
  bytes_.resize(kFirstStorageBytes);
  offsets_.reserve(kFirstRecords);
  blocks_.reserve(kFirstBlocks);
}

void Batch::begin(Seq first) {
  SPINE_CHECK(first.value != 0);
  used_ = 0;
  blocks_.clear();
  offsets_.clear();
  first_ = first;
  count_ = 0;
}

Seq Batch::append(RecordHeader header, ByteSpan body) {
  SPINE_CHECK(first_.value != 0);
  SPINE_CHECK(body.size() <= kBodyBytesMax);
  const std::size_t record_bytes = record_bytes_of(body.size());
  if (!fits_open_block(record_bytes)) {
    close_block();
    open_block();
  }
  const std::size_t offset = used_ - blocks_.back().offset;
  std::byte* to = grow(record_bytes);
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  store(to, header);
  if (!body.empty()) std::memcpy(to + sizeof(header), body.data(), body.size());
  const std::size_t padding = record_bytes - sizeof(header) - body.size();
  std::memset(to + sizeof(header) + body.size(), 0, padding);
  offsets_.push_back(static_cast<std::uint32_t>(offset));
  ++count_;
  return last();
}

bool Batch::fits_open_block(std::size_t record_bytes) const {
  if (blocks_.empty() || blocks_.back().bytes != 0) return false;
  const Block& open = blocks_.back();
  const std::size_t records = first_.value + count_ - open.first + 1;
  return align8(used_ - open.offset + record_bytes + 4 * records) <= limits::kBlockBytes;
}

void Batch::open_block() {
  blocks_.push_back(Block{.offset = used_, .bytes = 0, .first = first_.value + count_});
  grow(sizeof(BlockHeader));
}

std::byte* Batch::grow(std::size_t bytes) {
  const std::size_t at = used_;
  used_ += bytes;
  // Not by doubling: after one large record the storage stays as large as was needed.
  if (used_ > bytes_.size()) bytes_.resize(used_ + used_ / 4);
  return bytes_.data() + at;
}

std::size_t Batch::open_bytes() const {
  if (blocks_.empty() || blocks_.back().bytes != 0) return 0;
  const Block& open = blocks_.back();
  return align8(used_ - open.offset + 4 * (first_.value + count_ - open.first));
}

std::size_t Batch::bytes() const {
  const std::size_t open = open_bytes();
  return open == 0 ? used_ : blocks_.back().offset + open;
}

void Batch::finish() {
  close_block();
  if (blocks_.empty()) return;
  std::byte* start = bytes_.data() + blocks_.back().offset;
  auto header = load<BlockHeader>(start);
  header.flags = block_flag::kCommitEnd;
  store(start, header);
}

void Batch::close_block() {
  const std::size_t bytes = open_bytes();
  if (bytes == 0) return;
  Block& block = blocks_.back();
  const std::size_t table_offset = used_ - block.offset;
  const std::size_t records = first_.value + count_ - block.first;
  const auto* offsets = offsets_.data() + (block.first - first_.value);
  std::byte* table = grow(bytes - table_offset);
  std::memcpy(table, offsets, 4 * records);
  std::memset(table + 4 * records, 0, bytes - table_offset - 4 * records);

  std::byte* start = bytes_.data() + block.offset;
  const auto first = load<RecordHeader>(start + offsets[0]);
  const auto last = load<RecordHeader>(start + offsets[records - 1]);
  BlockHeader header;
  header.magic = kBlockMagic;
  header.version = kFormatVersion;
  header.bytes = static_cast<std::uint32_t>(bytes);
  header.first_seq = block.first;
  header.count = static_cast<std::uint32_t>(records);
  header.table_offset = static_cast<std::uint32_t>(table_offset);
  header.first_wall_ms = first.wall_ms;
  header.last_wall_ms = last.wall_ms;
  header.first_logical_ms = first.logical_ms;
  header.last_logical_ms = last.logical_ms;
  store(start, header);
  block.bytes = bytes;
}

std::size_t Batch::block_count() const {
  return blocks_.size();
}

MutableByteSpan Batch::block(std::size_t index) {
  SPINE_CHECK(index < blocks_.size() && blocks_[index].bytes != 0);
  return {bytes_.data() + blocks_[index].offset, blocks_[index].bytes};
}

Seq Batch::block_first(std::size_t index) const {
  SPINE_CHECK(index < blocks_.size());
  return Seq{blocks_[index].first};
}

const Batch::Block& Batch::block_of(Seq seq) const {
  if (blocks_.back().first <= seq.value) return blocks_.back();
  const auto after =
      std::upper_bound(blocks_.begin(), blocks_.end(), seq.value,
                       [](std::uint64_t value, const Block& block) { return value < block.first; });
  return *(after - 1);
}

EventView Batch::event(Seq seq) const {
  SPINE_CHECK(count_ != 0 && seq >= first() && seq <= last());
  const std::byte* record =
      bytes_.data() + block_of(seq).offset + offsets_[seq.value - first_.value];
  EventView view;
  view.seq = seq;
  view.header = load<RecordHeader>(record);
  view.body = ByteSpan{record + sizeof(RecordHeader), view.header.body_bytes};
  return view;
}

}  // namespace spine::journal
