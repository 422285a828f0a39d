// FileReferences: which files of the media folder something still refers to.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "engine/core/model/state.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::core {

// A file is kept as long as the session is there whose message, answer or delivery named it: its
// history shows it, and it may be given to an agent or sent again; as long as another session has a
// part of that history (a fork); and as long as something of it is to be sent. Thread: its owner's.
class FileReferences {
 public:
  // Every event of the journal from the first on, in order, readable.
  void add(const EventView& event);
  // Those that are kept, ascending. Forgets the others: what ended does not come back.
  // REQUIRES: every event up to state.applied() was added.
  std::vector<Digest256> kept(const State& state);
  // False once there were more than limits::kMediaReferencesMax: then it is not known.
  bool complete() const { return complete_; }

 private:
  template <class Files>
  void add_files(SessionId session, const Files* files);

  std::set<std::pair<Digest256, SessionId>> references_{};
  bool complete_{true};
};

}  // namespace spine::core
