// Agent rows: agents, models, commands and channels as configured; the status of agents.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/config/config.h"
#include "engine/pipeline/items/reports.h"
#include "schemas/vocab/json.h"

namespace spine::net {

// Members of the payload of agents.list.
void write_agents_list(JsonWriter& json, const config::Config& config);
// "models":[...], each model once.
void write_models(JsonWriter& json, const config::Config& config);
// "commands":[...]: the words that start a session afresh, and the gateway's own.
void write_commands(JsonWriter& json, const config::Config& config);
// Both of them.
void write_chat_metadata(JsonWriter& json, const config::Config& config);

// "ts" and "agents", these in the order of the configuration; `agent_id` empty = all. An agent the
// report does not know yet, or a report that is null, is shown as "unknown". An admin also gets the
// PATH in which programs are looked up.
void write_agents_status(JsonWriter& json, const config::Config& config,
                         const pipeline::AgentsReport* report, std::string_view agent_id,
                         std::int64_t wall_ms, bool for_admin);

}  // namespace spine::net
