// EventSource: where answers read what the state does not hold: the events themselves.
#pragma once

#include <functional>

#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/result.h"

namespace spine::core {

// A stretch of the journal in which a session is looked for. Both ends are part of it.
struct SessionRange {
  SessionId session{};
  Seq first{};
  Seq last{};
};

// Thread: one, the asker's. Errors are the journal's.
class EventSource {
 public:
  // Returns whether to go on.
  using Visit = std::function<Result<bool>(const EventView& event)>;

  virtual ~EventSource() = default;

  // The event, verified. Borrowed until the next walk.
  virtual Result<EventView> event_at(Seq seq) = 0;
  // Shows the events of the range, the newest first / the oldest first: all of the session, and any
  // others. Their bodies are not verified, and are borrowed for the call. walk_on() may end early.
  virtual Status walk_back(const SessionRange& range, const Visit& visit) = 0;
  virtual Status walk_on(const SessionRange& range, const Visit& visit) = 0;
  // The event that is being shown, as it stays until the question is answered.
  virtual EventView keep(const EventView& event) = 0;
};

}  // namespace spine::core
