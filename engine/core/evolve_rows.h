// How events change rows: the steps that evolve is made of.
#pragma once

#include <string_view>

#include "engine/core/tables.h"
#include "schemas/fields.h"
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
  template <class Body>
  const Body& body() const {
    return root_of<Body>(event);
  }
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

// What an event of a kind changes. Which fold is whose: engine/core/kinds.cc.
using Fold = void(const Folding& fold);

Fold fold_journal_created, fold_engine_started, fold_engine_stopped, fold_time_zone;
Fold fold_zone_rules, fold_config;
Fold fold_principal_added, fold_principal_expired, fold_client_connected;
Fold fold_message, fold_rejection, fold_command_answered;
Fold fold_session_opened, fold_session_reset, fold_session_closed, fold_session_patched;
Fold fold_run_queued, fold_run_started, fold_run_finished, fold_run_failed, fold_runs_aborted;
Fold fold_run_interrupted, fold_run_steered, fold_runs_merged;
Fold fold_approval_requested, fold_approval_opened, fold_approval_resolved;
Fold fold_agent_session, fold_agent_quarantined, fold_agent_reset;
Fold fold_device_paired, fold_device_renamed, fold_device_token, fold_device_removed;
Fold fold_pairing_requested, fold_pairing_resolved;

// Whether a SessionPatched says something about that member.
bool names_field(const fb::SessionPatched& body, fb::SessionField field);
void fold_device_seen(const Folding& fold, std::string_view device_id);

}  // namespace spine::core
