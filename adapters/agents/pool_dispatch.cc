// AgentPool: which process works on which run.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "adapters/agents/pool.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

std::vector<std::string> hidden_places(const GatewayPlaces& gateway) {
  std::vector<std::string> out = gateway.key_paths;
  out.push_back(gateway.state_dir);
  if (!gateway.config_path.empty()) out.push_back(gateway.config_path);
  return out;
}

}  // namespace

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
