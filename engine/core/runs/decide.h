// What inputs about runs lead to, and which runs of a session come next.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/core/model/drafter.h"

namespace spine::core {

Rule decide_run_end, decide_abort, decide_run_interrupted, decide_run_steered;
// Facts of a run that is being worked on, within their bounds.
Rule decide_tool_called, decide_tool_returned, decide_body_recorded, decide_agent_session;
// Of the present attempt, or of the last one of a run that was stopped.
Rule decide_partial_answer;
// A new run for the message of one that has ended.
Rule decide_run_retry;

// Open runs of a session, by id ascending.
std::vector<std::uint64_t> open_runs(const Tables& tables, std::uint32_t session_row);
// The first run that waits for the session, is due at now_ms and is not in `gone` (ascending);
// row, 0 = none.
std::uint32_t next_due_run(const Tables& tables, std::uint32_t session_row, std::uint64_t now_ms,
                           const std::vector<std::uint64_t>& gone);
// Whether an open run of the session answers words that are trusted.
bool has_trusted_work(const Tables& tables, std::uint32_t session_row);
// Why an event happens that is about a run which is being worked on.
Why why_of(const Run& run);

}  // namespace spine::core
