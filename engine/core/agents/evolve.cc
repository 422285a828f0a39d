// Agents in quarantine and out of it.
#include "engine/core/agents/evolve.h"

namespace spine::core {

void fold_agent_quarantined(const Folding& fold) {
  fold.tables.quarantine.add(fold.seq(), cut_field(fold.body<fb::AgentQuarantined>().agent_id()));
}

void fold_agent_reset(const Folding& fold) {
  fold.tables.quarantine.remove(text_of(fold.body<fb::AgentReset>().agent_id()));
}

}  // namespace spine::core
