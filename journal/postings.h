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

// Which part of a list is asked for: the last `limit` entries within [from, to].
struct PostingRange {
  std::uint64_t id{};
  Seq from{};
  Seq to{};
  std::size_t limit{};
};

// A database entry is a piece of one list: key = id, first block (big-endian, so they sort), value
// = the differences to the blocks after it as LEB128. Measured against one entry per posting this
// is several times smaller and cheaper, because a batch touches each list once.
class Postings {
 public:
  // `name` has static storage.
  explicit Postings(const char* name) : name_(name) {}

  // Creates the database if it is missing.
  Status open(Transaction& transaction);
  // Adds the batch. It is sorted in place. REQUIRES: blocks later than any stored ones.
  Status add(Transaction& transaction, std::vector<Posting>& batch);
  // Appends the blocks asked for to `blocks`, latest first, until it holds `limit`.
  Status find(Transaction& transaction, const PostingRange& range, std::vector<Seq>& blocks) const;

 private:
  const char* name_;
  Database database_{};
};

}  // namespace spine::journal
