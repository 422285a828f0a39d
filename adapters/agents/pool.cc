// AgentPool: what comes from the engine, who works on it, and what is told of the agent.
#include "adapters/agents/pool.h"

#include <algorithm>
#include <array>
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

std::vector<std::string> hidden_places(const GatewayPlaces& gateway) {
  std::vector<std::string> out = gateway.key_paths;
  out.push_back(gateway.state_dir);
  if (!gateway.config_path.empty()) out.push_back(gateway.config_path);
  return out;
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

// What it calls may end up here again: then the outer call goes round once more.
void AgentPool::dispatch() {
  if (stopping_) return;
  dispatch_again_ = true;
  if (dispatching_) return;
  dispatching_ = true;
  while (dispatch_again_) {
    dispatch_again_ = false;
    give_out();
  }
  dispatching_ = false;
}

// Gives out what can be given, the oldest first. Where one finds no room, others of its kind do not
// either.
void AgentPool::give_out() {
  std::uint32_t wanted = 0;         // runs that wait for a process that is starting
  std::array<bool, 2> exhausted{};  // by trust
  for (std::size_t i = 0; i < waiting_.size() && !(exhausted[0] && exhausted[1]);) {
    const auto found = works_.find(waiting_[i]);
    const bool gone = found == works_.end() || found->second.instance != nullptr;
    bool given = gone;
    if (!gone) {
      Work& work = found->second;
      bool& none_left = exhausted[work.trust == fb::Trust::trusted ? 0 : 1];
      if (none_left || busy_.contains(work.session.value)) {
        ++i;
        continue;
      }
      const Placed placed = place(work, wanted);
      given = placed == Placed::given;
      none_left = placed == Placed::exhausted;
    }
    if (!given) {
      ++i;
    } else if (i < waiting_.size()) {  // a start that failed may have ended all that waits
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

AgentPool::Placed AgentPool::place(Work& work, std::uint32_t& wanted) {
  if (bound_elsewhere(work)) return Placed::held;
  if (Instance* instance = find_room(work); instance != nullptr) {
    give(work, *instance);
    return Placed::given;
  }
  const bool one_shot = agent_->process.driver == config::Driver::jsonl;
  std::uint32_t coming = 0;
  for (const auto& instance : instances_) {
    if (instance->reserved() == work.run) return Placed::held;
    const bool counts = instance->state() == InstanceState::starting && !instance->stale &&
                        !instance->reserved() && instance->trust() == work.trust;
    if (counts) coming += instance->traits().sessions_at_once;
  }
  if (++wanted <= coming) return Placed::held;
  const Placed none = one_shot || work.attempt > 1 ? Placed::held : Placed::exhausted;
  if (pipeline::monotonic_now_us() < not_before_us_) return none;
  if (instances_.size() < agent_->process.instances_max) {
    start_one(work);
    return Placed::asked;
  }
  make_room(work.trust);
  return none;
}

// Its conversation lives in a process that has no room now, and cannot be gone on with in another.
bool AgentPool::bound_elsewhere(const Work& work) const {
  if (work.agent_session.empty()) return false;
  const auto sticky = sticky_.find(work.session.value);
  if (sticky == sticky_.end()) return false;
  for (const auto& instance : instances_) {
    if (instance->number() != sticky->second) continue;
    const bool lives = instance->state() == InstanceState::ready && !instance->stale &&
                       instance->trust() == work.trust && !instance->traits().conversations_move;
    return lives && instance->runs >= instance->traits().sessions_at_once;
  }
  return false;
}

bool AgentPool::has_room(const Instance& instance, const Work& work) const {
  if (instance.state() != InstanceState::ready || instance.stale) return false;
  if (instance.trust() != work.trust) return false;
  // A run that was interrupted may be what ended the process: others are not to end with it again.
  if (instance.solo || work.attempt > 1) return instance.runs == 0;
  return instance.runs < instance.traits().sessions_at_once;
}

Instance* AgentPool::find_room(const Work& work) {
  const auto sticky = sticky_.find(work.session.value);
  Instance* best = nullptr;
  for (const auto& instance : instances_) {
    if (!has_room(*instance, work)) continue;
    if (instance->reserved()) {
      if (instance->reserved() == work.run) return instance.get();
      continue;
    }
    if (sticky != sticky_.end() && sticky->second == instance->number()) return instance.get();
    const bool better = best == nullptr || instance->runs < best->runs ||
                        (instance->runs == best->runs && instance->sessions < best->sessions);
    if (better) best = instance.get();
  }
  return best;
}

void AgentPool::stick(SessionId session, Instance& instance) {
  if (sticky_.size() >= limits::kStickySessionsMax) {
    // Forgetting costs a switch of conversations, no more.
    sticky_.clear();
    for (const auto& other : instances_)
      other->sessions = 0;
  }
  const auto [place, added] = sticky_.try_emplace(session.value, instance.number());
  if (!added && place->second == instance.number()) return;
  for (const auto& other : instances_) {
    if (!added && other->number() == place->second && other->sessions != 0) --other->sessions;
  }
  place->second = instance.number();
  ++instance.sessions;
}

void AgentPool::give(Work& work, Instance& instance) {
  context_.waiting_bytes -= work.text.size();
  work.instance = &instance;
  work.prompted_us = pipeline::monotonic_now_us();
  work.heard_us = work.prompted_us;
  ++instance.runs;
  instance.solo = work.attempt > 1;
  busy_.insert(work.session.value);
  stick(work.session, instance);
  instance.protocol().prompt(work.prompt());
}

// The process that this run waits for. A start that fails at once ends everything that waits.
void AgentPool::start_one(Work& work) {
  if (!refusal_.empty()) return start_failed(work, Error{Errc::refused, refusal_});
  const bool own = agent_->tool_policy.own;
  if (!places_) {
    auto places = make_places(context_.gateway, *agent_);
    if (!places) return start_failed(work, places.error());
    places_ = std::move(*places);
  }
  AgentProfile profile{.agent_id = agent_->id,
                       .workspace = places_->workspace,
                       .data_dir = places_->data_dir,
                       .model = agent_->model_primary == "spine/echo" ? "" : agent_->model_primary,
                       .preset = agent_->process.preset,
                       .args = agent_->process.args,
                       .trust = work.trust,
                       .untrusted_tools = agent_->untrusted_allow,
                       .denied = own ? std::vector<std::string>{} : agent_->deny,
                       .skills = skills_.skills,
                       .skills_version = skills_.version,
                       .uid = places_->uid,
                       .gid = places_->gid,
                       .hidden = hidden_places(context_.gateway)};
  InstanceSetup setup{
      .base = context_.base,
      .agent = agent_,
      .gateway = context_.gateway,
      .places = *places_,
      .means = context_.means,
      .files = context_.files,
      .cgroups = context_.cgroups,
      .checked_program = checked_program_,
      .skill_env = work.trust == fb::Trust::trusted ? skills_.env : decltype(skills_.env){},
      .number = ++numbers_};
  const bool one_shot = agent_->process.driver == config::Driver::jsonl;
  if (one_shot) setup.reserved = work.run;
  auto instance = std::make_unique<Instance>(setup, std::move(profile), *this);
  Instance& started = *instance;
  instances_.push_back(std::move(instance));
  const ProtocolPrompt first = work.prompt();
  if (const Status began = started.start(one_shot ? &first : nullptr); !began) {
    std::erase_if(instances_, [&](const auto& entry) { return entry.get() == &started; });
    start_failed(work, began.error());
    return;
  }
  ++counts_.starts;
  start_failed_ = false;
}

// All places are taken: an idle process that this run cannot use goes.
void AgentPool::make_room(fb::Trust trust) {
  for (const auto& instance : instances_) {
    if (instance->state() == InstanceState::stopping) return;  // its place comes
  }
  for (const auto& instance : instances_) {
    const bool usable = instance->trust() == trust && !instance->stale;
    if (usable || instance->runs != 0 || instance->reserved()) continue;
    if (instance->state() != InstanceState::ready) continue;
    instance->end(fb::AgentExitReason::idle, "its place is needed", Ending::gentle);
    return;
  }
}

Work* AgentPool::live(RunId run) {
  const auto found = works_.find(run.value);
  if (found == works_.end() || found->second.instance == nullptr) return nullptr;
  return found->second.cancelled_us == 0 ? &found->second : nullptr;
}

Work* AgentPool::heard(RunId run) {
  Work* work = live(run);
  if (work != nullptr) work->heard_us = pipeline::monotonic_now_us();
  return work;
}

// Its instance no longer works on it.
void AgentPool::let_go(Work& work) {
  if (work.instance == nullptr) {
    context_.waiting_bytes -= work.text.size();
    return;
  }
  busy_.erase(work.session.value);
  Instance& instance = *work.instance;
  if (instance.runs != 0) --instance.runs;
  instance.idle_since_us = pipeline::monotonic_now_us();
  work.instance = nullptr;
  if (instance.runs != 0 || !instance.stale) return;
  instance.end(fb::AgentExitReason::restarted, "its configuration or skills changed",
               Ending::gentle);
}

void AgentPool::close(RunId run) {
  const auto found = works_.find(run.value);
  if (found == works_.end()) return;
  let_go(found->second);
  works_.erase(found);
}

}  // namespace spine::agents
