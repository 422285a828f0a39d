// JournalPages: pages of the journal's events for those who follow it.
#pragma once

#include "engine/core/model/state.h"
#include "engine/pipeline/items/journal_page.h"
#include "journal/reader.h"
#include "schemas/vocab/result.h"

namespace spine::pipeline {

// Thread: follower. REQUIRES: the reader was renewed and sees what the state holds.
class JournalPages {
 public:
  JournalPages(const core::State& state, journal::Reader& reader)
      : state_(state), reader_(reader) {}

  // One page, bounded in blocks looked at and in bytes found. Borrowed from the state, and from the
  // blocks, which stay mapped until the reader is renewed or released.
  Result<JournalPageItem> read(const JournalAsk& ask);

 private:
  Result<Seq> first_wanted(const JournalAsk& ask);
  Result<Seq> seq_since(std::int64_t wall_ms);

  const core::State& state_;
  journal::Reader& reader_;
};

}  // namespace spine::pipeline
