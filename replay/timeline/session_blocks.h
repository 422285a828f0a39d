// SessionBlocks: where in a journal the events of a session stand, as far as the index knows.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "journal/index_reader.h"
#include "replay/timeline/timeline.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// Lets a walk pass over blocks that hold nothing of a session. Without a usable index, beyond its
// end, and once it turns out to be damaged, nothing is passed over: a walk finds the same events
// either way, only sooner. Damage of blocks that are passed over is not met. The index is looked at
// with the first question, and may renew the timeline's reader then. Thread: the timeline's, which
// outlives it.
class SessionBlocks {
 public:
  // Of all sessions that have that key, or that number. Empty = of all events: nothing is passed.
  SessionBlocks(Timeline& timeline, std::string session)
      : timeline_(&timeline), session_(std::move(session)), known_(session_.empty()) {}
  // Of that session; 0 = as above.
  SessionBlocks(Timeline& timeline, SessionId session)
      : timeline_(&timeline), lists_{List{.id = session}}, known_(!session) {}

  // The first event at or after `at` that may be of the session: `at` itself, or the first of a
  // later block; beyond the journal's end when there is none. REQUIRES: the reader was renewed.
  Seq at_or_after(Seq at);
  // The last one at or before `at`: `at` itself, or the first of an earlier block, all of which is
  // meant; 0 when there is none. REQUIRES: the reader was renewed.
  Seq at_or_before(Seq at);

 private:
  // No block of the session lies between the two that is not one of them.
  struct Gap {
    Seq from{};
    Seq to{};
    bool covers(Seq block) const { return from <= block && block <= to; }
  };
  struct List {
    SessionId id{};
    journal::PostingStretch stretch{.from = Seq{1}, .to = Seq{}};  // covers nothing yet
    Gap ahead{.from = Seq{1}, .to = Seq{}};   // its end is a block, or no event
    Gap behind{.from = Seq{1}, .to = Seq{}};  // its begin is a block, or 0
  };
  // More lives of one key than this are not worth looking up one by one.
  static constexpr std::size_t kListsMax = 4'096;

  bool look();
  Status find_sessions();
  Status cover(List& list, Seq at);
  Result<Seq> next_of(List& list, Seq block);
  Result<Seq> last_of(List& list, Seq block);

  Timeline* timeline_;
  std::string session_{};
  std::vector<List> lists_{};
  bool known_{};                   // what follows is what it stays
  journal::IndexReader* index_{};  // the timeline's; nothing = nothing is passed over
  Seq applied_{};                  // of the index
};

}  // namespace spine::replay
