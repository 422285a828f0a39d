// What doctor finds, and the part of it that is about agents.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/cli/arguments.h"
#include "adapters/cli/place.h"

namespace spine::cli {

enum class Grade : std::uint8_t { ok, warn, fail };

struct Finding {
  Grade grade{};
  std::string subject{};
  std::string what{};
  std::string remedy{};  // empty when there is nothing to do
};

using Findings = std::vector<Finding>;

// Whether each agent can be started, as far as that is known without starting it, and how the
// running gateway says that they are.
void check_agents(const Common& common, const Place& place, Findings& findings);

}  // namespace spine::cli
