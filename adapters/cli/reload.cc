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
  const auto waits = [&change](bool differs, const char* name) {
    if (differs) change.at_next_start.emplace_back(name);
  };
  waits(before.bind_addresses != after.bind_addresses, "gateway.bind");
  waits(before.port != after.port, "gateway.port");
  waits(before.auth_mode != after.auth_mode, "gateway.auth.mode");
  waits(before.token != after.token, "gateway.auth.token");
  waits(before.password != after.password, "gateway.auth.password");
  waits(before.tls.enabled != after.tls.enabled || before.tls.cert_path != after.tls.cert_path ||
            before.tls.key_path != after.tls.key_path ||
            before.tls.terminated_by_proxy != after.tls.terminated_by_proxy,
        "gateway.tls");
  waits(before.control_ui.enabled != after.control_ui.enabled ||
            before.control_ui.base_path != after.control_ui.base_path ||
            before.control_ui.root != after.control_ui.root ||
            before.control_ui.allowed_origins != after.control_ui.allowed_origins,
        "gateway.controlUi");
  waits(before.public_origin != after.public_origin, "gateway.publicOrigin");
  waits(before.auth_rate_limit != after.auth_rate_limit, "gateway.auth.rateLimit");
  waits(before.log_file != after.log_file, "logging.file");
  waits(before.log_format != after.log_format, "logging.format");
  waits(before.log_file_bytes_max != after.log_file_bytes_max ||
            before.log_files_kept != after.log_files_kept,
        "the rotation of the log");
  return change;
}

void hide_secrets(const config::Config& config) {
  log::redact(config.token);
  log::redact(config.password);
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
