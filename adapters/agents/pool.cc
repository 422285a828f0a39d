// AgentPool: what comes from the engine, and what is told of the agent.
#include "adapters/agents/pool.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "engine/pipeline/clock.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

std::string quarantine_text(std::string_view agent, std::string_view problem) {
  return fmt::format(
      "The agent {0} is in quarantine: it crashed again and again. The last time: "
      "{1}. When that is mended, `spine agents reset {0}` lets it work again.",
      agent, problem.empty() ? "before this start of the gateway" : problem);
}

}  // namespace

AgentPool::AgentPool(const PoolContext& context, const config::AgentConfig& agent,
                     AgentSkills skills, bool quarantined)
    : context_(context),
      agent_(std::make_shared<const config::AgentConfig>(agent)),
      log_name_("agent/" + agent.id),
      log_(log_name_),
      skills_(std::move(skills)),
      timer_(evtimer_new(context.base, &AgentPool::on_timer, this)),
      soon_(evtimer_new(context.base, &AgentPool::on_soon, this)),
      quarantined_(quarantined) {
  SPINE_CHECK(timer_ != nullptr && soon_ != nullptr);
  note_refusal();
}

void AgentPool::note_refusal() {
  refusal_ = policy_refusal(*agent_, context_.means);
  if (!refusal_.empty()) log_.error("it is not started: {}", refusal_);
}

AgentPool::~AgentPool() {
  for (const auto& [id, work] : works_) {
    if (work.instance == nullptr) context_.waiting_bytes -= work.text.size();
  }
}

void AgentPool::prompt(const pipeline::PromptItem& item) {
  if (quarantined_) {
    ++counts_.failed;
    context_.answers.failed(item.run, fb::RunErrorKind::crash,
                            quarantine_text(agent_->id, problem_), 0);
    return;
  }
  const std::size_t waiting_bytes = context_.waiting_bytes + item.text.size();
  if (waiting_bytes > limits::kPromptsWaitingBytesMax && !works_.empty()) {
    ++counts_.failed;
    context_.answers.failed(item.run, fb::RunErrorKind::rate_limit,
                            "Too much waits for the agents of this gateway. Send it again later.",
                            0);
    return;
  }
  close(item.run);
  context_.waiting_bytes += item.text.size();
  works_.emplace(item.run.value, Work{item, pipeline::monotonic_now_us()});
  waiting_.push_back(item.run.value);
  dispatch();
}

void AgentPool::cancel(RunId run) {
  const auto found = works_.find(run.value);
  if (found == works_.end() || found->second.cancelled_us != 0) return;
  ++counts_.aborted;
  abandon(found->second);
  dispatch();
}

void AgentPool::steer(const pipeline::SteerItem& item) {
  Work* work = live(item.into);
  if (work == nullptr || !work->instance->traits().steers) return;
  work->instance->protocol().steer(item.run, item.into, item.text);
}

void AgentPool::answer(const pipeline::AnswerItem& item) {
  Work* work = live(item.run);
  if (work == nullptr) return;
  if (work->asks_open != 0) --work->asks_open;
  const bool allowed = item.decision == fb::ApprovalDecision::allow_once ||
                       item.decision == fb::ApprovalDecision::allow_always;
  // Who was allowed to read has not asked whether it may run commands.
  if (allowed && std::ranges::find(work->asks_marked, item.ask) != work->asks_marked.end()) {
    work->permitted = true;
  }
  work->instance->protocol().answer(item.ask, item.decision);
}

void AgentPool::restart() {
  log_.info("restart: its processes are ended");
  not_before_us_ = 0;
  ready_once_ = false;
  for (const auto& instance : instances_) {
    instance->end(fb::AgentExitReason::restarted, "somebody asked for a restart",
                  Ending::terminate);
  }
}

void AgentPool::release() {
  if (quarantined_) log_.info("released from quarantine");
  quarantined_ = false;
  start_failed_ = false;
  crashes_ = unready_ = 0;
  ready_once_ = false;
  not_before_us_ = 0;
  dispatch();
}

// Processes go on as they are until they are idle; places may be others.
void AgentPool::configure(const config::AgentConfig& agent) {
  if (agent == *agent_) return;
  agent_ = std::make_shared<const config::AgentConfig>(agent);
  note_refusal();
  places_.reset();
  checked_program_.clear();
  not_before_us_ = 0;
  unready_ = 0;
  ready_once_ = false;
  for (const auto& instance : instances_) {
    instance->stale = true;
    if (instance->runs != 0) continue;
    instance->end(fb::AgentExitReason::restarted, "its configuration changed", Ending::gentle);
  }
  dispatch();
}

// Pi gets its skills when it is started; the others with a prompt.
void AgentPool::set_skills(AgentSkills skills) {
  if (skills.version == skills_.version) return;
  skills_ = std::move(skills);
  const bool at_start = agent_->process.driver == config::Driver::pi;
  for (const auto& instance : instances_) {
    if (!at_start) {
      instance->set_skills(skills_.skills, skills_.version);
      continue;
    }
    instance->stale = true;
    if (instance->runs != 0) continue;
    instance->end(fb::AgentExitReason::restarted, "its skills changed", Ending::gentle);
  }
}

void AgentPool::begin_stop() {
  stopping_ = true;
  for (const auto& [id, work] : works_) {
    if (work.instance == nullptr || work.cancelled_us != 0) continue;
    if (work.instance->state() == InstanceState::ready) work.instance->protocol().cancel(work.run);
  }
  for (const auto& instance : instances_)
    instance->end(fb::AgentExitReason::stopped, "the gateway stops", Ending::terminate);
}

void AgentPool::tick() {
  const std::uint64_t now_us = pipeline::monotonic_now_us();
  mind_room();
  for (const auto& instance : instances_)
    watch(*instance, now_us);
  const std::uint64_t stop_us = agent_->process.stop_ms * 1'000;
  std::vector<RunId> deaf;  // cancelled, and their processes go on with them
  for (const auto& [id, work] : works_) {
    if (work.instance == nullptr || work.cancelled_us == 0) continue;
    if (now_us - work.cancelled_us > stop_us) deaf.push_back(work.run);
  }
  for (const RunId run : deaf)
    give_up(works_.at(run.value));
  fail_late(now_us);
  fail_silent(now_us);
  dispatch();
}

void AgentPool::fail_late(std::uint64_t now_us) {
  const std::uint64_t run_us = agent_->process.run_ms * 1'000;
  if (run_us == 0) return;
  for (auto& [id, work] : works_) {
    if (work.instance == nullptr || work.cancelled_us != 0) continue;
    if (now_us - work.prompted_us <= run_us) continue;
    fail(work, fb::RunErrorKind::timeout,
         fmt::format("The agent did not finish within {} s and was stopped.",
                     agent_->process.run_ms / 1'000));
  }
}

// Whether nothing at all was heard of the run for longer than its agent may be silent. What it
// writes to stderr is no sign of work: programs that hang write warnings there for ever.
bool AgentPool::is_silent(Work& work, std::uint64_t now_us) const {
  // It is a person who is silent, or the gateway does not read.
  if (work.asks_open != 0 || paused_) work.heard_us = now_us;
  const std::uint64_t heard_us = std::max(work.heard_us, work.instance->heard_us);
  return now_us > heard_us && now_us - heard_us > agent_->process.silence_ms * 1'000;
}

void AgentPool::fail_silent(std::uint64_t now_us) {
  if (agent_->process.silence_ms == 0) return;
  for (auto& [id, work] : works_) {
    if (work.instance == nullptr || work.cancelled_us != 0 || !is_silent(work, now_us)) continue;
    std::string where;
    if (!work.tools.empty()) where = fmt::format(" while it used {}", work.tools.back().name);
    fail(work, fb::RunErrorKind::timeout,
         fmt::format("The agent said nothing for {}{} and was stopped (spine.silenceMs).",
                     show_duration_ms(agent_->process.silence_ms), where));
  }
}

// Its process does not hear. Others that it works on are not to suffer: it gets no more, and is
// ended after them; until then what it says of this run is not listened to.
void AgentPool::give_up(Work& work) {
  Instance& instance = *work.instance;
  if (live_runs(instance) == 0) {
    instance.end(fb::AgentExitReason::unresponsive, "it went on after it was told to stop working",
                 Ending::terminate);
    return;
  }
  instance.stale = true;
  close(work.run);
}

std::uint32_t AgentPool::live_runs(const Instance& instance) const {
  std::uint32_t count = 0;
  for (const auto& [id, work] : works_)
    count += work.instance == &instance && work.cancelled_us == 0 ? 1U : 0U;
  return count;
}

void AgentPool::mind_room() {
  const bool full = !context_.answers.has_room();
  if (full == paused_) return;
  paused_ = full;
  for (const auto& instance : instances_)
    instance->pause_output(full);
}

void AgentPool::report(pipeline::AgentReport& out) const {
  out.driver = name_of(agent_->process.driver);
  out.problem = refusal_.empty() ? problem_ : refusal_;
  out.memory = context_.cgroups.summary();
  std::uint32_t starting = 0;
  for (const auto& instance : instances_) {
    out.sandbox = instance->sandbox();
    const InstanceState state = instance->state();
    if (state == InstanceState::ready) ++out.ready;
    if (state == InstanceState::starting) ++starting;
    out.running += instance->runs;
    out.instances.push_back({.number = instance->number(),
                             .pid = instance->pid(),
                             .state = state == InstanceState::starting   ? "starting"
                                      : state == InstanceState::stopping ? "stopping"
                                      : instance->runs != 0              ? "busy"
                                                                         : "ready",
                             .sessions = instance->sessions,
                             .resident_bytes = instance->resident_bytes,
                             .started_wall_ms = instance->started_wall_ms(),
                             .trusted = instance->trust() == fb::Trust::trusted});
  }
  for (const auto& [id, work] : works_)
    out.queued += work.instance == nullptr ? 1U : 0U;
  const std::uint64_t now_us = pipeline::monotonic_now_us();
  const bool backs_off = now_us < not_before_us_;
  out.state = quarantined_                         ? "quarantined"
              : out.ready                          ? "ready"
              : starting                           ? "starting"
              : backs_off                          ? "backoff"
              : start_failed_ || !refusal_.empty() ? "failed"
                                                   : "idle";
  if (out.state == "idle") out.ready = 1;  // it starts when it is needed
  if (backs_off) {
    out.restart_wall_ms =
        pipeline::wall_now_ms() + static_cast<std::int64_t>((not_before_us_ - now_us) / 1'000);
  }
  out.starts = counts_.starts;
  out.crashes = counts_.crashes;
  out.runs_finished = counts_.finished;
  out.runs_failed = counts_.failed;
  out.runs_aborted = counts_.aborted;
  out.latency = counts_.latency;
  out.latency_sum_ms = counts_.latency_sum_ms;
}

void AgentPool::on_timer(evutil_socket_t, short, void* self) {
  static_cast<AgentPool*>(self)->dispatch();
}

void AgentPool::on_soon(evutil_socket_t, short, void* self) {
  auto* pool = static_cast<AgentPool*>(self);
  pool->end_abandoned();
  pool->dispatch();
}

void AgentPool::dispatch_soon() {
  event_active(soon_.get(), EV_TIMEOUT, 0);
}

void AgentPool::end_abandoned() {
  const std::vector<RunId> runs = std::exchange(abandoned_, {});
  for (const RunId run : runs) {
    const auto found = works_.find(run.value);
    if (found != works_.end() && found->second.instance != nullptr) abandon(found->second);
  }
}

}  // namespace spine::agents
