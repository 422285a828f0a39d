// AgentPool: what the processes say about runs.
#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "adapters/agents/pool.h"
#include "engine/core/agent_rules.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

std::uint64_t duration_ms(const Work& work) {
  const std::uint64_t since_us = work.prompted_us != 0 ? work.prompted_us : work.queued_us;
  return (pipeline::monotonic_now_us() - since_us) / 1'000;
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

}  // namespace spine::agents
