// FollowerIndex: the follower's index, which may be behind or missing but never stops anything.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "journal/index.h"
#include "journal/journal.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::pipeline {

// Whatever is in the index can be read from the journal again. So when it cannot be written it
// stays behind until it can, and when it is damaged it is deleted and made anew; both are said once
// in the log. Thread: follower (construction may happen on the main thread before it starts).
class FollowerIndex {
 public:
  struct Options {
    std::filesystem::path dir{};
    Bits128 epoch{};
    Bits128 boot{};
    std::uint64_t retry_ms{5'000};  // from a failure until it is tried again
  };
  FollowerIndex(Options options, Seq journal_last);

  // Last Seq whose block can be found; 0 while there is no index.
  Seq applied() const;
  // Adds a block if it is the next one; any other is left to feed().
  void add(const journal::BlockView& block);
  // Makes what was added visible.
  void commit();

  // Whether feed() has something to do for an index that should reach `last`: blocks to add, or a
  // failure that is due to be tried again.
  bool wants(Seq last) const;
  // Adds some of the blocks that are missing up to `last` from the journal. Errors are the
  // journal's. REQUIRES: the reader sees `last`.
  Status feed(journal::Reader& reader, Seq last);

  // For an orderly stop: the next start can go on where this one ends.
  void close();

  // As journal::Index does; nothing while there is no index or it cannot be read.
  Result<std::vector<Seq>> session_blocks(SessionId session, Seq from, Seq to, std::size_t limit);

 private:
  void open(Seq journal_last);
  bool try_again(Seq journal_last);
  void failed(const Error& error);
  void discard(std::uint64_t now);

  Options options_;
  std::unique_ptr<journal::Index> index_{};
  bool failing_{};                // nothing is added meanwhile
  std::uint64_t retry_at_ms_{};   // boot time
  std::uint64_t discarded_ms_{};  // boot time
};

}  // namespace spine::pipeline
