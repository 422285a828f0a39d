// Launching: a gateway's places with secrets in them, and an agent that looks around.
#pragma once

#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "tests/unit/process/harness.h"

namespace spine::agents::test {

// <folder>/gateway/{state,conf/openclaw.json,key.pem}; the agent is "helper".
class GatewayWithAgent : public testing::Test {
 protected:
  GatewayWithAgent() {
    folder_.write("gateway/state/secret", "of the state", 0600);
    folder_.write("gateway/state/agents/other/data/secret", "of another agent", 0644);
    folder_.write("gateway/conf/openclaw.json", "of the config");
    folder_.write("gateway/conf/included.json", "of an include");
    folder_.write("keys/key.pem", "of the key");
    ::chmod(folder_.at("gateway/state").c_str(), 0700);
    gateway_ = {folder_.at("gateway/state"),
                folder_.at("gateway/conf/openclaw.json"),
                {folder_.at("keys/key.pem")}};
    agent_.id = "helper";
    agent_.process.line_bytes_max = 1'000'000;
  }

  void make() {
    auto made = make_places(gateway_, agent_);
    ASSERT_TRUE(made) << made.error().message;
    places_ = std::move(*made);
  }
  Result<Launch> prepare(std::vector<std::string> command_line) {
    return prepare_launch({.agent = agent_,
                           .gateway = gateway_,
                           .places = places_,
                           .means = means_,
                           .command_line = std::move(command_line),
                           .skill_dirs = skill_dirs_,
                           .skill_env = skill_env_,
                           .memory_is_held = memory_is_held_});
  }
  // The lines of a shell script run as the agent.
  std::vector<std::string> look(const std::string& script) {
    const auto launch = prepare({"sh", "-c", script});
    EXPECT_TRUE(launch) << launch.error().message;
    if (!launch) return {};
    Watched agent;
    agent.start(launch->plan);
    EXPECT_TRUE(agent.run_to_exit());
    errors_ = agent.errors;
    exit_ = agent.exit;
    return agent.lines;
  }
  std::string refusal(std::vector<std::string> command_line = {"true"}) {
    const auto launch = prepare(std::move(command_line));
    return launch ? "" : launch.error().message;
  }

  TestFolder folder_{};
  GatewayPlaces gateway_{};
  config::AgentConfig agent_{};
  AgentPlaces places_{};
  SeparationMeans means_{find_separation_means()};
  std::vector<std::string> skill_dirs_{};
  std::vector<std::pair<std::string, std::string>> skill_env_{};
  bool memory_is_held_{};
  std::vector<std::string> errors_{};
  ChildExit exit_{};
};

}  // namespace spine::agents::test
