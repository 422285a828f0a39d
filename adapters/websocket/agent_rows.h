// Agent rows: agents, models, commands and channels as the configuration has them.
#pragma once

#include <cstdint>

#include "adapters/http/json.h"
#include "engine/config/config.h"

namespace spine::net {

// The payload of agents.list.
void write_agents_list(http::JsonWriter& json, const config::Config& config);
// The array of models.list: each model once.
void write_models(http::JsonWriter& json, const config::Config& config);
// The array of commands.list: the words that start a session afresh.
void write_commands(http::JsonWriter& json, const config::Config& config);
// {models, commands}.
void write_chat_metadata(http::JsonWriter& json, const config::Config& config);
// The payload of channels.status.
void write_channels_status(http::JsonWriter& json, const config::Config& config,
                           std::int64_t wall_ms);

}  // namespace spine::net
