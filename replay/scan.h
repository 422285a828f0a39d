// scan: checks a whole journal, block by block, and names what is damaged.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "schemas/vocab/ids.h"

namespace spine::replay {

// One place where the journal is not what was written.
struct Damage {
  Seq first{};              // of the block
  Seq last{};               // of the block, or of the gap; 0 = not known
  std::int64_t offset{-1};  // of the block in data.mdb, bytes; -1 = not known
  std::string what{};       // a sentence
};

struct ScanReport {
  Bits128 epoch{};
  std::uint64_t blocks{};
  std::uint64_t events{};
  std::uint64_t bytes{};  // of blocks
  Seq first{};
  Seq last{};
  journal::Digest256 head{};  // SHA-256 of the last block
  double seconds{};
  std::uint64_t damages_total{};
  std::vector<Damage> damages{};  // the first kDamagesNamed of them
};

inline constexpr std::size_t kDamagesNamed = 20;

// CRC, SHA-256 chain, epoch, dense seqs, record headers, and every body's verifier.
// Borrowed: renews the reader while it goes, after that long.
ScanReport scan(journal::Reader& reader,
                std::chrono::milliseconds renew_every = std::chrono::milliseconds(500));

struct VerifyOptions {
  std::filesystem::path journal_dir{};
  bool json{};
};

// scan() for people: returns the exit code, 1 on damage.
int journal_verify(const VerifyOptions& options, std::FILE* out, std::FILE* err);

}  // namespace spine::replay
