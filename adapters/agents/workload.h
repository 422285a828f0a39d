// Workload: the open runs of an agent, waiting and running, and the reports to the engine about
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

#include "adapters/agents/answer_files.h"
#include "adapters/agents/answers.h"
#include "adapters/agents/delta_merger.h"
#include "adapters/agents/file_courier.h"
#include "adapters/agents/prompt_files.h"
#include "adapters/agents/protocols/protocol.h"
#include "engine/config/settings/agent_config.h"
#include "engine/log/log.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/items/reports.h"

namespace spine::agents {

class Instance;

// A run. Not movable: `prompt` borrows from `texts`.
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
  // What its agent is told, but for its files. Borrowed from here.
  ProtocolPrompt outline() const;
  // The same with its files, once: they go with it. REQUIRES: they are there, if it has any.
  ProtocolPrompt told();

  std::array<std::string, 4> texts;  // of the prompt
  pipeline::PromptItem prompt;       // only the fields that its agent needs
  std::shared_ptr<const PromptFiles> files;
  std::shared_ptr<ComingFiles> coming{};  // null = its files were not asked for
  std::size_t waiting_bytes{};            // that it holds while it waits
  std::uint64_t image_bytes{};            // of images, before base64, that it has room for
  Instance* instance{};                   // the process that works on it; null = it waits
  std::uint64_t queued_us{};
  std::uint64_t prompted_us{};
  std::uint64_t heard_us{};      // when its agent last reported something about it
  std::uint64_t cancelled_us{};  // when it was cancelled, or failed by us; 0 = it is not
  std::string answer{};          // the text streamed so far; bounded by kTextBytesMax
  std::uint32_t tool_calls{};
  std::size_t tool_bytes{};   // of arguments and results of its tools
  std::uint32_t asks{};       // for permission
  std::uint32_t asks_open{};  // and not answered: the agent waits, so its silence is no fault
  std::vector<std::uint64_t> asks_marked{};  // questions about tools that need leave
  bool permitted{};                          // one of those was allowed
  std::uint32_t binds{};                     // how often it named its conversation
  std::vector<OpenTool> tools{};             // called, not yet returned; bounded by tool_calls
};

// What the end of a run proves about its agent: nothing, that it works, or that it answers.
enum class Shown : std::uint8_t { nothing, works, answers };

// Callbacks to the owner of the processes. Called from within calls to Runs.
class WorkloadOwner {
 public:
  virtual ~WorkloadOwner() = default;
  // A tool's input or output was handed to the engine, which may be full now.
  virtual void on_handed_in() = 0;
  // A run is over, or was failed by us: a waiting run may be placed, and a process told to stop. Do
  // that later: protocols must not be called from within their own reports.
  virtual void on_over(Shown shown) = 0;
};

// Outcome of placing a waiting run: given to a process; held, for a reason of its own; exhausted:
// no process has room for any run of the same trust.
enum class Placed : std::uint8_t { given, held, exhausted };

// Thread: loop. The runs of a session are worked on in order, one at a time.
class Workload final : public RunEvents {
 public:
  // All outlive it. `agent`: the current configuration, which may be replaced. `waiting_bytes`:
  // that queued prompts hold, of all agents. `answer_files`: null = answers have no files.
  Workload(Answers& answers, DeltaMerger& deltas, std::size_t& waiting_bytes,
           const std::shared_ptr<const config::AgentConfig>& agent, log::Logger log,
           WorkloadOwner& owner, AnswerFiles* answer_files = nullptr)
      : answers_(answers),
        answer_files_(answer_files),
        deltas_(deltas),
        waiting_bytes_(waiting_bytes),
        agent_(agent),
        log_(log),
        owner_(owner) {}
  ~Workload() override;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  // Queues a run. False, and the run fails, when the queue is full.
  bool add(const pipeline::PromptItem& item);
  // Fails a run that was not added, or that waits.
  void refuse(RunId run, fb::RunErrorKind kind, std::string_view message);
  Work* find(RunId run);
  Work* live(RunId run);  // one that is worked on and not cancelled

  // Calls `place` for each waiting run whose session is idle, the oldest first. After `exhausted`,
  // other runs of the same trust are skipped.
  void offer(const std::function<Placed(Work&)>& place);
  // Room for the images of a waiting run; unchanged when there is none, or it has it already.
  void reserve_images(Work& work);
  // Records that the process works on it from now on.
  void give(Work& work, Instance& instance);
  void close(RunId run);
  void note_answer(Work& work, const pipeline::AnswerItem& item);

  // The user cancelled it; the engine knows that it ended.
  void cancel(Work& work);
  // Tells its process to stop. Its end was reported already; later reports are ignored.
  void abandon(Work& work);
  // The same for runs that fail() ended.
  void abandon_failed();
  void fail_waiting(fb::RunErrorKind kind, std::string_view message);
  void fail_all(std::string_view why);
  // Fails runs that take too long or are silent. `unread`: output is not read now (backpressure).
  void fail_overdue(std::uint64_t now_us, bool unread);
  // The process has exited. `told`: report its runs as interrupted.
  void interrupt(const Instance& instance, bool told);
  void record_partials();
  // The gateway stops: cancels all running runs at their processes.
  void cancel_all() const;

  // Runs whose process did not stop in time after they were cancelled.
  std::vector<RunId> unresponsive(std::uint64_t now_us) const;
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
  // Fails the run if its agent used a tool that policy forbids.
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
  AnswerFiles* answer_files_;
  DeltaMerger& deltas_;
  std::size_t& waiting_bytes_;
  const std::shared_ptr<const config::AgentConfig>& agent_;
  log::Logger log_;
  WorkloadOwner& owner_;
  std::map<std::uint64_t, Work> works_{};     // by run
  std::deque<std::uint64_t> waiting_{};       // runs without an instance, the oldest first
  std::unordered_set<std::uint64_t> busy_{};  // sessions with a run that an instance works on
  std::vector<RunId> failed_{};               // by us; their processes are still to be told
  Counts counts_{};
};

}  // namespace spine::agents
