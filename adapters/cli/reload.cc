// Reloader: which settings are live, and which are not.
#include "adapters/cli/reload.h"

#include <algorithm>
#include <cstdlib>
#include <flatbuffers/flatbuffers.h>

#include "engine/config/redact.h"
#include "engine/log/log.h"
#include "schemas/finished.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::cli {
namespace {

// Shorter ones would hide ordinary words.
constexpr std::size_t kSecretBytesMin = 8;

// Without the file's hash: what decides.
std::string policy_bytes(config::Config config) {
  config.shown = {};
  flatbuffers::FlatBufferBuilder builder;
  config::build_policy(config, builder);
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

void hide(const std::string& value) {
  if (value.size() >= kSecretBytesMin) log::redact(value);
}

bool names_secret(std::string_view name) {
  return config::is_secret({&name, 1});
}

}  // namespace

ConfigChange compare(const config::Config& before, const config::Config& after) {
  ConfigChange change;
  change.policy = policy_bytes(before) != policy_bytes(after);
  change.recorded = change.policy || before.hash != after.hash;
  change.agents = before.agents != after.agents;
  change.log_level = before.log_level != after.log_level;
  change.at_next_start = config::waiting_for_start(before, after);
  return change;
}

void hide_secrets(const config::Config& config) {
  for (const std::string& secret : config::secrets_of(config))
    log::redact(secret);
  for (const config::AgentConfig& agent : config.agents) {
    for (const auto& [name, value] : agent.process.env) {
      if (names_secret(name)) hide(value);
    }
    for (const std::string& name : agent.process.pass_env) {
      // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
      const char* value = names_secret(name) ? std::getenv(name.c_str()) : nullptr;
      if (value != nullptr) hide(value);
    }
  }
  for (const config::SkillEntryConfig& entry : config.skills.entries) {
    hide(entry.api_key);
    for (const auto& [name, value] : entry.env)
      hide(value);
  }
}

void push_refusal(const std::string& problem, pipeline::IngressProducer& producer) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::CreateConfigRefusedDirect(builder, problem.c_str()));
  const pipeline::InputHeader header{
      .kind = static_cast<std::uint16_t>(fb::EventBody::ConfigRefused),
      .source = static_cast<std::uint16_t>(Source::config)};
  producer.push(header, finished(builder));
}

void push_policy(const config::Config& config, pipeline::IngressProducer& producer) {
  flatbuffers::FlatBufferBuilder builder;
  config::build_policy(config, builder);
  const pipeline::InputHeader header{
      .kind = static_cast<std::uint16_t>(fb::EventBody::ConfigApplied),
      .source = static_cast<std::uint16_t>(Source::config)};
  producer.push(header, finished(builder));
}

}  // namespace spine::cli
