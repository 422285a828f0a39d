// Explanation: what is known about something, the reason that it comes down to, and what to do.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "schemas/vocab/ids.h"

#include "event_generated.h"

namespace spine::replay {

// Why a message was answered or was not, why a session or an agent is as it is.
enum class Reason : std::uint8_t {
  unknown,
  // A message that was not accepted.
  duplicate,
  not_allowed,
  disabled,
  unpaired,
  rate_limited,
  queue_full,
  unknown_agent,
  group_not_listed,
  table_full,
  unsupported,
  too_large,
  // A message that starts no run.
  only_recorded,
  no_agent,
  not_addressed,
  answers_request,
  is_command,
  fresh_start,
  // A run that is open.
  behind_another,
  steered,
  delayed,
  agent_at_work,
  agent_quarantined,
  engine_stopped,
  due,
  // A run that ended.
  answered,
  answered_together,
  failed,
  crashed_too_often,
  left_alone,
  aborted,
  reset_ended_it,
  session_closed,
  superseded,
  stop_command,
  // The answer of a run that ended, on its way to a channel.
  agent_silent,
  delivered,
  delivery_under_way,
  delivery_in_line,
  delivery_channel_away,
  delivery_rate_limited,
  delivery_retried,
  delivery_stopped,
  dead_permanent,
  dead_unknown,
  dead_expired,
  delivery_discarded,
  // A message that is not in the journal.
  never_arrived,
  arrived_outside,
  // Sessions and agents.
  session_idle,
  session_gone,
  no_session,
  agent_crashes,
  agent_fine,
  // Any other event.
  followed,
};

// A reason in words. A new reason is a value above and its row in explanation.cc.
struct ReasonRow {
  Reason reason{};
  const char* name{};   // for programs
  const char* words{};  // one sentence
  const char* todo{};  // empty = nothing; <agent>, <run> and <delivery> stand for those it is about
};
const ReasonRow& row_of_reason(Reason reason);

// What the core gave as its reason to refuse; unknown for one of a later version.
Reason reason_of(fb::RejectReason reason);
Reason reason_of(fb::AbortReason reason);
Reason reason_of(fb::DeadLetterReason reason);

// Something that is known, and the event that says so.
struct Fact {
  Seq seq{};           // 0 = none
  std::string text{};  // safe to print
};

struct Explanation {
  std::string subject{};
  Reason reason{};
  std::vector<Fact> facts{};
  std::string agent{};     // that it is about; empty = none
  std::string run{};       // likewise: the run's key
  std::string delivery{};  // likewise: its id

  // Nothing when it was said before.
  void add(Seq seq, std::string text);
  void add(std::string text) { add(Seq{}, std::move(text)); }
  // What to do; empty = nothing.
  std::string todo() const;
  std::string text() const;
  std::string json() const;
};

}  // namespace spine::replay
