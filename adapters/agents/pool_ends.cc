// AgentPool: how its processes end, and when the next one may start.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "adapters/agents/pool.h"
#include "adapters/agents/process/memory_use.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

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
