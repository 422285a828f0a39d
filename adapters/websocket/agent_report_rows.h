// Agent report rows: what agents.status says of each agent.
#pragma once

#include <cstdint>
#include <string_view>

#include "adapters/http/json.h"
#include "engine/config/config.h"
#include "engine/pipeline/reports.h"

namespace spine::net {

// {"ts","agents":[...]} in the order of the configuration; `agent_id` empty = all. An agent the
// report does not know yet, or a report that is null, is shown as "unknown". An admin is told the
// PATH that programs are found along.
void write_agents_status(http::JsonWriter& json, const config::Config& config,
                         const pipeline::AgentsReport* report, std::string_view agent_id,
                         std::int64_t wall_ms, bool for_admin);

}  // namespace spine::net
