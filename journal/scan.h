// Scan: checks a whole journal, block by block, and names what is damaged.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "schemas/vocab/ids.h"

namespace spine::journal {

// One place where the journal is not what was written.
struct Damage {
  Seq first{};              // of the block
  Seq last{};               // of the block, or of the gap; 0 = not known
  std::int64_t offset{-1};  // of the block in data.mdb, bytes; -1 = not known
  std::string what{};       // a sentence
  bool newer{};             // no damage: a newer version of Spine wrote it
};

// Byte offset in the file that is mapped at `bytes`, from /proc/self/maps; -1 when it is not a
// mapped file. LMDB maps its file from offset 0 as one piece.
std::int64_t file_offset(ByteSpan bytes);

// "block #7 to #9, byte 8192 of data.mdb: ...", for people.
std::string damage_text(const Damage& damage);

struct ScanReport {
  Bits128 epoch{};
  std::uint64_t blocks{};
  std::uint64_t events{};
  std::uint64_t bytes{};  // of blocks
  Seq first{};
  Seq last{};
  Digest256 head{};  // SHA-256 of the last block
  double seconds{};
  std::uint64_t damages_total{};
  std::uint64_t newer_total{};    // of them: no damage, but of a newer version
  std::vector<Damage> damages{};  // the first kDamagesNamed of them
};

inline constexpr std::size_t kDamagesNamed = 20;

// Walks raw blocks in order; a damaged block does not hide the ones behind it. Between two steps
// the reader may be renewed, or be another one of the same journal.
class Scanner {
 public:
  // Checks the block at or after the expected seq: CRC, SHA-256 chain, epoch, dense seqs, record
  // headers, and every body's verifier. False at the end, which must be the end of a commit.
  // REQUIRES: the reader was renewed.
  bool step(Reader& reader);
  // Adds the damage that from expected() on nothing could be read.
  void give_up(const Error& error);

  const ScanReport& report() const { return report_; }
  // The seq that the next step() reads.
  Seq expected() const { return expected_; }

 private:
  void add(Damage damage);
  bool past(Reader& reader, Seq first, std::uint64_t seq, Seq& found);
  Seq following(Reader& reader, Seq first);
  void unread_block(Reader& reader, ByteSpan raw, Seq first, const Error& why);
  void check(const BlockView& block, ByteSpan raw);
  void check_end();

  ScanReport report_{};
  Seq expected_{1};
  std::uint64_t logical_ms_{};
  bool epoch_known_{};
  bool chain_known_{true};  // head is the SHA-256 of the block before; zeros before the first
  Seq open_commit_{};       // first of the last block, when that does not end its commit
};

// Scans the whole journal, and renews the reader each time `renew_every` has passed.
ScanReport scan(Reader& reader, std::chrono::milliseconds renew_every = kRenewEvery);

}  // namespace spine::journal
