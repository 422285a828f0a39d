// Reloader: reads the configuration again while the daemon runs and applies what can change live.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "adapters/agents/registry.h"
#include "engine/config/config.h"
#include "engine/pipeline/ingress.h"

namespace spine::cli {

// What of two configurations differs: the part that applies at once, and the settings (by name)
// that wait for the next start.
struct ConfigChange {
  bool recorded{};  // the ConfigApplied event differs, if only in the file's hash
  bool policy{};    // what it says differs
  bool agents{};
  bool log_level{};
  std::vector<std::string> at_next_start{};
};
ConfigChange compare(const config::Config& before, const config::Config& after);

// From now on the secrets of `config` stand in no line of the log.
void hide_secrets(const config::Config& config);

// Puts on record that the file could not be used.
void push_refusal(const std::string& problem, pipeline::IngressProducer& producer);
// Pushes the policy of `config` as a ConfigApplied input.
void push_policy(const config::Config& config, pipeline::IngressProducer& producer);

}  // namespace spine::cli
