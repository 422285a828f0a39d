// How events change rows: the steps that evolve is made of.
#pragma once

#include <string_view>

#include "engine/core/tables.h"
#include "schemas/vocab/record.h"

namespace spine::core {

// An event that is being folded in, and the tables it is folded into.
// tables.meta.applied and .now are already those of the event.
struct Folding {
  Tables& tables;
  const EventView& event;

  Seq seq() const { return event.seq; }
  std::uint64_t logical_ms() const { return tables.meta.now.logical_ms; }
  std::int64_t wall_ms() const { return event.header.wall_ms; }
  // Whether the event was led to by an earlier one.
  bool has_cause() const { return event.header.cause != 0 && event.header.cause < seq().value; }
};

// A message or reply becomes part of the session's present life.
void append_history(const Folding& fold, std::uint32_t session_row, Seq seq);
// The same of a reply, if the message that it answers is part of that life.
void append_reply(const Folding& fold, std::uint32_t session_row, Seq message);
// The present life is over: nothing of it is in the session's history.
void clear_history(const Folding& fold, std::uint32_t session_row);
// One more message counts against the principal's rate.
void charge(const Folding& fold, std::uint32_t principal_row);
// Takes a run out of its session and ends it. REQUIRES: the run is open.
void end_run(const Folding& fold, std::uint32_t run_row, RunStatus status);

// Events of messages and sessions.
void fold_message(const Folding& fold);
void fold_session_opened(const Folding& fold);
void fold_session_reset(const Folding& fold);
void fold_session_closed(const Folding& fold);
void fold_session_patched(const Folding& fold);
void fold_command_answered(const Folding& fold);
// Whether a SessionPatched says something about that member.
bool names_field(const fb::SessionPatched& body, fb::SessionField field);

// Events of devices, and of senders that ask to be let in.
void fold_device_paired(const Folding& fold);
void fold_device_renamed(const Folding& fold);
void fold_device_token(const Folding& fold);
void fold_device_removed(const Folding& fold);
void fold_device_seen(const Folding& fold, std::string_view device_id);
void fold_pairing_requested(const Folding& fold);
void fold_pairing_resolved(const Folding& fold);

// Events of runs.
void fold_run_queued(const Folding& fold);
void fold_run_started(const Folding& fold);
void fold_run_ended(const Folding& fold, RunId run, RunStatus status);
void fold_runs_aborted(const Folding& fold);
void fold_run_interrupted(const Folding& fold);
void fold_run_steered(const Folding& fold);
void fold_runs_merged(const Folding& fold);

// Events of what agents ask, say and are. False for a kind that is none of them.
bool fold_agent_event(const Folding& fold);

}  // namespace spine::core
