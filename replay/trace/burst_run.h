// Burst run: which run answers a message that is part of a turn of several.
#pragma once

#include "replay/timeline/timeline.h"
#include "replay/trace/chain.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// The run that answers all messages of a burst, of which the chain's is one, asked for up to a
// moment. 0 = it is part of none, or nothing of it was addressed to an agent. Errors are the
// timeline's.
Result<RunId> run_of_burst(const Chain& chain, Timeline& timeline, Seq upto);

}  // namespace spine::replay
