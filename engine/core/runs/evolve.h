// What events of runs change.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

// Takes a run out of its session and ends it. REQUIRES: the run is open.
void end_run(const Folding& fold, std::uint32_t run_row, RunStatus status);

Fold fold_run_queued, fold_run_started, fold_run_finished, fold_run_failed, fold_runs_aborted;
Fold fold_run_interrupted, fold_run_steered, fold_runs_merged, fold_agent_session;
Fold fold_run_retry_requested;

}  // namespace spine::core
