// Instance: one process of an agent: its life from start to exit, and the protocol spoken with it.
#pragma once

#include <cstdint>
#include <event2/event.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/file_pool.h"
#include "adapters/agents/process/cgroup.h"
#include "adapters/agents/process/child.h"
#include "adapters/agents/process/launch.h"
#include "adapters/agents/protocols/protocol.h"
#include "engine/config/agent_config.h"
#include "schemas/vocab/result.h"

namespace spine::agents {

class Instance;

// Whoever owns instances hears of their runs and of their end. Thread: loop.
class InstanceOwner {
 public:
  virtual ~InstanceOwner() = default;
  virtual void on_ready(Instance& instance, std::string_view version) = 0;
  virtual void on_bound(RunId run, std::string_view agent_session) = 0;
  virtual void on_delta(RunId run, std::string_view piece) = 0;
  virtual void on_tool_called(RunId run, const ToolCall& call) = 0;
  virtual void on_tool_returned(RunId run, const ToolResult& result) = 0;
  virtual void on_asked(RunId run, const Permission& permission) = 0;
  virtual void on_steered(RunId queued, RunId into) = 0;
  virtual void on_finished(RunId run, const Finished& answer) = 0;
  virtual void on_failed(RunId run, fb::RunErrorKind kind, std::string_view message) = 0;
  virtual void on_settled(RunId run) = 0;
  // It wrote a line that was about no run: a plan, a thought, a sign of life.
  virtual void on_heard(Instance& instance) = 0;
  virtual void on_log(std::string_view text, bool is_stderr) = 0;
  // The process is no more; the instance may be destroyed from within.
  virtual void on_gone(Instance& instance, const ChildExit& exit) = 0;
};

// What an instance is made from. The references outlive it.
struct InstanceSetup {
  event_base* base{};
  std::shared_ptr<const config::AgentConfig> agent{};
  const GatewayPlaces& gateway;
  const AgentPlaces& places;
  const SeparationMeans& means;
  FilePool& files;
  CgroupTree& cgroups;
  std::string& checked_program;  // whose node is known to be new enough: asking takes a while
  std::vector<std::pair<std::string, std::string>> skill_env{};
  std::uint32_t number{};
  RunId reserved{};  // one-shot: the run it is started for
};

enum class InstanceState : std::uint8_t { starting, ready, stopping };
// How hard an end is: what follows if the process does not go by itself.
enum class Ending : std::uint8_t {
  none,
  gentle,     // its input is closed; then SIGTERM; then SIGKILL
  terminate,  // SIGTERM; then SIGKILL
  kill,
};

class Instance final : public ChildEvents, public ProtocolSink {
 public:
  Instance(const InstanceSetup& setup, AgentProfile profile, InstanceOwner& owner);
  ~Instance() override;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Errors: as prepare_launch() and check_node_version() say; then it never ran. `first` is the
  // prompt that a one-shot process is for.
  Status start(const ProtocolPrompt* first);
  // Begins its end, or hardens one that has begun. on_gone() follows from the loop.
  void end(fb::AgentExitReason reason, std::string message, Ending how);

  Protocol& protocol() { return *protocol_; }
  const ProtocolTraits& traits() const { return traits_; }
  InstanceState state() const { return state_; }
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
  // It was, at any time.
  bool became_ready() const { return became_ready_; }
  // Reads no more of its output until that is undone.
  void pause_output(bool pause) {
    paused_ = pause;
    mind_output();
  }
  // Skills of a process that is running change with the next prompt, if its protocol can do that.
  void set_skills(std::vector<SkillHandOver> skills, std::uint64_t version);

  // Kept by the owner.
  std::uint32_t runs{};      // being worked on, or cancelled and not settled
  std::uint32_t sessions{};  // that stick to it
  std::uint64_t idle_since_us{};
  std::uint64_t heard_us{};        // when it last wrote a line that was about no run
  std::uint64_t resident_bytes{};  // shared memory and files in memory included
  bool stale{};                    // gets no more prompts; ended once it is idle
  bool solo{};  // works on a run that was interrupted before: alone, for that one may be the cause

  // ChildEvents
  void on_line(std::string_view line) override;
  void on_stderr(std::string_view line) override;
  void on_line_too_long() override;
  void on_input_written() override;
  void on_exit(const ChildExit& exit) override;
  // ProtocolSink
  void write(std::string_view line) override;
  void close_input() override;
  void ready(std::string_view version) override;
  void bound(RunId run, std::string_view ref) override {
    of_a_run_ = true;
    owner_.on_bound(run, ref);
  }
  void delta(RunId run, std::string_view piece) override {
    of_a_run_ = true;
    told_ = true;
    owner_.on_delta(run, piece);
  }
  void tool_called(RunId run, const ToolCall& call) override {
    of_a_run_ = true;
    told_ = true;
    owner_.on_tool_called(run, call);
  }
  void tool_returned(RunId run, const ToolResult& result) override {
    of_a_run_ = true;
    owner_.on_tool_returned(run, result);
  }
  void asked(RunId run, const Permission& permission) override {
    of_a_run_ = true;
    owner_.on_asked(run, permission);
  }
  void withdrawn(RunId, std::uint64_t) override {}  // the run's end withdraws what it asked
  void steered(RunId queued, RunId into) override { owner_.on_steered(queued, into); }
  void finished(RunId run, const Finished& answer) override {
    answered_ = true;
    owner_.on_finished(run, answer);
  }
  void failed(RunId run, fb::RunErrorKind kind, std::string_view message) override;
  void settled(RunId run) override { owner_.on_settled(run); }
  void call_back(std::uint64_t token, std::uint64_t ms) override;
  void do_apart(std::function<std::string()> work, std::size_t bytes) override;
  void fault(std::string_view why) override;
  void log(std::string_view text) override { owner_.on_log(text, false); }

 private:
  struct FreeTimer {
    void operator()(event* timer) const { event_free(timer); }
  };
  Result<Launch> prepare(const ProtocolPrompt* first);
  Status bound(ChildPlan& plan);
  void set_timer(std::uint64_t ms);
  void proceed();  // with what the timer was for
  static void on_timer(evutil_socket_t, short, void* self);
  void set_call_timer();
  static void on_call_timer(evutil_socket_t, short, void* self);
  void mind_output();
  std::string last_words() const;

  const InstanceSetup setup_;
  AgentProfile profile_;
  InstanceOwner& owner_;
  std::unique_ptr<Protocol> protocol_;
  ProtocolTraits traits_{};
  std::shared_ptr<Cgroup> group_{};
  Child::Ptr child_{};
  std::unique_ptr<event, FreeTimer> timer_;
  // Whoever is to be called back, and when.
  struct CallBack {
    std::uint64_t due_us{};
    std::uint64_t token{};
  };
  std::vector<CallBack> calls_back_{};
  std::unique_ptr<event, FreeTimer> call_timer_;
  FilePool::Asker asker_{};  // 0 = it asked for no file yet
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
  bool muted_{};     // what it writes is not read any more
  bool of_a_run_{};  // the line being read was about a run, whose owner has heard of it
  bool paused_{};    // by the owner
  bool told_{};      // something of a run
  bool answered_{};  // a run
  bool became_ready_{};
};

}  // namespace spine::agents
