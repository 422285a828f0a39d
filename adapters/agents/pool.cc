// AgentPool: requests of the engine, assignment of runs to processes, crash handling, and reports
// about the agent.
#include "adapters/agents/pool.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "adapters/agents/file_courier.h"
#include "adapters/agents/process/memory_use.h"
#include "adapters/agents/workload.h"
#include "adapters/loop/timer.h"
#include "adapters/media/stored_file.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
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

bool is_one_shot(const config::AgentConfig& agent) {
  return protocol_kind(agent.process.driver, agent.process.preset).traits.one_shot;
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

// As the control group reports it, else counted from /proc.
std::uint64_t memory_of(const Instance& instance, const MemoryMeter& meter) {
  const Cgroup* group = instance.group();
  if (const std::uint64_t held = group == nullptr ? 0 : group->memory_bytes(); held != 0) {
    return held;
  }
  std::vector<ProcessEntry> processes =
      with_descendants(meter.processes(), static_cast<std::int32_t>(instance.pid()));
  if (group == nullptr) return meter.of(processes).total();
  // Also members of the group that are no descendants any more (reparented).
  const std::vector<std::int32_t> members = group->members();
  std::ranges::copy_if(
      meter.processes(), std::back_inserter(processes), [&](const ProcessEntry& entry) {
        return std::ranges::find(members, entry.pid) != members.end() &&
               std::ranges::find(processes, entry.pid, &ProcessEntry::pid) == processes.end();
      });
  return meter.of(processes).total();
}

// Thread: loop. Sessions are sticky, and trusted and untrusted runs never share a process: pool.h.
class AgentPool final : public Driver, public InstanceOwner, public WorkloadOwner {
 public:
  AgentPool(const PoolContext& context, const config::AgentConfig& agent, AgentSkills skills,
            bool quarantined)
      : context_(context),
        agent_(std::make_shared<const config::AgentConfig>(agent)),
        log_name_("agent/" + agent.id),
        log_(log_name_),
        skills_(std::move(skills)),
        runs_(context.answers, context.deltas, context.waiting_bytes, agent_, log_, *this,
              context.answer_files),
        courier_(context.shared.files, agent.id, log_, [this] { dispatch(); }),
        next_start_(context.shared.base, [this] { dispatch(); }),
        soon_(context.shared.base,
              [this] {
                runs_.abandon_failed();
                dispatch();
              }),
        quarantined_(quarantined) {
    note_refusal();
  }

  config::Driver kind() const override { return agent_->process.driver; }
  void prompt(const pipeline::PromptItem& item) override {
    if (quarantined_) {
      return runs_.refuse(item.run, fb::RunErrorKind::crash, quarantine_text(agent_->id, problem_));
    }
    if (runs_.add(item)) dispatch();
  }
  void cancel(RunId run) override {
    Work* work = runs_.find(run);
    if (work == nullptr || work->cancelled_us != 0) return;
    for (const auto& starting : instances_) {
      if (work->instance != nullptr || starting->reserved() != run) continue;
      starting->end(fb::AgentExitReason::done, "its prompt was cancelled", Ending::terminate);
    }
    runs_.cancel(*work);
    dispatch();
  }

  void steer(const pipeline::SteerItem& item) override {
    Work* work = runs_.live(item.into);
    if (work == nullptr || !work->instance->traits().steers) return;
    work->instance->protocol().steer(item.run, item.into, item.text);
  }
  void answer(const pipeline::AnswerItem& item) override {
    Work* work = runs_.live(item.run);
    if (work == nullptr) return;
    runs_.note_answer(*work, item);
    work->instance->protocol().answer(item.ask, item.decision);
  }
  void restart() override {
    log_.info("restart: its processes are ended");
    not_before_us_ = 0;
    ready_once_ = false;
    for (const auto& instance : instances_) {
      instance->end(fb::AgentExitReason::restarted, "somebody asked for a restart",
                    Ending::terminate);
    }
  }

  void release() override {
    if (quarantined_) log_.info("released from quarantine");
    quarantined_ = false;
    start_failed_ = false;
    crashes_ = unready_ = 0;
    ready_once_ = false;
    not_before_us_ = 0;
    dispatch();
  }

  // Busy processes keep the old configuration until they are idle. Directories are looked up anew.
  void configure(const config::AgentConfig& agent) override {
    if (agent == *agent_) return;
    agent_ = std::make_shared<const config::AgentConfig>(agent);
    note_refusal();
    places_.reset();
    checked_program_.clear();
    not_before_us_ = 0;
    unready_ = 0;
    ready_once_ = false;
    end_stale("its configuration changed");
    dispatch();
  }

  void set_skills(AgentSkills skills) override {
    if (skills.version == skills_.version) return;
    skills_ = std::move(skills);
    const config::AgentProcess& process = agent_->process;
    if (protocol_kind(process.driver, process.preset).traits.skills_at_start) {
      return end_stale("its skills changed");
    }
    for (const auto& instance : instances_)
      instance->set_skills(skills_.skills, skills_.version);
  }

  void fail_all(std::string_view why) override { runs_.fail_all(why); }
  void tick() override {
    const std::uint64_t now_us = pipeline::monotonic_now_us();
    mind_room();
    for (const auto& instance : instances_)
      watch(*instance, now_us);
    for (const RunId run : runs_.unresponsive(now_us))
      give_up(*runs_.find(run));
    runs_.fail_overdue(now_us, paused_);
    dispatch();
  }

  void measure(const MemoryMeter& meter) override {
    const std::uint64_t bytes_max = agent_->process.memory_bytes_max;
    for (const auto& instance : instances_) {
      if (instance->state() == InstanceState::stopping) continue;
      instance->resident_bytes = memory_of(*instance, meter);
      if (bytes_max == 0 || instance->resident_bytes <= bytes_max) continue;
      if (context_.shared.cgroups.holds_memory())
        continue;  // the kernel enforces the bound, and counts better
      instance->end(fb::AgentExitReason::memory,
                    fmt::format("it took {} MiB of memory, more than its bound of {} MiB",
                                instance->resident_bytes / limits::kMiB, bytes_max / limits::kMiB),
                    Ending::kill);
    }
  }

  void record_partials() override { runs_.record_partials(); }
  void begin_stop() override {
    stopping_ = true;
    runs_.cancel_all();
    for (const auto& instance : instances_)
      instance->end(fb::AgentExitReason::stopped, "the gateway stops", Ending::terminate);
  }
  bool ended() const override { return instances_.empty(); }
  bool quarantined() const override { return quarantined_; }
  void report(pipeline::AgentReport& out) const override {
    out.driver = name_of(agent_->process.driver);
    out.problem = refusal_.empty() ? problem_ : refusal_;
    out.memory = context_.shared.cgroups.summary();
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
    runs_.report(out);
    const std::uint64_t now_us = pipeline::monotonic_now_us();
    const bool backs_off = now_us < not_before_us_;
    out.state = quarantined_                         ? "quarantined"
                : out.ready                          ? "ready"
                : starting                           ? "starting"
                : backs_off                          ? "backoff"
                : start_failed_ || !refusal_.empty() ? "failed"
                                                     : "idle";
    if (out.state == "idle") out.ready = 1;  // a process is started on demand
    if (backs_off) {
      out.restart_wall_ms =
          pipeline::wall_now_ms() + static_cast<std::int64_t>((not_before_us_ - now_us) / 1'000);
    }
    out.starts = starts_;
    out.crashes = crashes_in_all_;
  }

  // InstanceOwner
  void on_ready(Instance& instance, std::string_view version) override {
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
    soon_.fire_soon();
  }

  void on_log(std::string_view text, bool is_stderr) override {
    if (is_stderr) {
      log_.info("stderr: {}", printable(text));
    } else {
      log_.warn("{}", printable(text));
    }
  }

  void on_gone(Instance& instance, const ChildExit& exit) override {
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
    runs_.interrupt(instance, !stopping_);
    std::erase_if(sticky_, [&](const auto& entry) { return entry.second == instance.number(); });
    const std::string why = instance.message();
    std::erase_if(instances_, [&](const auto& entry) { return entry.get() == &instance; });
    if (hopeless && !quarantined_) {
      start_failed_ = true;
      runs_.fail_waiting(fb::RunErrorKind::crash,
                         fmt::format("The agent {} could not be started: {}.", agent_->id, why));
    }
    if (quarantined_ && crashed) {
      runs_.fail_waiting(
          fb::RunErrorKind::crash,
          fmt::format("The agent {0} crashed {1} times in a row and is in quarantine. The "
                      "last time: {2}. When that is mended, `spine agents reset {0}` lets "
                      "it work again.",
                      agent_->id, crashes_, problem_));
    }
    dispatch();
  }

  // WorkloadOwner
  void on_handed_in() override { mind_room(); }
  void on_over(Shown shown) override {
    if (shown != Shown::nothing) crashes_ = 0;
    if (shown == Shown::answers) problem_.clear();
    soon_.fire_soon();
  }

 private:
  // Assignment of runs to processes.

  // Reentrant: a nested call makes the outer one loop once more.
  void dispatch() {
    if (stopping_) return;
    dispatch_again_ = true;
    if (dispatching_) return;
    dispatching_ = true;
    while (dispatch_again_) {
      dispatch_again_ = false;
      std::uint32_t wanted = 0;  // runs that wait for a process that is starting
      runs_.offer([&](Work& work) { return place(work, wanted); });
    }
    dispatching_ = false;
  }

  Placed place(Work& work, std::uint32_t& wanted) {
    if (bound_elsewhere(work)) return Placed::held;
    if (Instance* instance = find_room(work); instance != nullptr) {
      if (!has_files(work, *instance)) return Placed::held;
      give(work, *instance);
      return Placed::given;
    }
    std::uint32_t coming = 0;
    for (const auto& instance : instances_) {
      if (instance->reserved() == work.run()) return Placed::held;
      const bool counts = instance->state() == InstanceState::starting && !instance->stale &&
                          !instance->reserved() && instance->trust() == work.prompt.trust;
      if (counts) coming += instance->traits().sessions_at_once;
    }
    if (++wanted <= coming) return Placed::held;
    const bool alone = is_one_shot(*agent_) || work.prompt.attempt > 1;
    const Placed none = alone ? Placed::held : Placed::exhausted;
    if (pipeline::monotonic_now_us() < not_before_us_) return none;
    if (instances_.size() < agent_->process.instances_max) {
      start_one(work);
      return Placed::held;
    }
    make_room(work.prompt.trust);
    return none;
  }

  // Whether its conversation exists only in one process, which has no room now: some protocols
  // cannot load a conversation in another process.
  bool bound_elsewhere(const Work& work) const {
    if (work.prompt.agent_session.empty()) return false;
    const auto sticky = sticky_.find(work.session());
    if (sticky == sticky_.end()) return false;
    for (const auto& instance : instances_) {
      if (instance->number() != sticky->second) continue;
      const bool lives = instance->state() == InstanceState::ready && !instance->stale &&
                         instance->trust() == work.prompt.trust &&
                         !instance->protocol().conversations_move();
      return lives && instance->runs >= instance->traits().sessions_at_once;
    }
    return false;
  }

  Instance* find_room(const Work& work) {
    const auto sticky = sticky_.find(work.session());
    Instance* best = nullptr;
    for (const auto& instance : instances_) {
      if (!has_room(*instance, work)) continue;
      if (instance->reserved()) {
        if (instance->reserved() == work.run()) return instance.get();
        continue;
      }
      if (sticky != sticky_.end() && sticky->second == instance->number()) return instance.get();
      const bool better = best == nullptr || instance->runs < best->runs ||
                          (instance->runs == best->runs && instance->sessions < best->sessions);
      if (better) best = instance.get();
    }
    return best;
  }

  bool has_room(const Instance& instance, const Work& work) const {
    if (instance.state() != InstanceState::ready || instance.stale) return false;
    if (instance.trust() != work.prompt.trust) return false;
    // A retried run may be what crashed the process: it runs alone, so that it takes no others
    // along.
    if (instance.solo || work.prompt.attempt > 1) return instance.runs == 0;
    return instance.runs < instance.traits().sessions_at_once;
  }

  // Whether the run's files are where this process finds them; if not, they are fetched, and the
  // run is placed again when they are.
  bool has_files(Work& work, const Instance& instance) {
    if (work.files->empty()) return true;
    const AgentProfile& profile = instance.profile();
    // Else the configuration changed meanwhile, and they are brought once more.
    if (work.coming != nullptr && work.coming->workspace == profile.workspace) {
      return work.coming->here;
    }
    FilesPlace place{
        .media = std::filesystem::path(context_.shared.gateway.state_dir) / media::kMediaFolder,
        .workspace = profile.workspace,
        .rules = {profile.uid, profile.gid, profile.hidden}};
    if (instance.traits().sees_images) {
      runs_.reserve_images(work);
      place.images = true;
      place.images_bytes_max = work.image_bytes;
    }
    work.coming = courier_.fetch(work.files, std::move(place));
    return false;
  }

  void give(Work& work, Instance& instance) {
    runs_.give(work, instance);
    stick(work.prompt.session, instance);
    instance.protocol().prompt(work.told());
  }
  void stick(SessionId session, Instance& instance) {
    if (sticky_.size() >= limits::kStickySessionsMax) {
      // A lost entry only costs loading the conversation in another process.
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

  // Starting and ending processes.
  void note_refusal() {
    refusal_ = policy_refusal(*agent_, context_.shared.separation);
    if (!refusal_.empty()) log_.error("it is not started: {}", refusal_);
  }
  AgentProfile profile_for(fb::Trust trust) const {
    const bool own = agent_->tool_policy.own;
    return {.agent_id = agent_->id,
            .workspace = places_->workspace,
            .data_dir = places_->data_dir,
            .model = agent_->model_primary == "spine/echo" ? "" : agent_->model_primary,
            .preset = agent_->process.preset,
            .args = agent_->process.args,
            .trust = trust,
            .untrusted_tools = agent_->untrusted_allow,
            .denied = own ? std::vector<std::string>{} : agent_->deny,
            .skills = skills_.skills,
            .skills_version = skills_.version,
            .uid = places_->uid,
            .gid = places_->gid,
            .hidden = hidden_places(context_.shared.gateway)};
  }

  // Starts a process for this run. A start that fails at once may fail all waiting runs.
  void start_one(Work& work) {
    if (!refusal_.empty()) return start_failed(work, Error{Errc::refused, refusal_});
    if (!places_) {
      auto places = make_places(context_.shared.gateway, *agent_);
      if (!places) return start_failed(work, places.error());
      places_ = std::move(*places);
    }
    const fb::Trust trust = work.prompt.trust;
    const bool one_shot = is_one_shot(*agent_);
    const InstanceSetup setup{
        .shared = context_.shared,
        .agent = agent_,
        .places = *places_,
        .checked_program = checked_program_,
        .skill_env = trust == fb::Trust::trusted ? skills_.env : decltype(skills_.env){},
        .number = ++numbers_,
        .reserved = one_shot ? work.run() : RunId{}};
    instances_.push_back(std::make_unique<Instance>(setup, profile_for(trust), *this, runs_));
    Instance& started = *instances_.back();
    const ProtocolPrompt first = work.outline();
    if (const Status began = started.start(one_shot ? &first : nullptr); !began) {
      std::erase_if(instances_, [&](const auto& entry) { return entry.get() == &started; });
      return start_failed(work, began.error());
    }
    ++starts_;
    start_failed_ = false;
  }

  // No process could be started: fails all waiting runs with the reason, or only this one if other
  // processes can serve the rest. The next prompt tries a start again.
  void start_failed(Work& work, const Error& error) {
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
    if (instances_.empty()) return runs_.fail_waiting(fb::RunErrorKind::crash, why);
    runs_.refuse(work.run(), fb::RunErrorKind::crash, why);
  }

  // The maximum of processes run: ends an idle one that this run cannot use.
  void make_room(fb::Trust trust) {
    for (const auto& instance : instances_) {
      if (instance->state() == InstanceState::stopping) return;  // its place will be free soon
    }
    for (const auto& instance : instances_) {
      const bool usable = instance->trust() == trust && !instance->stale;
      if (usable || instance->runs != 0 || instance->reserved()) continue;
      if (instance->state() != InstanceState::ready) continue;
      instance->end(fb::AgentExitReason::idle, "its place is needed", Ending::gentle);
      return;
    }
  }

  // Counts a crash; returns the back-off in ms before the next start.
  std::uint64_t note_crash(std::string_view why) {
    problem_ = why;
    ++crashes_in_all_;
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
    // One ms more, as the timer may fire slightly early.
    next_start_.start(loop::in_ms(delay_ms + 1));
    return delay_ms;
  }

  // Whether waiting runs fail now instead of waiting for a restart. A program that exits by itself
  // before it is ready cannot start, and will not the next time, unless it has been ready before.
  // One that was ready before, or that was too slow, gets a second try. A kill proves nothing.
  bool is_hopeless(const Instance& instance, const ChildExit& exit) {
    const bool refuses = instance.reason() == fb::AgentExitReason::crashed && exit.signal == 0;
    const bool slow = instance.reason() == fb::AgentExitReason::not_ready;
    if (instance.became_ready() || !(refuses || slow)) return false;
    const bool others = std::ranges::any_of(
        instances_, [](const auto& other) { return other->state() == InstanceState::ready; });
    ++unready_;
    return !others && (unready_ > 1 || (refuses && !ready_once_));
  }

  // The process ignores the cancellation of this run. If it works on other runs, it finishes those,
  // gets no new ones, and is ended then; what it reports about this run is ignored.
  void give_up(Work& work) {
    Instance& instance = *work.instance;
    if (runs_.live_of(instance) == 0) {
      instance.end(fb::AgentExitReason::unresponsive,
                   "it went on after it was told to stop working", Ending::terminate);
      return;
    }
    instance.stale = true;
    runs_.close(work.run());
  }

  // Ends idle processes now, and busy ones once they are idle.
  void end_stale(std::string_view why) {
    for (const auto& instance : instances_) {
      instance->stale = true;
      if (instance->runs != 0) continue;
      instance->end(fb::AgentExitReason::restarted, std::string(why), Ending::gentle);
    }
  }

  // Backpressure: stops reading the output of all processes while the engine's queue is full.
  void mind_room() {
    const bool full = !context_.answers.has_room();
    if (full == paused_) return;
    paused_ = full;
    for (const auto& instance : instances_)
      instance->pause_output(full);
  }

  void watch(Instance& instance, std::uint64_t now_us) {
    if (instance.state() == InstanceState::stopping) return;
    const config::AgentProcess& process = agent_->process;
    if (instance.reserved() && instance.runs == 0 && runs_.find(instance.reserved()) == nullptr) {
      instance.end(fb::AgentExitReason::done, "its prompt is answered", Ending::gentle);
      return;
    }
    const bool idle = instance.state() == InstanceState::ready && instance.runs == 0;
    if (!idle || instance.reserved() || process.idle_ms == 0) return;
    if (now_us - instance.idle_since_us < process.idle_ms * 1'000) return;
    instance.end(fb::AgentExitReason::idle, "there was nothing to do", Ending::gentle);
  }

  PoolContext context_;
  std::shared_ptr<const config::AgentConfig> agent_;
  std::string log_name_;  // "agent/<id>"
  log::Logger log_;
  AgentSkills skills_;
  std::optional<AgentPlaces> places_{};
  Workload runs_;
  FileCourier courier_;
  std::vector<std::unique_ptr<Instance>> instances_{};
  std::unordered_map<std::uint64_t, std::uint32_t> sticky_{};  // session -> number of an instance
  loop::Timer next_start_;
  loop::Timer soon_;
  std::uint64_t starts_{};
  std::uint64_t crashes_in_all_{};
  std::string problem_{};
  std::string refusal_{};  // why policy forbids to start it; empty = it does not
  std::string checked_program_{};
  std::uint64_t not_before_us_{};  // of the next start
  std::uint32_t numbers_{};
  std::uint32_t crashes_{};  // in a row
  std::uint32_t unready_{};  // crashes in a row of processes that were not ready yet
  bool ready_once_{};        // since the configuration changed last, some process became ready
  bool quarantined_{};
  bool start_failed_{};
  bool stopping_{};
  bool paused_{};
  bool dispatching_{};
  bool dispatch_again_{};
};

}  // namespace

std::unique_ptr<Driver> make_agent_pool(const PoolContext& context,
                                        const config::AgentConfig& agent, AgentSkills skills,
                                        bool quarantined) {
  return std::make_unique<AgentPool>(context, agent, std::move(skills), quarantined);
}

}  // namespace spine::agents
