// AgentPool: the driver of an agent that is a program: gives runs to its processes, and starts,
// watches and ends those.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <event2/event.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "adapters/agents/answers.h"
#include "adapters/agents/delta_merger.h"
#include "adapters/agents/driver.h"
#include "adapters/agents/instance.h"
#include "adapters/agents/work.h"
#include "engine/log/log.h"

namespace spine::agents {

// What every pool shares. The references outlive it.
struct PoolContext {
  event_base* base{};
  Answers& answers;
  DeltaMerger& deltas;
  const GatewayPlaces& gateway;
  const SeparationMeans& means;
  FilePool& files;
  CgroupTree& cgroups;
  std::size_t& waiting_bytes;  // texts of prompts that wait, of all pools
};

// The skills of one agent and what they need in its environment.
struct AgentSkills {
  std::vector<SkillHandOver> skills{};
  std::vector<std::pair<std::string, std::string>> env{};  // secret
  std::uint64_t version{};
};

// Thread: loop. A session sticks to the process that knows it as long as that one has room; a slow
// run holds up its own session only. Processes of trusted and of untrusted runs are never the same.
class AgentPool final : public Driver, public InstanceOwner {
 public:
  AgentPool(const PoolContext& context, const config::AgentConfig& agent, AgentSkills skills,
            bool quarantined);
  ~AgentPool() override;

  void prompt(const pipeline::PromptItem& item) override;
  void cancel(RunId run) override;
  void steer(const pipeline::SteerItem& item) override;
  void answer(const pipeline::AnswerItem& item) override;
  void restart() override;
  void release() override;
  void configure(const config::AgentConfig& agent) override;
  void set_skills(AgentSkills skills);
  void fail_all(std::string_view why) override;
  void tick() override;
  void measure(const MemoryMeter& meter) override;
  void record_partials() override;
  void begin_stop() override;
  bool ended() const override { return instances_.empty(); }
  bool quarantined() const override { return quarantined_; }
  void report(pipeline::AgentReport& out) const override;

  // InstanceOwner
  void on_ready(Instance& instance, std::string_view version) override;
  void on_bound(RunId run, std::string_view agent_session) override;
  void on_delta(RunId run, std::string_view piece) override;
  void on_tool_called(RunId run, const ToolCall& call) override;
  void on_tool_returned(RunId run, const ToolResult& result) override;
  void on_asked(RunId run, const Permission& permission) override;
  void on_steered(RunId queued, RunId into) override;
  void on_finished(RunId run, const Finished& answer) override;
  void on_failed(RunId run, fb::RunErrorKind kind, std::string_view message) override;
  void on_settled(RunId run) override;
  void on_heard(Instance& instance) override;
  void on_log(std::string_view text, bool is_stderr) override;
  void on_gone(Instance& instance, const ChildExit& exit) override;

 private:
  struct FreeTimer {
    void operator()(event* timer) const { event_free(timer); }
  };
  struct Counts {
    std::uint64_t starts{};
    std::uint64_t crashes{};
    std::uint64_t finished{};
    std::uint64_t failed{};
    std::uint64_t aborted{};
    std::array<std::uint64_t, pipeline::AgentReport::kLatencyBoundsMs.size() + 1> latency{};
    std::uint64_t latency_sum_ms{};
  };

  // Who works on what
  void dispatch();
  void give_out();
  // What became of a run that waits: worked on now; waits for something of its own; a process was
  // asked for; waits as all of its kind do.
  enum class Placed : std::uint8_t { given, held, asked, exhausted };
  Placed place(Work& work, std::uint32_t& wanted);
  bool bound_elsewhere(const Work& work) const;
  Instance* find_room(const Work& work);
  bool has_room(const Instance& instance, const Work& work) const;
  void give(Work& work, Instance& instance);
  void note_refusal();
  void start_one(Work& work);
  // Ends the run if its agent used a tool that it is not to use.
  void stop_if_forbidden(Work& work, const ToolResult& result);
  void make_room(fb::Trust trust);
  Work* live(RunId run);   // one that is worked on and whose end is wanted
  Work* heard(RunId run);  // the same, and its agent has just said something of it
  void let_go(Work& work);
  void close(RunId run);
  void stick(SessionId session, Instance& instance);

  // How things end (pool_runs.cc)
  void fail(Work& work, fb::RunErrorKind kind, std::string_view message);
  void fail_waiting(fb::RunErrorKind kind, std::string_view message);
  void abandon(Work& work);
  void record_partial(Work& work);
  void interrupt_runs(const Instance& instance);
  std::uint64_t note_crash(std::string_view why);
  void start_failed(Work& work, const Error& error);
  bool is_hopeless(const Instance& instance, const ChildExit& exit);
  void give_up(Work& work);
  void fail_late(std::uint64_t now_us);
  void fail_silent(std::uint64_t now_us);
  bool is_silent(Work& work, std::uint64_t now_us) const;
  std::uint32_t live_runs(const Instance& instance) const;
  // Reads no more of anybody's output while the engine is full.
  void mind_room();
  void watch(Instance& instance, std::uint64_t now_us);
  void schedule_dispatch(std::uint64_t ms);
  // From within what a protocol reports nothing is told to a protocol: that comes right after.
  void dispatch_soon();
  void end_abandoned();
  static void on_timer(evutil_socket_t, short, void* self);
  static void on_soon(evutil_socket_t, short, void* self);

  PoolContext context_;
  std::shared_ptr<const config::AgentConfig> agent_;
  std::string log_name_;  // "agent/<id>"
  log::Logger log_;
  AgentSkills skills_;
  std::optional<AgentPlaces> places_{};
  std::vector<std::unique_ptr<Instance>> instances_{};
  std::map<std::uint64_t, Work> works_{};     // by run
  std::deque<std::uint64_t> waiting_{};       // runs without an instance, the oldest first
  std::unordered_set<std::uint64_t> busy_{};  // sessions with a run that an instance works on
  std::unordered_map<std::uint64_t, std::uint32_t> sticky_{};  // session -> number of an instance
  std::unique_ptr<event, FreeTimer> timer_;                    // the next start
  std::unique_ptr<event, FreeTimer> soon_;
  std::vector<RunId> abandoned_{};  // failed by us, and their process is not told yet
  Counts counts_{};
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
