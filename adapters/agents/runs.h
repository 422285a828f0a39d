// Runs: the runs an agent has to get answered: who waits, who is worked on, and what is told of
// them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "adapters/agents/answers.h"
#include "adapters/agents/delta_merger.h"
#include "adapters/agents/protocols/protocol.h"
#include "engine/config/settings/agent_config.h"
#include "engine/log/log.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/items/reports.h"

namespace spine::agents {

class Instance;

// A run. Stays where it is.
struct Work {
  Work(const pipeline::PromptItem& item, std::uint64_t now_us);
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  RunId run() const { return prompt.run; }
  std::uint64_t session() const { return prompt.session.value; }
  bool is_live() const { return instance != nullptr && cancelled_us == 0; }
  std::uint64_t duration_ms() const;

  struct OpenTool {
    std::string call_id{};
    std::string name{};
    std::uint64_t since_us{};
  };
  std::array<std::string, 4> texts;  // of the prompt
  pipeline::PromptItem prompt;       // what its agent needs of it: the rest is not kept
  Instance* instance{};              // that works on it; null = it waits
  std::uint64_t queued_us{};
  std::uint64_t prompted_us{};
  std::uint64_t heard_us{};      // when its agent last said something of it
  std::uint64_t cancelled_us{};  // since when its end is of no interest; 0 = it is wanted
  std::string answer{};          // as far as it was seen; bounded by kTextBytesMax
  std::uint32_t tool_calls{};
  std::size_t tool_bytes{};   // of what its tools were given and gave back
  std::uint32_t asks{};       // for permission
  std::uint32_t asks_open{};  // and not answered: until then the agent has nothing to say
  std::vector<std::uint64_t> asks_marked{};  // questions about what it must ask about
  bool permitted{};                          // it was allowed one of those
  std::uint32_t binds{};                     // to a conversation of the agent's
  std::vector<OpenTool> tools{};             // called, and not returned; bounded by tool_calls
};

// What the end of a run shows of its agent.
enum class Shown : std::uint8_t { nothing, works, answers };

// Hears what runs mean for who has the processes. Called from within calls to Runs.
class RunsOwner {
 public:
  virtual ~RunsOwner() = default;
  // A tool's input or output was handed to the engine, which may be full now.
  virtual void on_handed_in() = 0;
  // A run is over, or is to be given up: there may be work to give, and processes to be told, but
  // nothing is told to a protocol from within what it reports.
  virtual void on_over(Shown shown) = 0;
};

// What became of a run that waits: worked on now; waits for a process or something of its own;
// waits as all of its kind do.
enum class Placed : std::uint8_t { given, held, exhausted };

// Thread: loop. The runs of a session are in order: one at a time.
class Runs final : public RunEvents {
 public:
  // All outlive it. `agent`: as it is configured at present. `waiting_bytes`: texts of prompts that
  // wait, of all agents.
  Runs(Answers& answers, DeltaMerger& deltas, std::size_t& waiting_bytes,
       const std::shared_ptr<const config::AgentConfig>& agent, log::Logger log, RunsOwner& owner)
      : answers_(answers),
        deltas_(deltas),
        waiting_bytes_(waiting_bytes),
        agent_(agent),
        log_(log),
        owner_(owner) {}
  ~Runs() override;
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;

  // False, and the run fails, when too much waits.
  bool add(const pipeline::PromptItem& item);
  // Fails one that was not added, or waits.
  void refuse(RunId run, fb::RunErrorKind kind, std::string_view message);
  Work* find(RunId run);
  Work* live(RunId run);  // one that is worked on and whose end is wanted

  // Offers what waits, and whose session is idle, to `place`, the oldest first. Where one finds no
  // room, others of its kind do not either.
  void offer(const std::function<Placed(Work&)>& place);
  // The process works on it from now on.
  void give(Work& work, Instance& instance);
  void close(RunId run);
  void note_answer(Work& work, const pipeline::AnswerItem& item);

  // Somebody cancelled it: its end was told.
  void cancel(Work& work);
  // Its end was told: what its process still says of it is of no interest.
  void abandon(Work& work);
  // The same for those that failed here.
  void abandon_failed();
  void fail_waiting(fb::RunErrorKind kind, std::string_view message);
  void fail_all(std::string_view why);
  // Those that take too long, or of which nothing is heard. `unread`: nobody reads at present.
  void fail_overdue(std::uint64_t now_us, bool unread);
  // The process is gone. `told`: interruptions of runs are told.
  void interrupt(const Instance& instance, bool told);
  void record_partials();
  // The gateway stops: whoever works on one is told to leave off.
  void cancel_all() const;

  // Cancelled ones whose processes go on with them.
  std::vector<RunId> deaf(std::uint64_t now_us) const;
  std::uint32_t live_of(const Instance& instance) const;
  void report(pipeline::AgentReport& out) const;

  // RunEvents
  void bound(RunId run, std::string_view agent_session) override;
  void delta(RunId run, std::string_view piece) override;
  void tool_called(RunId run, const ToolCall& call) override;
  void tool_returned(RunId run, const ToolResult& result) override;
  void asked(RunId run, const Permission& permission) override;
  void steered(RunId queued, RunId into) override;
  void finished(RunId run, const Finished& answer) override;
  void failed(RunId run, fb::RunErrorKind kind, std::string_view message) override;
  void settled(RunId run) override;

 private:
  Work* heard(RunId run);
  void fail(Work& work, fb::RunErrorKind kind, std::string_view message);
  void tell_failed(Work& work, fb::RunErrorKind kind, std::string_view message);
  // Ends the run if its agent used a tool that it is not to use.
  void stop_if_forbidden(Work& work, const ToolResult& result);
  bool is_silent(Work& work, std::uint64_t now_us, bool unread) const;
  void record_partial(Work& work);
  void let_go(Work& work);

  struct Counts {
    std::uint64_t finished{};
    std::uint64_t failed{};
    std::uint64_t aborted{};
    std::array<std::uint64_t, pipeline::AgentReport::kLatencyBoundsMs.size() + 1> latency{};
    std::uint64_t latency_sum_ms{};
  };
  Answers& answers_;
  DeltaMerger& deltas_;
  std::size_t& waiting_bytes_;
  const std::shared_ptr<const config::AgentConfig>& agent_;
  log::Logger log_;
  RunsOwner& owner_;
  std::map<std::uint64_t, Work> works_{};     // by run
  std::deque<std::uint64_t> waiting_{};       // runs without an instance, the oldest first
  std::unordered_set<std::uint64_t> busy_{};  // sessions with a run that an instance works on
  std::vector<RunId> failed_{};               // by us, and their process is not told yet
  Counts counts_{};
};

}  // namespace spine::agents
