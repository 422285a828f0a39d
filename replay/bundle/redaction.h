// Redaction: what people said and are called, replaced so that the rest still folds as before.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/model/state.h"
#include "journal/block.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// Stand-ins for texts: of the same length, the same for the same text, another one for another
// text (but for very short ones, when no free one is found). "<text:5f1c0a......>", or letters and
// digits where that does not fit. Without the key nobody can tell whether a text was a guessed one.
// Thread: one.
class StandIns {
 public:
  explicit StandIns(Bits128 key) : key_(key) {}

  // Writes the stand-in over `text`, which is UTF-8. `type`: the word in it, four letters.
  void replace(std::string_view type, std::span<char> text);
  // The same of bytes, such as a hash: other bytes.
  void replace_bytes(MutableByteSpan bytes) const;

 private:
  std::string make(std::string_view type, std::string_view text, std::uint64_t attempt) const;

  Bits128 key_;
  std::map<std::string, std::string, std::less<>> short_{};  // text -> stand-in
  std::set<std::string, std::less<>> taken_{};               // stand-ins of short_
};

// Replaces the fields that the schemas mark `people` in the events of a journal's part, in order.
// What the core decides by stays: commands ("/stop") and words that start a session afresh. Ids,
// keys, numbers and times stay, too. Thread: one.
class Redaction {
 public:
  // `key`: random, and forgotten with this object.
  explicit Redaction(Bits128 key) : stand_ins_(key) {}

  // Makes `state` the redacted state before the first event. Errc::corrupt when the texts of the
  // state are none that can be replaced.
  Status begin(core::State& state);
  // A redacted copy of the block, and `state` folded on over it. Recorded digests become those of
  // the redacted state. The copy lacks chain and checksum (journal::chain_block). Borrowed until
  // the next call. Error of the first event that this program cannot read.
  // REQUIRES: block.first() == next(state.applied()).
  Result<MutableByteSpan> redact(const journal::BlockView& block, core::State& state);

 private:
  void redact_event(const EventView& event, const core::State& state);

  StandIns stand_ins_;
  std::vector<std::uint64_t> words_{};  // the copy
};

}  // namespace spine::replay
