// Workload: handling of the processes' reports about runs, and of the end of runs.
#include "adapters/agents/workload.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "adapters/agents/instance.h"
#include "adapters/agents/process/error_summary.h"
#include "engine/core/model/policy.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {

using pipeline::monotonic_now_us;

Work::Work(const pipeline::PromptItem& item, std::uint64_t now_us)
    : texts{std::string(item.agent_session), std::string(item.model),
            std::string(item.thinking_level), std::string(item.text)},
      prompt{.run = item.run,
             .session = item.session,
             .session_uuid = item.session_uuid,
             .attempt = item.attempt,
             .trust = item.trust,
             .agent_session = texts[0],
             .model = texts[1],
             .thinking_level = texts[2],
             .text = texts[3]},
      files(std::make_shared<const PromptFiles>(item)),
      waiting_bytes(item.text.size() + files->bytes()),
      queued_us(now_us) {}

ProtocolPrompt Work::outline() const {
  return {.run = prompt.run,
          .agent_session = prompt.agent_session,
          .model = prompt.model,
          .thinking_level = prompt.thinking_level,
          .text = prompt.text};
}

ProtocolPrompt Work::told() {
  ProtocolPrompt told = outline();
  if (coming == nullptr) return told;
  texts[3] = with_lines(texts[3], coming->files.lines);
  prompt.text = told.text = texts[3];
  told.images = std::move(coming->files.images);
  coming.reset();
  return told;
}

std::uint64_t Work::duration_ms() const {
  return (monotonic_now_us() - (prompted_us != 0 ? prompted_us : queued_us)) / 1'000;
}

Workload::~Workload() {
  for (const auto& [id, work] : works_) {
    if (work.instance == nullptr) waiting_bytes_ -= work.waiting_bytes;
  }
}

void Workload::reserve_images(Work& work) {
  const std::uint64_t images = work.files->image_bytes();
  if (work.image_bytes != 0 || images == 0) return;
  // As base64 an image takes a third more, rounded up.
  const std::size_t bytes = images / 3 * 4 + 4 * limits::kPromptFilesMax;
  if (waiting_bytes_ + bytes > limits::kPromptsWaitingBytesMax) return;
  waiting_bytes_ += bytes;
  work.waiting_bytes += bytes;
  work.image_bytes = images;
}

bool Workload::add(const pipeline::PromptItem& item) {
  if (waiting_bytes_ + item.text.size() > limits::kPromptsWaitingBytesMax && !works_.empty()) {
    refuse(item.run, fb::RunErrorKind::rate_limit,
           "Too much waits for the agents of this gateway. Send it again later.");
    return false;
  }
  close(item.run);
  const auto [added, fresh] = works_.try_emplace(item.run.value, item, monotonic_now_us());
  waiting_bytes_ += added->second.waiting_bytes;
  waiting_.push_back(item.run.value);
  return true;
}

void Workload::refuse(RunId run, fb::RunErrorKind kind, std::string_view message) {
  ++counts_.failed;
  answers_.failed(run, kind, message, 0);
  close(run);
}

Work* Workload::find(RunId run) {
  const auto found = works_.find(run.value);
  return found == works_.end() ? nullptr : &found->second;
}

Work* Workload::live(RunId run) {
  Work* work = find(run);
  return work != nullptr && work->is_live() ? work : nullptr;
}

// The same, for a report of its agent about it: notes the time.
Work* Workload::heard(RunId run) {
  Work* work = find(run);
  if (work == nullptr || work->instance == nullptr) return nullptr;
  work->instance->about_run = true;
  if (work->cancelled_us != 0) return nullptr;
  work->heard_us = monotonic_now_us();
  return work;
}

void Workload::offer(const std::function<Placed(Work&)>& place) {
  std::array<bool, 2> exhausted{};  // by trust
  for (std::size_t i = 0; i < waiting_.size() && !(exhausted[0] && exhausted[1]);) {
    Work* work = find(RunId{waiting_[i]});
    bool given = work == nullptr || work->instance != nullptr;
    if (!given) {
      bool& none_left = exhausted[work->prompt.trust == fb::Trust::trusted ? 0 : 1];
      if (!none_left && !busy_.contains(work->session())) {
        const Placed placed = place(*work);
        given = placed == Placed::given;
        none_left = placed == Placed::exhausted;
      }
    }
    if (!given) {
      ++i;
    } else if (i < waiting_.size()) {  // a failed start may have emptied the queue
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

void Workload::give(Work& work, Instance& instance) {
  waiting_bytes_ -= work.waiting_bytes;
  work.instance = &instance;
  work.heard_us = work.prompted_us = monotonic_now_us();
  ++instance.runs;
  instance.solo = work.prompt.attempt > 1;
  busy_.insert(work.session());
}

// Its instance no longer works on it.
void Workload::let_go(Work& work) {
  if (work.instance == nullptr) {
    waiting_bytes_ -= work.waiting_bytes;
    return;
  }
  busy_.erase(work.session());
  Instance& instance = *std::exchange(work.instance, nullptr);
  if (instance.runs != 0) --instance.runs;
  instance.idle_since_us = monotonic_now_us();
  if (instance.runs != 0 || !instance.stale) return;
  instance.end(fb::AgentExitReason::restarted, "its configuration or skills changed",
               Ending::gentle);
}

void Workload::close(RunId run) {
  const auto found = works_.find(run.value);
  if (found == works_.end()) return;
  let_go(found->second);
  works_.erase(found);
}

void Workload::note_answer(Work& work, const pipeline::AnswerItem& item) {
  if (work.asks_open != 0) --work.asks_open;
  const bool allowed = item.decision == fb::ApprovalDecision::allow_once ||
                       item.decision == fb::ApprovalDecision::allow_always;
  // Only leave for a marked tool counts: leave to read is no leave to run commands.
  if (allowed && std::ranges::find(work.asks_marked, item.ask) != work.asks_marked.end()) {
    work.permitted = true;
  }
}

void Workload::cancel(Work& work) {
  ++counts_.aborted;
  abandon(work);
}

void Workload::abandon(Work& work) {
  deltas_.drop(work.run());
  record_partial(work);
  Instance* instance = work.instance;
  if (instance == nullptr) return close(work.run());
  work.cancelled_us = monotonic_now_us();
  if (instance->traits().one_shot) {
    instance->end(fb::AgentExitReason::done, "its prompt was cancelled", Ending::terminate);
  } else {
    instance->protocol().cancel(work.run());
  }
}

void Workload::abandon_failed() {
  const std::vector<RunId> runs = std::exchange(failed_, {});
  for (const RunId run : runs) {
    Work* work = find(run);
    if (work != nullptr && work->instance != nullptr) abandon(*work);
  }
}

void Workload::tell_failed(Work& work, fb::RunErrorKind kind, std::string_view message) {
  ++counts_.failed;
  record_partial(work);
  answers_.failed(work.run(), kind, message, work.duration_ms());
}

// REQUIRES: it is not cancelled. Its process is told later: abandon_failed().
void Workload::fail(Work& work, fb::RunErrorKind kind, std::string_view message) {
  deltas_.end(work.run());
  tell_failed(work, kind, message);
  work.cancelled_us = monotonic_now_us();
  failed_.push_back(work.run());
  owner_.on_over(Shown::nothing);
}

void Workload::fail_waiting(fb::RunErrorKind kind, std::string_view message) {
  std::vector<RunId> runs;
  for (const auto& [id, work] : works_) {
    if (work.instance == nullptr) runs.push_back(work.run());
  }
  for (const RunId run : runs)
    refuse(run, kind, message);
  waiting_.clear();
}

void Workload::fail_all(std::string_view why) {
  fail_waiting(fb::RunErrorKind::unknown, why);
  for (auto& [id, work] : works_) {
    if (work.cancelled_us != 0) continue;
    deltas_.drop(work.run());
    tell_failed(work, fb::RunErrorKind::unknown, why);
    work.cancelled_us = monotonic_now_us();
  }
}

// Whether the agent has been silent about the run for longer than allowed. Output to stderr does
// not count: programs that hang can write warnings there for ever.
bool Workload::is_silent(Work& work, std::uint64_t now_us, bool unread) const {
  if (agent_->process.silence_ms == 0) return false;
  // Not the agent's silence: it waits for a person, or the gateway does not read its output.
  if (work.asks_open != 0 || unread) work.heard_us = now_us;
  const std::uint64_t heard_us = std::max(work.heard_us, work.instance->heard_us);
  return now_us > heard_us && now_us - heard_us > agent_->process.silence_ms * 1'000;
}

void Workload::fail_overdue(std::uint64_t now_us, bool unread) {
  const config::AgentProcess& process = agent_->process;
  for (auto& [id, work] : works_) {
    if (!work.is_live()) continue;
    if (process.run_ms != 0 && now_us - work.prompted_us > process.run_ms * 1'000) {
      fail(work, fb::RunErrorKind::timeout,
           fmt::format("The agent did not finish within {} s and was stopped.",
                       process.run_ms / 1'000));
    } else if (is_silent(work, now_us, unread)) {
      std::string where;
      if (!work.tools.empty()) where = fmt::format(" while it used {}", work.tools.back().name);
      fail(work, fb::RunErrorKind::timeout,
           fmt::format("The agent said nothing for {}{} and was stopped (spine.silenceMs).",
                       show_duration_ms(process.silence_ms), where));
    }
  }
}

void Workload::interrupt(const Instance& instance, bool told) {
  const bool asked_for = instance.reason() == fb::AgentExitReason::restarted;
  const auto reason =
      asked_for ? fb::InterruptReason::agent_restart : fb::InterruptReason::agent_crash;
  for (auto next = works_.begin(); next != works_.end();) {
    Work& work = next->second;
    if (work.instance != &instance) {
      ++next;
      continue;
    }
    deltas_.drop(work.run());
    record_partial(work);
    if (work.cancelled_us == 0 && told) {
      answers_.interrupted(work.run(), reason,
                           fmt::format("The agent's process ended: {}.", instance.message()),
                           work.duration_ms());
    }
    busy_.erase(work.session());
    next = works_.erase(next);
  }
}

// People have seen this part of the answer. Recorded once per attempt; if the end is reported here,
// before that.
void Workload::record_partial(Work& work) {
  answers_.partial(work.run(), work.prompt.attempt, std::exchange(work.answer, {}));
}

void Workload::record_partials() {
  for (auto& [id, work] : works_)
    record_partial(work);
}

void Workload::cancel_all() const {
  for (const auto& [id, work] : works_) {
    if (work.is_live() && work.instance->state() == InstanceState::ready) {
      work.instance->protocol().cancel(work.run());
    }
  }
}

std::vector<RunId> Workload::unresponsive(std::uint64_t now_us) const {
  std::vector<RunId> runs;
  for (const auto& [id, work] : works_) {
    if (work.instance == nullptr || work.cancelled_us == 0) continue;
    if (now_us - work.cancelled_us > agent_->process.stop_ms * 1'000) runs.push_back(work.run());
  }
  return runs;
}

std::uint32_t Workload::live_of(const Instance& instance) const {
  return static_cast<std::uint32_t>(std::ranges::count_if(works_, [&](const auto& entry) {
    return entry.second.instance == &instance && entry.second.is_live();
  }));
}

void Workload::report(pipeline::AgentReport& out) const {
  for (const auto& [id, work] : works_)
    out.queued += work.instance == nullptr ? 1U : 0U;
  out.runs_finished = counts_.finished;
  out.runs_failed = counts_.failed;
  out.runs_aborted = counts_.aborted;
  out.latency = counts_.latency;
  out.latency_sum_ms = counts_.latency_sum_ms;
}

void Workload::bound(RunId run, std::string_view agent_session) {
  Work* work = heard(run);
  if (work == nullptr) return;
  if (++work->binds > limits::kAgentBindsPerRunMax) {
    return fail(*work, fb::RunErrorKind::unknown,
                "The agent named its conversation again and again and was stopped.");
  }
  if (agent_session.size() > limits::kAgentSessionBytesMax) {
    log_.warn(
        "its name of a conversation is longer than {} bytes: the conversation begins anew "
        "with each process",
        limits::kAgentSessionBytesMax);
  }
  answers_.bound(run, agent_session);
}

void Workload::delta(RunId run, std::string_view piece) {
  Work* work = heard(run);
  if (work == nullptr) return;
  work->instance->told = true;
  if (work->answer.size() + piece.size() > limits::kTextBytesMax) {
    return fail(*work, fb::RunErrorKind::unknown,
                fmt::format("The agent wrote more than {} MiB in one answer and was stopped.",
                            limits::kTextBytesMax / limits::kMiB));
  }
  work->answer += piece;
  deltas_.add(run, piece);
}

void Workload::tool_called(RunId run, const ToolCall& call) {
  Work* work = heard(run);
  if (work == nullptr) return;
  work->instance->told = true;
  if (++work->tool_calls > limits::kToolCallsPerRunMax) {
    return fail(*work, fb::RunErrorKind::unknown,
                fmt::format("The agent called more than {} tools for one answer and was stopped.",
                            limits::kToolCallsPerRunMax));
  }
  work->tools.push_back({.call_id = std::string(call.call_id),
                         .name = std::string(call.name),
                         .since_us = monotonic_now_us()});
  work->tool_bytes += call.arguments.size();
  answers_.tool_called(run, call, work->tool_bytes <= limits::kToolBytesPerRunMax);
  owner_.on_handed_in();
}

void Workload::tool_returned(RunId run, const ToolResult& result) {
  Work* work = heard(run);
  if (work == nullptr) return;
  const auto tool = std::ranges::find(work->tools, result.call_id, &Work::OpenTool::call_id);
  if (tool == work->tools.end()) {
    log_.warn("it returned from a tool that it had not called: {}", printable(result.call_id));
    return;
  }
  const std::uint64_t us = monotonic_now_us() - tool->since_us;
  work->tools.erase(tool);
  work->tool_bytes += result.result.size();
  answers_.tool_returned(run, result, us / 1'000, work->tool_bytes <= limits::kToolBytesPerRunMax);
  stop_if_forbidden(*work, result);
  owner_.on_handed_in();
}

// Some programs ask for permission only if configured to. The call cannot be undone, and was
// reported; the run is stopped so that no more follow.
void Workload::stop_if_forbidden(Work& work, const ToolResult& result) {
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

void Workload::asked(RunId run, const Permission& permission) {
  Work* work = heard(run);
  if (work == nullptr) return;
  if (++work->asks > limits::kAgentAsksPerRunMax) {
    return fail(*work, fb::RunErrorKind::unknown,
                fmt::format("The agent asked for permission more than {} times for one answer and "
                            "was stopped.",
                            limits::kAgentAsksPerRunMax));
  }
  ++work->asks_open;
  if (core::match_tool(agent_->allow, permission.tool).marks != 0) {
    work->asks_marked.push_back(permission.ask);
  }
  answers_.asked(run, permission);
}

void Workload::steered(RunId queued, RunId into) {
  if (live(into) != nullptr) answers_.steered(queued, into);
}

void Workload::finished(RunId run, const Finished& answer) {
  Work* work = find(run);
  if (work != nullptr && work->instance != nullptr) work->instance->answered = true;
  if (work == nullptr || !work->is_live()) return settled(run);
  ++counts_.finished;
  Finished timed = answer;
  timed.duration_ms = work->duration_ms();
  counts_.latency_sum_ms += timed.duration_ms;
  const auto& bounds = pipeline::AgentReport::kLatencyBoundsMs;
  const auto bucket = std::ranges::lower_bound(bounds, timed.duration_ms) - bounds.begin();
  ++counts_.latency[static_cast<std::size_t>(bucket)];
  deltas_.end(run);
  if (answer_files_ == nullptr) {
    answers_.finished(run, timed);
  } else {
    const AgentProfile& profile = work->instance->profile();
    answer_files_->finished(run, timed, profile.workspace,
                            {profile.uid, profile.gid, profile.hidden});
  }
  close(run);
  owner_.on_over(Shown::answers);
}

// `message` may quote program output with secrets in it, and goes to the journal and to channels:
// so it is redacted for every protocol.
void Workload::failed(RunId run, fb::RunErrorKind kind, std::string_view message) {
  Work* work = find(run);
  if (work != nullptr && work->instance != nullptr) work->instance->answered = true;
  if (work == nullptr || !work->is_live()) return settled(run);
  deltas_.end(run);
  tell_failed(*work, kind, hide_secrets(log::redacted(std::string(message))));
  close(run);
  // An agent that reports why a run failed works; one whose process ended does not.
  owner_.on_over(kind == fb::RunErrorKind::crash ? Shown::nothing : Shown::works);
}

// The agent has stopped working on a cancelled run.
void Workload::settled(RunId run) {
  close(run);
  owner_.on_over(Shown::nothing);
}

}  // namespace spine::agents
