// What inputs about agents lead to.
#pragma once

#include "engine/core/model/drafter.h"

namespace spine::core {

Rule decide_agent_started, decide_agent_exited, decide_agent_quarantined, decide_skills_changed;
Rule decide_agent_reset, decide_agent_restart;

}  // namespace spine::core
