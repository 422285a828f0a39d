// Instance: one process of an agent, from start to exit, and the protocol spoken with it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/process/cgroup.h"
#include "adapters/agents/process/child.h"
#include "adapters/agents/process/launch.h"
#include "adapters/agents/protocols/protocol.h"
#include "adapters/loop/file_pool.h"
#include "adapters/loop/timer.h"
#include "engine/config/settings/agent_config.h"
#include "schemas/vocab/result.h"

namespace spine::agents {

class Instance;

// Callbacks to the owner of instances. Thread: loop.
class InstanceOwner {
 public:
  virtual ~InstanceOwner() = default;
  virtual void on_ready(Instance& instance, std::string_view version) = 0;
  virtual void on_log(std::string_view text, bool is_stderr) = 0;
  // The process has exited; the instance may be destroyed from within this call.
  virtual void on_gone(Instance& instance, const ChildExit& exit) = 0;
};

// What the processes of all agents share. The references outlive them.
struct SharedMeans {
  event_base* base{};
  const GatewayPlaces& gateway;
  const SeparationMeans& separation;
  loop::FilePool& files;
  CgroupTree& cgroups;
};

// What an instance is made from. The references outlive it.
struct InstanceSetup {
  const SharedMeans& shared;
  std::shared_ptr<const config::AgentConfig> agent{};
  const AgentPlaces& places;
  std::string& checked_program;  // whose Node.js version was checked already: the check is slow
  std::vector<std::pair<std::string, std::string>> skill_env{};
  std::uint32_t number{};
  RunId reserved{};  // one-shot: the run it is started for
};

enum class InstanceState : std::uint8_t { starting, ready, stopping };
// How a process is ended; each step escalates to the next if it does not exit in time.
enum class Ending : std::uint8_t {
  none,
  gentle,     // its input is closed; then SIGTERM; then SIGKILL
  terminate,  // SIGTERM; then SIGKILL
  kill,
};

class Instance final : public ChildEvents, public ProtocolHost {
 public:
  // `owner` and `events` outlive it.
  Instance(const InstanceSetup& setup, AgentProfile profile, InstanceOwner& owner,
           RunEvents& events);
  ~Instance() override;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Errors: those of prepare_launch() and check_node_version(); the process was not started then.
  // `first`: the prompt that a one-shot process is for.
  Status start(const ProtocolPrompt* first);
  // Begins to end the process, or escalates that. on_gone() is called later, from the loop.
  void end(fb::AgentExitReason reason, std::string message, Ending how);

  Protocol& protocol() { return *protocol_; }
  const ProtocolTraits& traits() const { return kind_.traits; }
  InstanceState state() const { return state_; }
  const AgentProfile& profile() const { return profile_; }
  fb::Trust trust() const { return profile_.trust; }
  RunId reserved() const { return reserved_; }
  std::uint32_t number() const { return number_; }
  std::uint32_t pid() const { return pid_; }
  const std::string& sandbox() const { return sandbox_; }
  const Cgroup* group() const { return group_.get(); }  // null = it has none
  // Why it ends or ended, once that is known.
  fb::AgentExitReason reason() const { return reason_; }
  const std::string& message() const { return message_; }
  std::string_view stderr_tail() const {
    return child_ ? child_->stderr_tail() : std::string_view{};
  }
  std::uint64_t started_us() const { return started_us_; }
  std::int64_t started_wall_ms() const { return started_wall_ms_; }
  std::uint64_t ready_ms() const { return ready_ms_; }
  // Whether it has ever been ready.
  bool became_ready() const { return became_ready_; }
  // Stops or resumes reading its output (backpressure).
  void pause_output(bool pause) {
    paused_ = pause;
    mind_output();
  }
  // A running process gets the new skills with its next prompt, if its protocol can do that.
  void set_skills(std::vector<SkillHandOver> skills, std::uint64_t version);

  // Maintained by the owner and by Runs.
  std::uint32_t runs{};      // being worked on, or cancelled and not settled
  std::uint32_t sessions{};  // bound to it
  std::uint64_t idle_since_us{};
  std::uint64_t heard_us{};        // when it last wrote a line about no run, e.g. a heartbeat
  std::uint64_t resident_bytes{};  // shared memory and files in memory included
  bool stale{};                    // gets no more prompts; ended once it is idle
  bool solo{};  // works on a retried run, and on no other: that run may have crashed the process
  bool about_run{};  // the line being read was about a run
  bool told{};       // it reported something about a run
  bool answered{};   // it finished or failed a run

  // ChildEvents
  void on_line(std::string_view line) override;
  void on_stderr(std::string_view line) override;
  void on_line_too_long() override;
  void on_input_written() override;
  void on_exit(const ChildExit& exit) override;
  // ProtocolHost
  void write(std::string_view line) override;
  void close_input() override;
  void ready(std::string_view version) override;
  void call_back(std::uint64_t token, std::uint64_t ms) override;
  void run_on_file_thread(std::function<std::string()> work, std::size_t bytes) override;
  void fault(std::string_view why) override;
  void log(std::string_view text) override { owner_.on_log(text, false); }

 private:
  Result<Launch> prepare(const ProtocolPrompt* first);
  Status bound(ChildPlan& plan);
  void proceed();  // the timer expired: the next step of an end, or not ready in time
  void set_call_timer();
  void on_calls_due();
  void mind_output();
  std::string last_words() const;

  const InstanceSetup setup_;
  AgentProfile profile_;
  InstanceOwner& owner_;
  const ProtocolKind& kind_;
  std::unique_ptr<Protocol> protocol_;
  std::shared_ptr<Cgroup> group_{};
  Child::Ptr child_{};
  loop::Timer timer_;
  // A call back that the protocol asked for, and when it is due.
  struct CallBack {
    std::uint64_t due_us{};
    std::uint64_t token{};
  };
  std::vector<CallBack> calls_back_{};
  loop::Timer call_timer_;
  loop::FilePool::Asker asker_{};  // 0 = it has requested no file yet
  std::string sandbox_{};
  std::string message_{};
  std::uint64_t started_us_{};
  std::int64_t started_wall_ms_{};
  std::uint64_t ready_ms_{};
  RunId reserved_{};
  std::uint32_t number_{};
  std::uint32_t pid_{};
  InstanceState state_{InstanceState::starting};
  Ending ending_{Ending::none};
  fb::AgentExitReason reason_{fb::AgentExitReason::crashed};
  bool muted_{};   // its output is discarded from now on
  bool paused_{};  // by the owner
  bool became_ready_{};
};

}  // namespace spine::agents
