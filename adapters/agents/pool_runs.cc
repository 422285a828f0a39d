// AgentPool: what the processes say about runs, and how things end.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <utility>

#include "adapters/agents/pool.h"
#include "adapters/agents/process/memory_use.h"
#include "engine/core/policy.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

std::uint64_t duration_ms(const Work& work) {
  const std::uint64_t since_us = work.prompted_us != 0 ? work.prompted_us : work.queued_us;
  return (pipeline::monotonic_now_us() - since_us) / 1'000;
}

bool is_crash(fb::AgentExitReason reason) {
  switch (reason) {
    case fb::AgentExitReason::crashed:
    case fb::AgentExitReason::memory:
    case fb::AgentExitReason::not_ready:
    case fb::AgentExitReason::bad_output:
      return true;
    default:
      return false;
  }
}

// What the kernel says, or what can be counted.
std::uint64_t memory_of(const Instance& instance, const MemoryMeter& meter) {
  const Cgroup* group = instance.group();
  if (const std::uint64_t held = group == nullptr ? 0 : group->memory_bytes(); held != 0) {
    return held;
  }
  std::vector<ProcessEntry> processes =
      with_descendants(meter.processes(), static_cast<std::int32_t>(instance.pid()));
  if (group == nullptr) return meter.of(processes).total();
  // And those that left the family.
  const std::vector<std::int32_t> members = group->members();
  std::ranges::copy_if(
      meter.processes(), std::back_inserter(processes), [&](const ProcessEntry& entry) {
        return std::ranges::find(members, entry.pid) != members.end() &&
               std::ranges::find(processes, entry.pid, &ProcessEntry::pid) == processes.end();
      });
  return meter.of(processes).total();
}

}  // namespace

void AgentPool::on_ready(Instance& instance, std::string_view version) {
  log_.info("process {} is ready after {} ms: pid {}, separation: {}", instance.number(),
            instance.ready_ms(), instance.pid(), instance.sandbox());
  unready_ = 0;
  ready_once_ = true;
  context_.answers.process_started({.agent_id = agent_->id,
                                    .instance = instance.number(),
                                    .pid = instance.pid(),
                                    .driver = name_of(agent_->process.driver),
                                    .version = version,
                                    .sandbox = instance.sandbox(),
                                    .ready_ms = instance.ready_ms()});
  dispatch_soon();
}

void AgentPool::on_bound(RunId run, std::string_view agent_session) {
  Work* work = heard(run);
  if (work == nullptr) return;
  if (++work->binds > limits::kAgentBindsPerRunMax) {
    fail(*work, fb::RunErrorKind::unknown,
         "The agent named its conversation again and again and was stopped.");
    return;
  }
  if (agent_session.size() > limits::kAgentSessionBytesMax) {
    log_.warn(
        "its name of a conversation is longer than {} bytes: the conversation begins anew "
        "with each process",
        limits::kAgentSessionBytesMax);
  }
  context_.answers.bound(run, agent_session);
}

void AgentPool::on_delta(RunId run, std::string_view piece) {
  Work* work = heard(run);
  if (work == nullptr) return;
  if (work->answer.size() + piece.size() > limits::kTextBytesMax) {
    fail(*work, fb::RunErrorKind::unknown,
         fmt::format("The agent wrote more than {} MiB in one answer and was stopped.",
                     limits::kTextBytesMax / limits::kMiB));
    return;
  }
  work->answer += piece;
  context_.deltas.add(run, piece);
}

void AgentPool::on_tool_called(RunId run, const ToolCall& call) {
  Work* work = heard(run);
  if (work == nullptr) return;
  if (++work->tool_calls > limits::kToolCallsPerRunMax) {
    fail(*work, fb::RunErrorKind::unknown,
         fmt::format("The agent called more than {} tools for one answer and was stopped.",
                     limits::kToolCallsPerRunMax));
    return;
  }
  work->tools.push_back({.call_id = std::string(call.call_id),
                         .name = std::string(call.name),
                         .since_us = pipeline::monotonic_now_us()});
  work->tool_bytes += call.arguments.size();
  context_.answers.tool_called(run, call, work->tool_bytes <= limits::kToolBytesPerRunMax);
  mind_room();
}

void AgentPool::on_tool_returned(RunId run, const ToolResult& result) {
  Work* work = heard(run);
  if (work == nullptr) return;
  const auto tool = std::ranges::find(work->tools, result.call_id, &OpenTool::call_id);
  if (tool == work->tools.end()) {
    log_.warn("it returned from a tool that it had not called: {}", printable(result.call_id));
    return;
  }
  const std::uint64_t us = pipeline::monotonic_now_us() - tool->since_us;
  work->tools.erase(tool);
  work->tool_bytes += result.result.size();
  context_.answers.tool_returned(run, result, us / 1'000,
                                 work->tool_bytes <= limits::kToolBytesPerRunMax);
  stop_if_forbidden(*work, result);
  mind_room();
}

// Some programs ask before they act, and some only if they are told to. What was done is done, and
// told; there is no more of it.
void AgentPool::stop_if_forbidden(Work& work, const ToolResult& result) {
  const config::ToolPolicy& policy = agent_->tool_policy;
  if (result.is_error || policy.own) return;
  const bool denied = core::match_tool(agent_->deny, result.name).holds();
  const bool unasked = !policy.asks.empty() && !work.permitted &&
                       core::match_tool(agent_->allow, result.name).marks != 0;
  if (!denied && !unasked) return;
  const std::string& setting = !denied                 ? policy.asks
                               : policy.denies.empty() ? policy.restricts
                                                       : policy.denies;
  fail(work, fb::RunErrorKind::refusal,
       fmt::format("The agent used {} without asking, which {} forbids, and was stopped. Make it "
                   "ask before it acts, or let it answer for itself: "
                   "agents.entries.{}.spine.ownPolicy: true.",
                   printable(result.name), setting, agent_->id));
}

void AgentPool::on_asked(RunId run, const Permission& permission) {
  Work* work = heard(run);
  if (work == nullptr) return;
  if (++work->asks > limits::kAgentAsksPerRunMax) {
    fail(*work, fb::RunErrorKind::unknown,
         fmt::format("The agent asked for permission more than {} times for one answer and was "
                     "stopped.",
                     limits::kAgentAsksPerRunMax));
    return;
  }
  ++work->asks_open;
  if (core::match_tool(agent_->allow, permission.tool).marks != 0) {
    work->asks_marked.push_back(permission.ask);
  }
  context_.answers.asked(run, permission);
}

void AgentPool::on_steered(RunId queued, RunId into) {
  if (live(into) != nullptr) context_.answers.steered(queued, into);
}

void AgentPool::on_finished(RunId run, const Finished& answer) {
  Work* work = live(run);
  if (work == nullptr) return on_settled(run);
  crashes_ = 0;
  problem_.clear();
  ++counts_.finished;
  Finished timed = answer;
  timed.duration_ms = duration_ms(*work);
  counts_.latency_sum_ms += timed.duration_ms;
  const auto& bounds = pipeline::AgentReport::kLatencyBoundsMs;
  const auto bucket = std::ranges::lower_bound(bounds, timed.duration_ms) - bounds.begin();
  ++counts_.latency[static_cast<std::size_t>(bucket)];
  context_.deltas.end(run);
  context_.answers.finished(run, timed);
  close(run);
  dispatch_soon();
}

void AgentPool::on_failed(RunId run, fb::RunErrorKind kind, std::string_view message) {
  Work* work = live(run);
  if (work == nullptr) return on_settled(run);
  // One that tells why it fails works; one whose process ended did not.
  if (kind != fb::RunErrorKind::crash) crashes_ = 0;
  ++counts_.failed;
  context_.deltas.end(run);
  record_partial(*work);
  context_.answers.failed(run, kind, message, duration_ms(*work));
  close(run);
  dispatch_soon();
}

// A run that was cancelled is over.
void AgentPool::on_settled(RunId run) {
  close(run);
  dispatch_soon();
}

void AgentPool::on_heard(Instance& instance) {
  instance.heard_us = pipeline::monotonic_now_us();
}

void AgentPool::on_log(std::string_view text, bool is_stderr) {
  if (is_stderr) {
    log_.info("stderr: {}", printable(text));
  } else {
    log_.warn("{}", printable(text));
  }
}

// People have seen it, and it is all there is. Once per attempt, before its end is told if it is we
// who tell.
void AgentPool::record_partial(Work& work) {
  context_.answers.partial(work.run, work.attempt, std::exchange(work.answer, {}));
}

void AgentPool::record_partials() {
  for (auto& [id, work] : works_)
    record_partial(work);
}

// Its end was told: what the process still says of it is of no interest.
void AgentPool::abandon(Work& work) {
  context_.deltas.drop(work.run);
  record_partial(work);
  Instance* instance = work.instance;
  const RunId run = work.run;
  if (instance == nullptr) {
    for (const auto& starting : instances_) {
      if (starting->reserved() != run) continue;
      starting->end(fb::AgentExitReason::done, "its prompt was cancelled", Ending::terminate);
    }
    close(run);
    return;
  }
  work.cancelled_us = pipeline::monotonic_now_us();
  if (instance->traits().one_shot) {
    instance->end(fb::AgentExitReason::done, "its prompt was cancelled", Ending::terminate);
  } else {
    instance->protocol().cancel(run);
  }
}

// REQUIRES: its end is wanted.
void AgentPool::fail(Work& work, fb::RunErrorKind kind, std::string_view message) {
  ++counts_.failed;
  context_.deltas.end(work.run);
  record_partial(work);
  context_.answers.failed(work.run, kind, message, duration_ms(work));
  work.cancelled_us = pipeline::monotonic_now_us();
  abandoned_.push_back(work.run);
  dispatch_soon();
}

void AgentPool::fail_waiting(fb::RunErrorKind kind, std::string_view message) {
  std::vector<RunId> runs;
  for (const auto& [id, work] : works_) {
    if (work.instance == nullptr) runs.push_back(work.run);
  }
  for (const RunId run : runs) {
    ++counts_.failed;
    context_.answers.failed(run, kind, message, 0);
    close(run);
  }
  waiting_.clear();
}

void AgentPool::fail_all(std::string_view why) {
  fail_waiting(fb::RunErrorKind::unknown, why);
  for (auto& [id, work] : works_) {
    if (work.cancelled_us != 0) continue;
    ++counts_.failed;
    context_.deltas.drop(work.run);
    record_partial(work);
    context_.answers.failed(work.run, fb::RunErrorKind::unknown, why, duration_ms(work));
    work.cancelled_us = pipeline::monotonic_now_us();
  }
}

void AgentPool::interrupt_runs(const Instance& instance) {
  const bool asked_for = instance.reason() == fb::AgentExitReason::restarted;
  const auto reason =
      asked_for ? fb::InterruptReason::agent_restart : fb::InterruptReason::agent_crash;
  std::vector<RunId> runs;
  for (const auto& [id, work] : works_) {
    if (work.instance == &instance) runs.push_back(work.run);
  }
  for (const RunId run : runs) {
    Work& work = works_.at(run.value);
    context_.deltas.drop(run);
    record_partial(work);
    if (work.cancelled_us == 0 && !stopping_) {
      context_.answers.interrupted(
          run, reason, fmt::format("The agent's process ended: {}.", instance.message()),
          duration_ms(work));
    }
    busy_.erase(work.session.value);
    works_.erase(run.value);
  }
}

void AgentPool::on_gone(Instance& instance, const ChildExit& exit) {
  const fb::AgentExitReason reason = instance.reason();
  const bool crashed = is_crash(reason) && !stopping_;
  const bool hopeless = crashed && is_hopeless(instance, exit);
  const std::uint64_t delay_ms = crashed ? note_crash(instance.message()) : 0;
  if (crashed) {
    log_.warn("process {} (pid {}) is gone: {}", instance.number(), instance.pid(),
              printable(instance.message()));
  } else {
    log_.info("process {} (pid {}) ended: {}", instance.number(), instance.pid(),
              printable(instance.message()));
  }
  context_.answers.process_exited(
      {.agent_id = agent_->id,
       .instance = instance.number(),
       .pid = instance.pid(),
       .reason = reason,
       .code = exit.code,
       .signal = exit.signal,
       .uptime_ms = (pipeline::monotonic_now_us() - instance.started_us()) / 1'000,
       .restart_in_ms = delay_ms,
       .message = instance.message()});
  interrupt_runs(instance);
  std::erase_if(sticky_, [&](const auto& entry) { return entry.second == instance.number(); });
  const std::string why = instance.message();
  std::erase_if(instances_, [&](const auto& entry) { return entry.get() == &instance; });
  if (hopeless && !quarantined_) {
    start_failed_ = true;
    fail_waiting(fb::RunErrorKind::crash,
                 fmt::format("The agent {} could not be started: {}.", agent_->id, why));
  }
  if (quarantined_ && crashed) {
    fail_waiting(fb::RunErrorKind::crash,
                 fmt::format("The agent {0} crashed {1} times in a row and is in quarantine. The "
                             "last time: {2}. When that is mended, `spine agents reset {0}` lets "
                             "it work again.",
                             agent_->id, crashes_, problem_));
  }
  dispatch();
}

// Whether runs are not to wait for another try. A program that ends by itself before it is ready
// says that it cannot start, and has said why: until one was ready it will say so each time. What
// was ready before or takes long may do better once more; one that is killed says nothing.
bool AgentPool::is_hopeless(const Instance& instance, const ChildExit& exit) {
  const bool refuses = instance.reason() == fb::AgentExitReason::crashed && exit.signal == 0;
  const bool slow = instance.reason() == fb::AgentExitReason::not_ready;
  if (instance.became_ready() || !(refuses || slow)) return false;
  const bool others = std::ranges::any_of(
      instances_, [](const auto& other) { return other->state() == InstanceState::ready; });
  ++unready_;
  return !others && (unready_ > 1 || (refuses && !ready_once_));
}

// Counts a crash; returns how long no process is started now.
std::uint64_t AgentPool::note_crash(std::string_view why) {
  problem_ = why;
  ++counts_.crashes;
  ++crashes_;
  if (crashes_ >= agent_->process.crashes_max) {
    if (quarantined_) return 0;
    quarantined_ = true;
    log_.error(
        "it crashed {} times in a row and gets no more prompts; the last time: {}. When "
        "that is mended: spine agents reset {}",
        crashes_, printable(why), agent_->id);
    context_.answers.quarantined(agent_->id, crashes_, why);
    return 0;
  }
  const std::uint64_t delay_ms =
      back_off_ms(agent_->process.back_off_ms, crashes_, pipeline::random128().lo);
  not_before_us_ = pipeline::monotonic_now_us() + delay_ms * 1'000;
  schedule_dispatch(delay_ms);
  return delay_ms;
}

void AgentPool::schedule_dispatch(std::uint64_t ms) {
  // A millisecond more, or the timer may come before the time has.
  const std::uint64_t later_ms = ms + 1;
  const timeval delay{static_cast<time_t>(later_ms / 1'000),
                      static_cast<suseconds_t>(later_ms % 1'000 * 1'000)};
  SPINE_CHECK(evtimer_add(timer_.get(), &delay) == 0);
}

// It cannot be started: who waits for that is told why, and the next prompt tries again. Those that
// another process can serve wait on.
void AgentPool::start_failed(Work& work, const Error& error) {
  const bool again = start_failed_ && problem_ == error.message;
  start_failed_ = true;
  problem_ = error.message;
  if (!again) {
    log_.error("it cannot be started: {}", printable(error.message));
    context_.answers.process_exited({.agent_id = agent_->id,
                                     .instance = numbers_,
                                     .reason = fb::AgentExitReason::not_started,
                                     .code = -1,
                                     .message = error.message});
  }
  const std::string why =
      fmt::format("The agent {} could not be started: {}", agent_->id, error.message);
  if (instances_.empty()) return fail_waiting(fb::RunErrorKind::crash, why);
  const RunId run = work.run;
  ++counts_.failed;
  context_.answers.failed(run, fb::RunErrorKind::crash, why, 0);
  close(run);
}

void AgentPool::watch(Instance& instance, std::uint64_t now_us) {
  if (instance.state() == InstanceState::stopping) return;
  const config::AgentProcess& process = agent_->process;
  if (instance.reserved() && instance.runs == 0 && !works_.contains(instance.reserved().value)) {
    instance.end(fb::AgentExitReason::done, "its prompt is answered", Ending::gentle);
    return;
  }
  const bool idle = instance.state() == InstanceState::ready && instance.runs == 0;
  if (!idle || instance.reserved() || process.idle_ms == 0) return;
  if (now_us - instance.idle_since_us < process.idle_ms * 1'000) return;
  instance.end(fb::AgentExitReason::idle, "there was nothing to do", Ending::gentle);
}

void AgentPool::measure(const MemoryMeter& meter) {
  const std::uint64_t bytes_max = agent_->process.memory_bytes_max;
  for (const auto& instance : instances_) {
    if (instance->state() == InstanceState::stopping) continue;
    instance->resident_bytes = memory_of(*instance, meter);
    if (bytes_max == 0 || instance->resident_bytes <= bytes_max) continue;
    if (context_.cgroups.holds_memory()) continue;  // the kernel ends it, and counts better
    instance->end(fb::AgentExitReason::memory,
                  fmt::format("it took {} MiB of memory, more than its bound of {} MiB",
                              instance->resident_bytes / limits::kMiB, bytes_max / limits::kMiB),
                  Ending::kill);
  }
}

}  // namespace spine::agents
