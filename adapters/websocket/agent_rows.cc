// Rendering of what is configured.
#include "adapters/websocket/agent_rows.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "adapters/websocket/rows.h"
#include "engine/core/commands.h"

namespace spine::net {
namespace {

void write_model_row(http::JsonWriter& json, const ModelName& model) {
  json.begin_object();
  json.member("id", model.whole);
  json.member("name", model.model);
  json.member("provider", model.provider);
  json.member("available", true);
  json.end_object();
}

void write_channel_accounts(http::JsonWriter& json, const config::ChannelConfig& channel) {
  json.key(channel.name);
  json.begin_array();
  json.begin_object();
  json.member("accountId", "default");
  json.member("enabled", channel.enabled);
  json.member("configured", true);
  json.member("running", false);
  json.end_object();
  json.end_array();
}

}  // namespace

void write_agents_list(http::JsonWriter& json, const config::Config& config) {
  json.begin_object();
  json.member("defaultId", config.default_agent);
  json.member("mainKey", config.main_key);
  json.member("scope", "per-sender");
  json.key("agents");
  json.begin_array();
  for (const config::AgentConfig& agent : config.agents) {
    json.begin_object();
    json.member("id", agent.id);
    json.member("name", agent.name.empty() ? agent.id : agent.name);
    json.member_if("emoji", agent.emoji);
    json.key("model");
    json.begin_object();
    json.member("primary", model_of(config, agent.id).whole);
    json.end_object();
    json.member_if("workspace", agent.workspace);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_models(http::JsonWriter& json, const config::Config& config) {
  std::vector<std::string_view> seen;
  json.begin_array();
  for (const config::AgentConfig& agent : config.agents) {
    const ModelName model = model_of(config, agent.id);
    if (std::ranges::find(seen, model.whole) != seen.end()) continue;
    seen.push_back(model.whole);
    write_model_row(json, model);
  }
  json.end_array();
}

namespace {

// `words`: what is typed.
void write_command_row(http::JsonWriter& json, std::string_view words,
                       std::string_view description) {
  json.begin_object();
  json.member("name", words.starts_with('/') ? words.substr(1) : words);
  json.key("textAliases");
  json.begin_array();
  json.value(words);
  json.end_array();
  json.member("description", description);
  json.member("category", "session");
  json.member("source", "native");
  json.member("scope", "text");
  json.member("acceptsArgs", false);
  json.end_object();
}

}  // namespace

void write_commands(http::JsonWriter& json, const config::Config& config) {
  json.begin_array();
  for (const std::string& trigger : config.reset_triggers)
    write_command_row(json, trigger, "Start this conversation afresh");
  for (const core::Command& command : core::commands())
    write_command_row(json, "/" + std::string{command.name}, command.description);
  json.end_array();
}

void write_chat_metadata(http::JsonWriter& json, const config::Config& config) {
  json.begin_object();
  json.key("models");
  write_models(json, config);
  json.key("commands");
  write_commands(json, config);
  json.end_object();
}

void write_channels_status(http::JsonWriter& json, const config::Config& config,
                           std::int64_t wall_ms) {
  json.begin_object();
  json.member("ts", wall_ms);
  json.key("channelOrder");
  json.begin_array();
  for (const config::ChannelConfig& channel : config.channels)
    json.value(channel.name);
  json.end_array();
  const auto each = [&json, &config](std::string_view key, auto write) {
    json.key(key);
    json.begin_object();
    for (const config::ChannelConfig& channel : config.channels)
      write(channel);
    json.end_object();
  };
  const auto label = [&json](const config::ChannelConfig& channel) {
    json.member(channel.name, channel.name);
  };
  each("channelLabels", label);
  each("channelDetailLabels", label);
  json.key("channelMeta");
  json.begin_array();
  for (const config::ChannelConfig& channel : config.channels) {
    json.begin_object();
    json.member("id", channel.name);
    json.member("label", channel.name);
    json.member("detailLabel", channel.name);
    json.end_object();
  }
  json.end_array();
  each("channels", [&json](const config::ChannelConfig& channel) {
    json.key(channel.name);
    json.begin_object();
    json.member("configured", true);
    json.member("enabled", channel.enabled);
    json.member("running", false);
    json.end_object();
  });
  each("channelAccounts",
       [&json](const config::ChannelConfig& channel) { write_channel_accounts(json, channel); });
  each("channelDefaultAccountId",
       [&json](const config::ChannelConfig& channel) { json.member(channel.name, "default"); });
  json.end_object();
}

}  // namespace spine::net
