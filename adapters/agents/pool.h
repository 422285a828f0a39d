// AgentPool: the driver of an agent that is a program: gives runs to its processes, and starts,
// watches and ends those.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapters/agents/answers.h"
#include "adapters/agents/delta_merger.h"
#include "adapters/agents/driver.h"
#include "adapters/agents/instance.h"
#include "adapters/agents/runs.h"
#include "adapters/loop/timer.h"
#include "engine/log/log.h"

namespace spine::agents {

// What every pool shares. The references outlive it.
struct PoolContext {
  const SharedMeans& shared;
  Answers& answers;
  DeltaMerger& deltas;
  std::size_t& waiting_bytes;  // texts of prompts that wait, of all pools
};

// Thread: loop. A session sticks to the process that knows it as long as that one has room; a slow
// run holds up its own session only. Processes of trusted and of untrusted runs are never the same.
class AgentPool final : public Driver, public InstanceOwner, public RunsOwner {
 public:
  AgentPool(const PoolContext& context, const config::AgentConfig& agent, AgentSkills skills,
            bool quarantined);

  config::Driver kind() const override { return agent_->process.driver; }
  void prompt(const pipeline::PromptItem& item) override;
  void cancel(RunId run) override;
  void steer(const pipeline::SteerItem& item) override;
  void answer(const pipeline::AnswerItem& item) override;
  void restart() override;
  void release() override;
  void configure(const config::AgentConfig& agent) override;
  void set_skills(AgentSkills skills) override;
  void fail_all(std::string_view why) override { runs_.fail_all(why); }
  void tick() override;
  void measure(const MemoryMeter& meter) override;
  void record_partials() override { runs_.record_partials(); }
  void begin_stop() override;
  bool ended() const override { return instances_.empty(); }
  bool quarantined() const override { return quarantined_; }
  void report(pipeline::AgentReport& out) const override;

  // InstanceOwner
  void on_ready(Instance& instance, std::string_view version) override;
  void on_log(std::string_view text, bool is_stderr) override;
  void on_gone(Instance& instance, const ChildExit& exit) override;
  // RunsOwner
  void on_handed_in() override { mind_room(); }
  void on_over(Shown shown) override;

 private:
  // Who works on what
  void dispatch();
  Placed place(Work& work, std::uint32_t& wanted);
  bool bound_elsewhere(const Work& work) const;
  Instance* find_room(const Work& work);
  bool has_room(const Instance& instance, const Work& work) const;
  void give(Work& work, Instance& instance);
  void stick(SessionId session, Instance& instance);

  // Starts and ends
  void note_refusal();
  AgentProfile profile_for(fb::Trust trust) const;
  void start_one(Work& work);
  void start_failed(Work& work, const Error& error);
  void make_room(fb::Trust trust);
  std::uint64_t note_crash(std::string_view why);
  bool is_hopeless(const Instance& instance, const ChildExit& exit);
  void give_up(Work& work);
  // Idle ones end; what works goes on as it is until it has nothing to do.
  void end_stale(std::string_view why);
  // Reads no more of anybody's output while the engine is full.
  void mind_room();
  void watch(Instance& instance, std::uint64_t now_us);

  PoolContext context_;
  std::shared_ptr<const config::AgentConfig> agent_;
  std::string log_name_;  // "agent/<id>"
  log::Logger log_;
  AgentSkills skills_;
  std::optional<AgentPlaces> places_{};
  Runs runs_;
  std::vector<std::unique_ptr<Instance>> instances_{};
  std::unordered_map<std::uint64_t, std::uint32_t> sticky_{};  // session -> number of an instance
  loop::Timer next_start_;
  loop::Timer soon_;
  std::uint64_t starts_{};
  std::uint64_t crashes_in_all_{};
  std::string problem_{};
  std::string refusal_{};  // why no process of it is started at all
  std::string checked_program_{};
  std::uint64_t not_before_us_{};  // of the next start
  std::uint32_t numbers_{};
  std::uint32_t crashes_{};  // in a row
  std::uint32_t unready_{};  // crashes in a row of processes that were not ready yet
  bool ready_once_{};        // some process was, as the agent is configured now
  bool quarantined_{};
  bool start_failed_{};
  bool stopping_{};
  bool paused_{};
  bool dispatching_{};
  bool dispatch_again_{};
};

}  // namespace spine::agents
