// Deadlines: delayed runs, deliveries, questions, idle sessions and idle senders whose time has
// come.
#include "engine/core/model/deadlines.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "engine/core/deliveries/dispatcher.h"
#include "engine/core/runs/decide.h"

namespace spine::core {
namespace {

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

std::uint64_t later(std::uint64_t since_ms, std::uint64_t idle_ms) {
  return idle_ms > kNever - since_ms ? kNever : since_ms + idle_ms;
}

// Everything that is due, bounded; collected before the first event is drafted.
struct Due {
  std::vector<std::uint32_t> runs{};  // rows of runs to start, one per session
  std::vector<std::uint32_t> sessions{};
  std::vector<std::uint32_t> principals{};
  std::vector<const Approval*> approvals{};  // that nobody answered
  std::size_t count() const {
    return runs.size() + sessions.size() + principals.size() + approvals.size();
  }
  bool full() const { return count() >= limits::kDeadlinesPerTurnMax; }
};

void find_delayed(const Tables& tables, std::uint64_t now_ms, Due& due) {
  std::vector<std::uint32_t> started;  // rows of sessions
  std::size_t looked_at = 0;
  for (const Deadline& deadline : tables.runs.delays()) {
    if (deadline.due_ms > now_ms || looked_at++ == limits::kDeadlinesPerTurnMax) return;
    const std::uint32_t session = tables.runs[deadline.row].session_row;
    if (std::find(started.begin(), started.end(), session) != started.end()) continue;
    started.push_back(session);
    due.runs.push_back(next_due_run(tables, session, now_ms, {}));
  }
}

void find_unanswered(const Approvals& approvals, std::uint64_t now_ms, Due& due) {
  for (const Approval& approval : approvals) {
    if (due.full()) return;
    if (approval.open() && approval.expires_ms <= now_ms) {
      due.approvals.push_back(&approval);
    }
  }
}

template <class Table>
void find_idle(const Table& table, std::uint64_t now_ms, std::uint64_t idle_ms, Due& due,
               std::vector<std::uint32_t>& rows) {
  for (std::uint32_t row = table.idle_first(); row != 0 && !due.full();
       row = table.idle_next(row)) {
    const std::uint64_t since_ms = table.hot(row).active_ms;
    if (now_ms < since_ms || now_ms - since_ms < idle_ms) return;
    rows.push_back(row);
  }
}

}  // namespace

void decide_deadline(const Tables& tables, const Input& input, Decision& decision) {
  const std::uint64_t now_ms = input.now.logical_ms;
  const std::uint64_t idle_ms = tables.policy.idle_ms_max;
  Due due{};
  find_delayed(tables, now_ms, due);
  find_unanswered(tables.approvals, now_ms, due);
  if (idle_ms != 0) {
    find_idle(tables.sessions, now_ms, idle_ms, due, due.sessions);
    find_idle(tables.principals, now_ms, idle_ms, due, due.principals);
  }
  const std::uint64_t dispatch_ms = next_dispatch_ms(tables);
  const bool dispatches = dispatch_ms != 0 && dispatch_ms <= now_ms;
  if (due.count() == 0 && !dispatches) return decision.refuse(ReplyCode::nothing_to_do);
  Drafter drafter(tables, input, decision);
  const Seq seq = drafter.add_input(Why{.principal = input.principal.value});
  decision.reply.seq = seq;
  Dispatcher dispatcher(tables, input.now, drafter);
  dispatcher.expire(seq);
  dispatcher.dispatch_all(seq);
  for (const std::uint32_t row : due.runs)
    drafter.start_run(row, now_ms, {});
  // Nobody answered in time: that means no.
  for (const Approval* approval : due.approvals) {
    drafter.add_approval_resolved({.request = approval->request,
                                   .decision = fb::ApprovalDecision::expired,
                                   .via = fb::DecidedVia::deadline},
                                  drafter.why_of_question(*approval, seq));
  }
  for (const std::uint32_t row : due.sessions) {
    const SessionCold& session = tables.sessions.cold(row);
    drafter.add(Why{.cause = seq.value,
                    .correlation = seq.value,
                    .principal = session.owner.value,
                    .session = session.id.value},
                fb::CreateSessionClosed(drafter.builder(), fb::CloseReason::expired));
  }
  for (const std::uint32_t row : due.principals) {
    const std::uint64_t id = tables.principals.id_of(row).value;
    drafter.add(Why{.cause = seq.value, .correlation = seq.value, .principal = id},
                fb::CreatePrincipalExpired(drafter.builder(), id));
  }
}

std::uint64_t next_due_ms(const Tables& tables) {
  std::uint64_t due = kNever;
  if (!tables.runs.delays().empty()) due = tables.runs.delays().begin()->due_ms;
  if (const std::uint64_t asked = tables.approvals.next_due_ms(); asked != 0) {
    due = std::min(due, asked);
  }
  if (const std::uint64_t dispatch = next_dispatch_ms(tables); dispatch != 0) {
    due = std::min(due, dispatch);
  }
  const std::uint64_t idle_ms = tables.policy.idle_ms_max;
  if (idle_ms != 0) {
    const std::uint32_t session = tables.sessions.idle_first();
    const std::uint32_t principal = tables.principals.idle_first();
    if (session != 0) due = std::min(due, later(tables.sessions.hot(session).active_ms, idle_ms));
    if (principal != 0)
      due = std::min(due, later(tables.principals.hot(principal).active_ms, idle_ms));
  }
  return due == kNever ? 0 : due;
}

}  // namespace spine::core
