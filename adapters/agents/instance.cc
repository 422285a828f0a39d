// Instance: start, readiness, the steps of an end, and what its process writes.
#include "adapters/agents/instance.h"

#include <csignal>
#include <fmt/format.h>
#include <utility>

#include "engine/pipeline/clock.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

std::unique_ptr<Protocol> make_protocol(config::Driver driver, const AgentProfile& profile,
                                        ProtocolSink& sink) {
  switch (driver) {
    case config::Driver::pi:
      return make_pi_protocol(profile, sink);
    case config::Driver::acp:
      return make_acp_protocol(profile, sink);
    default:
      return make_jsonl_protocol(profile, sink);
  }
}

// What bubblewrap says of the process in it: one that a signal ended is an exit code, as in shells.
ChildExit exit_inside(const ChildExit& exit) {
  constexpr int kSignalled = 128;
  if (exit.signal != 0 || exit.code <= kSignalled || exit.code > kSignalled + 64) return exit;
  return {.code = -1, .signal = exit.code - kSignalled};
}

std::string exit_in_words(const ChildExit& exit) {
  if (exit.signal != 0) return fmt::format("it was ended by signal {}", exit.signal);
  return fmt::format("it ended with exit code {}", exit.code);
}

}  // namespace

Instance::Instance(const InstanceSetup& setup, AgentProfile profile, InstanceOwner& owner)
    : setup_(setup),
      profile_(std::move(profile)),
      owner_(owner),
      protocol_(make_protocol(setup.agent->process.driver, profile_, *this)),
      traits_(protocol_->traits()),
      timer_(evtimer_new(setup.base, &Instance::on_timer, this)),
      reserved_(setup.reserved),
      number_(setup.number) {
  SPINE_CHECK(timer_ != nullptr);
}

Instance::~Instance() = default;

Result<Launch> Instance::prepare(const ProtocolPrompt* first) {
  LaunchRequest request{
      .agent = *setup_.agent,
      .gateway = setup_.gateway,
      .places = setup_.places,
      .means = setup_.means,
      .command_line = protocol_->command_line(setup_.agent->process.command, first),
      .skill_env = setup_.skill_env};
  for (const SkillHandOver& skill : profile_.skills)
    request.skill_dirs.push_back(skill.directory);
  return prepare_launch(request);
}

Status Instance::start(const ProtocolPrompt* first) {
  SPINE_TRY(Launch launch, prepare(first));
  if (setup_.checked_program != launch.program) {
    SPINE_TRY_STATUS(check_node_version(launch.program, launch.plan.env, launch.probe));
    setup_.checked_program = launch.program;
  }
  sandbox_ = std::move(launch.sandbox);
  launch.plan.line_bytes_max = setup_.agent->process.line_bytes_max;
  launch.plan.input_bytes_max = limits::kAgentInputBytesMax;
  SPINE_TRY(child_, Child::spawn(setup_.base, std::move(launch.plan), *this));
  pid_ = child_->pid();
  started_us_ = pipeline::monotonic_now_us();
  started_wall_ms_ = pipeline::wall_now_ms();
  set_timer(setup_.agent->process.ready_ms);
  protocol_->begin();
  return ok();
}

void Instance::set_timer(std::uint64_t ms) {
  const timeval delay{static_cast<time_t>(ms / 1'000),
                      static_cast<suseconds_t>(ms % 1'000 * 1'000)};
  SPINE_CHECK(evtimer_add(timer_.get(), &delay) == 0);
}

void Instance::on_timer(evutil_socket_t, short, void* self) {
  static_cast<Instance*>(self)->proceed();
}

void Instance::proceed() {
  switch (ending_) {
    case Ending::none:
      return end(fb::AgentExitReason::not_ready,
                 fmt::format("it was not ready within {} ms", setup_.agent->process.ready_ms),
                 Ending::kill);
    case Ending::gentle:
      return end(reason_, message_, Ending::terminate);
    default:
      return end(reason_, message_, Ending::kill);
  }
}

void Instance::end(fb::AgentExitReason reason, std::string message, Ending how) {
  if (state_ == InstanceState::stopping && how <= ending_) return;
  if (state_ != InstanceState::stopping) {
    reason_ = reason;
    message_ = std::move(message);
  }
  state_ = InstanceState::stopping;
  ending_ = how;
  switch (how) {
    case Ending::gentle:
      child_->close_input();
      break;
    case Ending::terminate:
      child_->signal(SIGTERM);
      break;
    default:
      muted_ = true;
      child_->signal(SIGKILL);
      evtimer_del(timer_.get());
      return;
  }
  set_timer(setup_.agent->process.stop_ms);
}

void Instance::set_skills(std::vector<SkillHandOver> skills, std::uint64_t version) {
  profile_.skills = std::move(skills);
  profile_.skills_version = version;
}

void Instance::on_line(std::string_view line) {
  if (muted_) return;
  of_a_run_ = false;
  protocol_->line(line);
  if (!of_a_run_) owner_.on_heard(*this);
}

void Instance::on_stderr(std::string_view line) {
  owner_.on_log(line, true);
}

void Instance::on_line_too_long() {
  end(fb::AgentExitReason::bad_output,
      fmt::format("it wrote a line of more than {} bytes", setup_.agent->process.line_bytes_max),
      Ending::kill);
}

void Instance::on_exit(const ChildExit& reported) {
  evtimer_del(timer_.get());
  const ChildExit exit = sandbox_ == "bubblewrap" ? exit_inside(reported) : reported;
  if (state_ != InstanceState::stopping) {
    // It went by itself. A process for one prompt may do that; what it said last decides.
    // What it wrote to stderr is in the log alone: nobody knows what secrets are in it.
    std::string why = exit_in_words(exit);
    if (!child_->stderr_tail().empty()) {
      why += fmt::format("; what it wrote: spine agents logs {}", setup_.agent->id);
    }
    const bool clean = exit.signal == 0;
    if (clean && traits_.one_shot && !muted_) protocol_->ended(exit.code == 0, why);
    reason_ = clean && traits_.one_shot ? fb::AgentExitReason::done : fb::AgentExitReason::crashed;
    message_ = std::move(why);
    state_ = InstanceState::stopping;
  }
  owner_.on_gone(*this, exit);
}

void Instance::write(std::string_view line) {
  if (child_ == nullptr || state_ == InstanceState::stopping) return;
  if (child_->write(line)) return;
  end(fb::AgentExitReason::bad_output, "it does not read what it is told", Ending::kill);
}

void Instance::close_input() {
  if (child_ != nullptr) child_->close_input();
}

void Instance::ready(std::string_view version) {
  if (state_ != InstanceState::starting) return;
  state_ = InstanceState::ready;
  traits_ = protocol_->traits();
  evtimer_del(timer_.get());
  ready_ms_ = (pipeline::monotonic_now_us() - started_us_) / 1'000;
  idle_since_us = pipeline::monotonic_now_us();
  owner_.on_ready(*this, version);
}

void Instance::fault(std::string_view why) {
  muted_ = true;
  end(fb::AgentExitReason::bad_output, std::string(why), Ending::kill);
}

}  // namespace spine::agents
