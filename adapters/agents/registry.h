// AgentRegistry: the drivers by agent id.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/answer_files.h"
#include "adapters/agents/answers.h"
#include "adapters/agents/delta_merger.h"
#include "adapters/agents/driver.h"
#include "adapters/agents/pool.h"
#include "adapters/loop/file_pool.h"
#include "adapters/loop/timer.h"
#include "engine/config/settings/agent_config.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/queues/shared.h"

namespace spine::agents {

// Thread: loop (the main thread before the loop starts).
class AgentRegistry {
 public:
  // All outlive it. `places`: what agents must not see. `quarantined`: ids that get no prompts.
  // `media` keeps the files that answers name; null = none can be kept.
  AgentRegistry(event_base* base, pipeline::IngressProducer& producer, pipeline::Shared& shared,
                GatewayPlaces places = {}, std::vector<std::string> quarantined = {},
                media::MediaKeeper* media = nullptr);

  // Makes the drivers those of `agents`: new ones are added, absent ones removed (their open runs
  // fail), the rest goes on.
  void apply(const std::vector<config::AgentConfig>& agents);
  // The skills of each agent, from its next session or turn on.
  using SkillsOf = std::function<AgentSkills(std::string_view agent_id)>;
  void set_skills(SkillsOf skills_of);

  // Passes the prompt to its agent. The run fails if there is no such agent.
  void prompt(const pipeline::PromptItem& prompt);
  void cancel(RunId run);
  void steer(const pipeline::SteerItem& item);
  void answer(const pipeline::AnswerItem& item);
  void control(const pipeline::ControlItem& item);

  // begin_stop() asks every process to end; ended() once none is left. The destructor kills those
  // that are left.
  void record_partials();
  void begin_stop();
  bool ended() const;
  std::size_t count() const { return drivers_.size(); }
  // "2 with echo, 1 with pi": for people.
  std::string summary() const;

 private:
  using Drivers = std::map<std::string, std::unique_ptr<Driver>, std::less<>>;
  static constexpr std::size_t kCancelsKept = 1'024;  // more than can be overtaken at once
  // `agent`: with its id in lower case.
  std::unique_ptr<Driver> make_driver(const config::AgentConfig& agent);
  const SharedMeans& shared_means();
  Driver* find(std::string_view agent_id);
  void tick();
  void measure();
  void publish();

  event_base* base_;
  pipeline::Shared& shared_;
  Answers answers_;
  DeltaMerger deltas_;
  loop::FilePool files_;  // outlives the drivers
  std::optional<AnswerFiles> answer_files_{};
  GatewayPlaces places_;
  std::vector<std::string> quarantined_;
  // Determined when the first process is needed.
  SeparationMeans separation_{};
  std::unique_ptr<CgroupTree> cgroups_{};
  std::optional<SharedMeans> shared_means_{};
  std::size_t waiting_bytes_{};
  SkillsOf skills_of_{};
  Drivers drivers_{};                               // by lower-case id
  std::vector<std::string> order_{};                // ids as configured
  std::vector<std::unique_ptr<Driver>> leaving_{};  // removed; their processes are being ended
  std::array<RunId, kCancelsKept> cancelled_{};     // ring buffer of the latest
  std::size_t cancels_{};
  std::uint32_t ticks_{};
  std::uint64_t shared_bytes_{};  // of the machine, at the last measure()
  loop::Timer timer_;
};

}  // namespace spine::agents
