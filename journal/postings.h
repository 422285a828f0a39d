// Postings: for each id, the ascending list of blocks it occurs in; packed, in one LMDB database.
#pragma once

#include <cstdint>
#include <vector>

#include "journal/lmdb.h"
#include "schemas/vocab/ids.h"

namespace spine::journal {

struct Posting {
  std::uint64_t id{};
  Seq block{};
  constexpr auto operator<=>(const Posting&) const = default;
};

// All entries of a list that lie within [from, to]: one piece of it.
struct PostingStretch {
  Seq from{};
  Seq to{};
  std::vector<Seq> blocks{};  // ascending

  bool covers(Seq block) const { return from <= block && block <= to; }
};

// Which part of a list is asked for: the last `limit` entries within [from, to].
struct PostingRange {
  std::uint64_t id{};
  Seq from{};
  Seq to{};
  std::size_t limit{};
};

// A database entry is a piece of one list: key = id, first block (big-endian, so they sort), value
// = the differences to the blocks after it as LEB128, then the CRC32C of key and differences, 4
// bytes. Measured against one entry per posting this is several times smaller and cheaper, because
// a batch touches each list once. Reading a piece that is not what was written is Errc::corrupt.
class Postings {
 public:
  // `name` has static storage.
  explicit Postings(const char* name) : name_(name) {}

  // Creates the database if it is missing.
  Status open(Transaction& transaction);
  // Adds the batch and returns how many postings that were. It is sorted in place, and left with
  // each posting once. REQUIRES: blocks later than any stored ones.
  Result<std::uint64_t> add(Transaction& transaction, std::vector<Posting>& batch);
  // Appends the blocks asked for to `blocks`, latest first, until it holds `limit`.
  Status find(Transaction& transaction, const PostingRange& range, std::vector<Seq>& blocks) const;
  // The stretch of the id's list that covers `at`; without blocks when the list begins later, or
  // there is none. At most one piece in memory.
  Result<PostingStretch> stretch(Transaction& transaction, std::uint64_t id, Seq at) const;
  // The first id after `id` that has a list; 0 = there is none.
  Result<std::uint64_t> id_after(Transaction& transaction, std::uint64_t id) const;
  // Reads every piece and returns how many postings there are. Takes as long as reading the whole
  // database does.
  Result<std::uint64_t> count(Transaction& transaction) const;

 private:
  const char* name_;
  Database database_{};
};

}  // namespace spine::journal
