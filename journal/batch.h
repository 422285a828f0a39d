// Batch: the records of one commit, cut into blocks while they are added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "journal/block.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::journal {

// Thread: engine. Keeps its memory between batches: steady state allocates nothing.
class Batch {
 public:
  Batch();

  // Forgets the records and starts anew: the next record gets `first`.
  void begin(Seq first);

  // Copies the record in and returns its Seq. Fills header.body_bytes.
  // REQUIRES: body.size() <= kBodyBytesMax; body of any alignment.
  Seq append(RecordHeader header, ByteSpan body);

  bool empty() const { return count_ == 0; }
  std::uint64_t count() const { return count_; }
  std::size_t bytes() const;  // encoded so far, headers and tables included
  Seq first() const { return first_; }
  Seq last() const { return Seq{first_.value + count_ - 1}; }

  // The record as it will stand in the journal. Borrowed: valid until the next append or begin.
  // REQUIRES: first() <= seq <= last().
  EventView event(Seq seq) const;

  // Closes the open block and marks it as the last of the commit. Called by Journal::commit; block
  // headers lack chain and CRC until then.
  void finish();
  std::size_t block_count() const;
  MutableByteSpan block(std::size_t index);
  Seq block_first(std::size_t index) const;

 private:
  struct Block {
    std::size_t offset{};  // into bytes_
    std::size_t bytes{};   // set when closed
    std::uint64_t first{};
  };

  bool fits_open_block(std::size_t record_bytes) const;
  std::size_t open_bytes() const;  // of the open block once closed; 0 when none is open
  void open_block();
  void close_block();
  std::byte* grow(std::size_t bytes);
  const Block& block_of(Seq seq) const;

  std::vector<std::byte> bytes_{};        // storage: its size is what was ever needed
  std::size_t used_{};                    // of bytes_
  std::vector<Block> blocks_{};           // the last one is open when its bytes is 0
  std::vector<std::uint32_t> offsets_{};  // of every record, relative to its block
  Seq first_{};
  std::uint64_t count_{};
};

}  // namespace spine::journal
