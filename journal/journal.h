// Journal: the durable order of all events, and its one writer.
//
//   <state-dir>/journal/   LMDB environment, unnamed database, MDB_INTEGERKEY,
//   key = first Seq of a block, value = one block (journal/block.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "journal/batch.h"
#include "journal/block.h"
#include "journal/reader.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

class Environment;  // journal/lmdb.h
class SpaceAhead;   // journal/space.h

// What opening found.
struct OpenReport {
  bool created{};
  std::uint32_t tail_blocks_checked{};
  bool readers_cut_off{};  // the reader table was full of other processes: a new one was begun
};

// Why a commit asks for space: intake may be refused, closing what is open may use the reserve.
enum class SpaceClass : std::uint8_t { intake, closing };

// The writing side. Thread: engine (construction may happen on the main thread before it starts).
class Journal {
 public:
  // Opens or creates. Checks the tail: the last blocks' CRC, chain and bodies. Refuses a damaged
  // journal (Errc::corrupt, naming the block's first seq, and what to do) and one of a newer format
  // (Errc::newer_format, naming both versions), and one that somebody else has open for writing
  // (Errc::in_use). `epoch` is used when the journal is created.
  static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& dir, Bits128 epoch);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  const OpenReport& report() const { return report_; }
  Bits128 epoch() const { return epoch_; }
  Seq last() const { return last_; }
  // Highest Seq that survives power loss; equals last(), as every commit is synced.
  Seq durable() const { return durable_; }

  // Makes sure the next commit of at most `bytes` cannot run out of disk. Allocates ahead with
  // posix_fallocate, and writes zeros ahead where that makes commits faster. Errc::no_space: refuse
  // inputs (retryable), and ask again later; nothing is lost.
  Status ensure_space(std::size_t bytes, SpaceClass space_class);

  // One transaction. When it returns a value, every record up to that Seq survives power loss.
  // REQUIRES: !batch.empty(), batch.first() == next(last()), ensure_space() said ok.
  // On error the outcome is unknown: the owner must end the process, recovery decides.
  Result<Seq> commit(Batch& batch);

  // Frees the reader slots of dead processes: pages that a slot pins are not reused, and the file
  // grows. Returns how many were freed. Cheap: call it every second.
  Result<std::uint32_t> clear_dead_readers();

  // Bytes of disk the journal occupies, and the SHA-256 of the last block (head of the chain).
  std::uint64_t file_bytes() const;
  Digest256 head() const { return head_; }

  // A reader on the same environment, for another thread of this process. Sees nothing until its
  // first renew().
  Reader reader() const;

 private:
  Journal();
  std::shared_ptr<Environment> env_{};
  std::unique_ptr<SpaceAhead> space_{};
  OpenReport report_{};
  Bits128 epoch_{};
  Seq last_{};
  Seq durable_{};
  Digest256 head_{};
};

}  // namespace spine::journal
