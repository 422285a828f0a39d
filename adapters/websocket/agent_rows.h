// Agent rows: agents, models, commands and channels as the configuration has them, and how agents
// are.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/config/config.h"
#include "engine/pipeline/reports.h"
#include "schemas/vocab/json.h"

namespace spine::net {

// The payload of agents.list.
void write_agents_list(JsonWriter& json, const config::Config& config);
// The array of models.list: each model once.
void write_models(JsonWriter& json, const config::Config& config);
// The array of commands.list: the words that start a session afresh.
void write_commands(JsonWriter& json, const config::Config& config);
// {models, commands}.
void write_chat_metadata(JsonWriter& json, const config::Config& config);
// The payload of channels.status.
void write_channels_status(JsonWriter& json, const config::Config& config, std::int64_t wall_ms);

// {"ts","agents":[...]} in the order of the configuration; `agent_id` empty = all. An agent the
// report does not know yet, or a report that is null, is shown as "unknown". An admin is told the
// PATH that programs are found along.
void write_agents_status(JsonWriter& json, const config::Config& config,
                         const pipeline::AgentsReport* report, std::string_view agent_id,
                         std::int64_t wall_ms, bool for_admin);

}  // namespace spine::net
