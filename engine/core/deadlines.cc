// Deadlines: delayed runs, questions, idle sessions and idle senders whose time has come.
#include "engine/core/deadlines.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "engine/core/run_decide.h"

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
  std::vector<std::uint64_t> approvals{};  // ids of questions that nobody answered
  std::size_t count() const {
    return runs.size() + sessions.size() + principals.size() + approvals.size();
  }
  bool full() const { return count() >= limits::kDeadlinesPerTurnMax; }
};

// Walks the part of the heap that is due (a parent is never due later than its children), the
// bounded number of it that comes first in the heap, and orders what it finds.
void find_delayed(const Tables& tables, std::uint64_t now_ms, Due& due) {
  const std::vector<Deadline>& heap = tables.runs.delays().entries();
  std::vector<Deadline> found;
  std::vector<std::size_t> places;
  if (!heap.empty()) places.push_back(0);
  const auto later = [&](std::size_t a, std::size_t b) {
    return heap[a].due_ms != heap[b].due_ms ? heap[a].due_ms > heap[b].due_ms
                                            : heap[a].id > heap[b].id;
  };
  while (!places.empty() && found.size() < limits::kDeadlinesPerTurnMax) {
    std::pop_heap(places.begin(), places.end(), later);
    const std::size_t place = places.back();
    places.pop_back();
    if (heap[place].due_ms > now_ms) break;
    found.push_back(heap[place]);
    for (std::size_t child = 2 * place + 1; child <= 2 * place + 2 && child < heap.size();
         ++child) {
      places.push_back(child);
      std::push_heap(places.begin(), places.end(), later);
    }
  }
  std::vector<std::uint32_t> started;  // rows of sessions
  for (const Deadline& deadline : found) {
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
      due.approvals.push_back(approval.request.value);
    }
  }
}

// Nobody answered in time: that means no.
void add_expired(const Tables& tables, std::uint64_t id, Seq cause, Drafter& drafter) {
  const std::uint32_t run = tables.runs.find(tables.approvals.find(Seq{id})->run);
  Why why{.cause = cause.value, .correlation = cause.value};
  if (run != 0) {
    why.correlation = tables.runs[run].correlation;
    why.principal = tables.runs[run].principal.value;
  }
  drafter.add_approval_resolved(ApprovalAnswer{.request = Seq{id},
                                               .decision = fb::ApprovalDecision::expired,
                                               .via = fb::DecidedVia::deadline},
                                why);
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
  if (due.count() == 0) return decision.refuse(ReplyCode::nothing_to_do);
  Drafter drafter(tables, input, decision);
  const Seq seq = drafter.add_input(Why{.principal = input.principal.value});
  decision.reply.seq = seq;
  for (const std::uint32_t row : due.runs)
    drafter.start_run(row, now_ms, {});
  for (const std::uint64_t id : due.approvals)
    add_expired(tables, id, seq, drafter);
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
  if (!tables.runs.delays().empty()) due = tables.runs.delays().first().due_ms;
  if (const std::uint64_t asked = tables.approvals.next_due_ms(); asked != 0) {
    due = std::min(due, asked);
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
