// AgentRegistry: makes drivers from the configuration and routes requests to them.
#include "adapters/agents/registry.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "adapters/agents/echo.h"
#include "adapters/agents/process/orphans.h"
#include "engine/log/log.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

constexpr log::Logger kLog{"agents"};
// Often enough for idle expiry, bounds and what /health and /metrics show.
constexpr timeval kTickTime = loop::in_ms(250);
constexpr std::uint32_t kTicksPerMeasure = 4;
constexpr std::uint64_t kSharedGrowthBytes = 32 * limits::kMiB;  // of the machine: measure at once

}  // namespace

AgentRegistry::AgentRegistry(event_base* base, pipeline::IngressProducer& producer,
                             pipeline::Shared& shared, GatewayPlaces places,
                             std::vector<std::string> quarantined, media::MediaKeeper* media)
    : base_(base),
      shared_(shared),
      answers_(producer),
      deltas_(base, answers_),
      files_(base),
      places_(std::move(places)),
      quarantined_(std::move(quarantined)),
      timer_(
          base, [this] { tick(); }, loop::Timer::Again::yes) {
  if (media != nullptr) answer_files_.emplace(files_, *media, answers_);
  timer_.start(kTickTime);
}

const SharedMeans& AgentRegistry::shared_means() {
  if (shared_means_) return *shared_means_;
  separation_ = find_separation_means();
  if (separation_.bubblewrap.empty()) {
    kLog.warn("agents are not kept apart from the files of {}: {}",
              separation_.is_root ? "the machine" : "the user that runs the gateway",
              separation_.why_not);
  }
  cgroups_ = CgroupTree::find(CgroupTree::here(owner_mark(places_.state_dir)));
  kLog.info("memory of agents is {}", cgroups_->summary());
  return shared_means_.emplace(SharedMeans{.base = base_,
                                           .gateway = places_,
                                           .separation = separation_,
                                           .files = files_,
                                           .cgroups = *cgroups_});
}

std::unique_ptr<Driver> AgentRegistry::make_driver(const config::AgentConfig& agent) {
  if (agent.process.driver == config::Driver::echo) {
    if (!agent.model_primary.empty() && agent.model_primary != kEchoModel) {
      kLog.warn(
          "agent {} asks for the model {} and names no driver (agents.entries.{}.spine."
          "driver): {} answers for it",
          agent.id, agent.model_primary, agent.id, kEchoModel);
    }
    return make_echo_driver(base_, answers_, agent.echo_delay_ms);
  }
  const PoolContext context{.shared = shared_means(),
                            .answers = answers_,
                            .deltas = deltas_,
                            .waiting_bytes = waiting_bytes_,
                            .answer_files = answer_files_ ? &*answer_files_ : nullptr};
  const bool quarantined = std::ranges::find(quarantined_, agent.id) != quarantined_.end();
  return make_agent_pool(context, agent, skills_of_ ? skills_of_(agent.id) : AgentSkills{},
                         quarantined);
}

void AgentRegistry::apply(const std::vector<config::AgentConfig>& agents) {
  Drivers kept;
  order_.clear();
  places_.other_workspaces.clear();
  for (const config::AgentConfig& agent : agents) {
    if (!agent.workspace.empty()) places_.other_workspaces.push_back(agent.workspace);
  }
  for (const config::AgentConfig& agent : agents) {
    config::AgentConfig lowered = agent;
    lowered.id = lower_case(agent.id);
    const std::string& id = lowered.id;
    if (kept.contains(id)) continue;
    order_.push_back(id);
    const auto existing = drivers_.find(id);
    if (existing == drivers_.end() || existing->second->kind() != agent.process.driver) {
      kept[id] = make_driver(lowered);
      continue;
    }
    existing->second->configure(lowered);
    kept[id] = std::move(existing->second);
    drivers_.erase(existing);
  }
  for (auto& [id, removed] : drivers_) {
    // A quarantine outlives a change of the driver: only a reset ends it.
    if (removed->quarantined()) quarantined_.push_back(id);
    removed->fail_all("The agent was removed from the configuration.");
    removed->begin_stop();
    if (!removed->ended()) leaving_.push_back(std::move(removed));
  }
  drivers_ = std::move(kept);
  publish();
}

void AgentRegistry::set_skills(SkillsOf skills_of) {
  skills_of_ = std::move(skills_of);
  for (const auto& [id, driver] : drivers_)
    driver->set_skills(skills_of_(id));
}

Driver* AgentRegistry::find(std::string_view agent_id) {
  const auto found = drivers_.find(lower_case(agent_id));
  return found == drivers_.end() ? nullptr : found->second.get();
}

void AgentRegistry::prompt(const pipeline::PromptItem& prompt) {
  // A prompt whose text had to be fetched can arrive after its run was cancelled.
  if (std::ranges::find(cancelled_, prompt.run) != cancelled_.end()) return;
  Driver* driver = find(prompt.agent_id);
  if (driver == nullptr) {
    answers_.failed(prompt.run, fb::RunErrorKind::unknown,
                    fmt::format("No agent \"{}\" is configured.", prompt.agent_id), 0);
    return;
  }
  driver->prompt(prompt);
}

void AgentRegistry::cancel(RunId run) {
  cancelled_[cancels_++ % cancelled_.size()] = run;
  for (const auto& [id, driver] : drivers_)
    driver->cancel(run);
}

void AgentRegistry::steer(const pipeline::SteerItem& item) {
  if (Driver* driver = find(item.agent_id); driver != nullptr) driver->steer(item);
}

void AgentRegistry::answer(const pipeline::AnswerItem& item) {
  for (const auto& [id, driver] : drivers_)
    driver->answer(item);
}

void AgentRegistry::control(const pipeline::ControlItem& item) {
  if (item.what == pipeline::ControlKind::reset) {
    std::erase(quarantined_, std::string(item.agent_id));
  }
  Driver* driver = find(item.agent_id);
  if (driver == nullptr) return;
  if (item.what == pipeline::ControlKind::restart) {
    driver->restart();
  } else {
    driver->release();
  }
  publish();
}

void AgentRegistry::record_partials() {
  if (answer_files_) answer_files_->tell_all();
  for (const auto& [id, driver] : drivers_)
    driver->record_partials();
}

void AgentRegistry::begin_stop() {
  for (const auto& [id, driver] : drivers_)
    driver->begin_stop();
}

bool AgentRegistry::ended() const {
  const auto has_ended = [](const auto& entry) { return entry.second->ended(); };
  const auto has_left = [](const auto& driver) { return driver->ended(); };
  return std::ranges::all_of(drivers_, has_ended) && std::ranges::all_of(leaving_, has_left);
}

std::string AgentRegistry::summary() const {
  std::map<std::string, std::size_t> count;
  for (const auto& [id, driver] : drivers_) {
    pipeline::AgentReport row;
    driver->report(row);
    ++count[row.driver == "echo" ? std::string(kEchoModel) : row.driver];
  }
  std::string text;
  for (const auto& [name, number] : count) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} with {}", number, name);
  }
  return text;
}

// Scanning every process is slow: done once for all agents and not at every tick, unless shared
// memory grew: files in memory can grow by gigabytes within a second.
void AgentRegistry::measure() {
  const std::uint64_t shared = shared_memory_of_machine();
  const bool grew = shared > shared_bytes_ + kSharedGrowthBytes;
  if (ticks_++ % kTicksPerMeasure != 0 && !grew) return;
  shared_bytes_ = shared;
  cgroups_->tidy();
  const MemoryMeter meter;
  for (const auto& [id, driver] : drivers_)
    driver->measure(meter);
}

void AgentRegistry::tick() {
  for (const auto& [id, driver] : drivers_)
    driver->tick();
  if (shared_means_) measure();
  std::erase_if(leaving_, [](const auto& driver) { return driver->ended(); });
  publish();
}

void AgentRegistry::publish() {
  auto report = std::make_unique<pipeline::AgentsReport>();
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
  if (const char* path = std::getenv("PATH")) report->search_path = path;
  std::uint32_t ready = 0;
  for (const std::string& id : order_) {
    pipeline::AgentReport& row = report->agents.emplace_back();
    row.id = id;
    drivers_.at(id)->report(row);
    ready += row.ready;
  }
  shared_.agents_ready.store(ready, std::memory_order_relaxed);
  shared_.agents.put(std::move(report));
}

}  // namespace spine::agents
