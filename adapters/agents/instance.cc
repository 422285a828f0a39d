// Instance: start, readiness, the steps of an end, and what its process writes.
#include "adapters/agents/instance.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <utility>

#include "adapters/agents/process/error_summary.h"
#include "adapters/agents/process/node_version.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {

Instance::Instance(const InstanceSetup& setup, AgentProfile profile, InstanceOwner& owner,
                   RunEvents& events)
    : setup_(setup),
      profile_(std::move(profile)),
      owner_(owner),
      kind_(protocol_kind(setup.agent->process.driver, profile_.preset)),
      protocol_(kind_.make(profile_, *this, events)),
      timer_(setup.shared.base, [this] { proceed(); }),
      call_timer_(setup.shared.base, [this] { on_calls_due(); }),
      reserved_(setup.reserved),
      number_(setup.number) {}

Instance::~Instance() {
  if (asker_ != 0) setup_.shared.files.close(asker_);
}

Result<Launch> Instance::prepare(const ProtocolPrompt* first) {
  LaunchRequest request{
      .agent = *setup_.agent,
      .gateway = setup_.shared.gateway,
      .places = setup_.places,
      .means = setup_.shared.separation,
      .command_line = protocol_->command_line(setup_.agent->process.command, first),
      .skill_env = setup_.skill_env,
      .memory_is_held = setup_.shared.cgroups.holds_memory()};
  for (const SkillHandOver& skill : profile_.skills)
    request.skill_dirs.push_back(skill.directory);
  return prepare_launch(request);
}

// Gives it a control group, where there are any.
Status Instance::bound(ChildPlan& plan) {
  if (!setup_.shared.cgroups.works()) return ok();
  SPINE_TRY(group_,
            setup_.shared.cgroups.make(setup_.agent->id,
                                       {.memory_bytes_max = setup_.agent->process.memory_bytes_max,
                                        .tasks_max = limits::kAgentTasksMax}));
  group_->enter(plan.argv);
  plan.group = group_;
  return ok();
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
  SPINE_TRY_STATUS(bound(launch.plan));
  SPINE_TRY(child_, Child::spawn(setup_.shared.base, std::move(launch.plan), *this));
  pid_ = child_->pid();
  started_us_ = pipeline::monotonic_now_us();
  started_wall_ms_ = pipeline::wall_now_ms();
  timer_.start(loop::in_ms(setup_.agent->process.ready_ms));
  protocol_->begin();
  return ok();
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
      timer_.stop();
      return;
  }
  timer_.start(loop::in_ms(setup_.agent->process.stop_ms));
}

void Instance::set_skills(std::vector<SkillHandOver> skills, std::uint64_t version) {
  profile_.skills = std::move(skills);
  profile_.skills_version = version;
}

void Instance::on_line(std::string_view line) {
  if (muted_) return;
  about_run = false;
  protocol_->line(line);
  if (!about_run) heard_us = pipeline::monotonic_now_us();
}

void Instance::on_stderr(std::string_view line) {
  owner_.on_log(line, true);
}

void Instance::on_line_too_long() {
  end(fb::AgentExitReason::bad_output,
      fmt::format("it wrote a line of more than {} bytes", setup_.agent->process.line_bytes_max),
      Ending::kill);
}

// The process's own words about why it ended, so that users see more than an exit code. Known
// secrets, and what looks like secrets, are redacted: the text goes to the journal and to channels.
std::string Instance::last_words() const {
  const std::string trouble = protocol_->trouble();
  std::string words = trouble.empty() ? error_summary(stderr_tail()) : trouble;
  if (words.empty()) words = protocol_->odd_line();
  return hide_secrets(log::redacted(printable(words)));
}

void Instance::on_exit(const ChildExit& reported) {
  timer_.stop();
  call_timer_.stop();
  const ChildExit exit = exit_of_program(reported, sandbox_);
  if (state_ != InstanceState::stopping && group_ && group_->ran_out_of_memory()) {
    reason_ = fb::AgentExitReason::memory;
    message_ = fmt::format("it took more than its bound of {} MiB of memory",
                           setup_.agent->process.memory_bytes_max / limits::kMiB);
    state_ = InstanceState::stopping;
  }
  const bool clean = exit.signal == 0 && exit.code == 0;
  // It exited unasked. A one-shot process may do that once it has answered; any other crashed.
  const bool by_itself = state_ != InstanceState::stopping;
  const bool one_shot = traits().one_shot;
  const bool crashed = !one_shot || !(clean || answered);
  std::string why = "it " + exit_in_words(exit);
  if (by_itself) {
    const std::string words = last_words();
    if (!words.empty()) why += ": " + words;
    if (!child_->stderr_tail().empty()) {
      why += fmt::format(" (all it wrote: spine agents logs {})", setup_.agent->id);
    }
  }
  // If nothing was reported about the run, a retry would fail in the same way: it fails at once.
  // Otherwise it was interrupted, and is retried as configured.
  const bool fails_at_once = exit.signal == 0 && !told;
  const bool tells_end = !one_shot || (by_itself && !muted_ && (!crashed || fails_at_once));
  if (by_itself) {
    reason_ = crashed ? fb::AgentExitReason::crashed : fb::AgentExitReason::done;
    message_ = why;
    state_ = InstanceState::stopping;
  }
  if (tells_end) protocol_->ended(clean, why);
  owner_.on_gone(*this, exit);
}

void Instance::call_back(std::uint64_t token, std::uint64_t ms) {
  calls_back_.push_back({pipeline::monotonic_now_us() + ms * 1'000, token});
  set_call_timer();
}

void Instance::set_call_timer() {
  if (calls_back_.empty()) return;
  const auto next = std::ranges::min_element(calls_back_, {}, &CallBack::due_us);
  const std::uint64_t now_us = pipeline::monotonic_now_us();
  const std::uint64_t us = next->due_us > now_us ? next->due_us - now_us : 0;
  call_timer_.start(loop::in_us(us));
}

void Instance::on_calls_due() {
  const std::uint64_t now_us = pipeline::monotonic_now_us();
  std::vector<CallBack> due;
  std::erase_if(calls_back_, [&](const CallBack& call) {
    if (call.due_us <= now_us) due.push_back(call);
    return call.due_us <= now_us;
  });
  std::ranges::stable_sort(due, {}, &CallBack::due_us);
  for (const CallBack& call : due) {
    if (!muted_) protocol_->called_back(call.token);
  }
  set_call_timer();
}

// No job starts while the result of an earlier one is still to be read by the process, so that
// results which it never reads do not pile up in memory.
void Instance::run_on_file_thread(std::function<std::string()> work, std::size_t bytes) {
  if (child_ == nullptr || state_ == InstanceState::stopping) return;
  if (asker_ == 0) {
    asker_ = setup_.shared.files.open(setup_.agent->id, [this](std::string&& line) {
      write(line);
      setup_.shared.files.hold(asker_, child_->input_waiting() != 0);
      mind_output();
    });
  }
  setup_.shared.files.submit(asker_, std::move(work), bytes);
  mind_output();
}

void Instance::on_input_written() {
  if (asker_ == 0) return;
  setup_.shared.files.hold(asker_, false);
  mind_output();
}

void Instance::mind_output() {
  const bool asks_much = asker_ != 0 && setup_.shared.files.is_full(asker_);
  child_->pause_output(paused_ || asks_much);
}

void Instance::write(std::string_view line) {
  if (child_ == nullptr || state_ == InstanceState::stopping) return;
  if (child_->write(line)) {
    // If all of the queue was written at once, no on_input_written() comes: call it here.
    if (asker_ != 0 && child_->input_waiting() == 0) on_input_written();
    return;
  }
  end(fb::AgentExitReason::bad_output, "it does not read what it is told", Ending::kill);
}

void Instance::close_input() {
  if (child_ != nullptr) child_->close_input();
}

void Instance::ready(std::string_view version) {
  if (state_ != InstanceState::starting) return;
  state_ = InstanceState::ready;
  became_ready_ = true;
  timer_.stop();
  ready_ms_ = (pipeline::monotonic_now_us() - started_us_) / 1'000;
  idle_since_us = pipeline::monotonic_now_us();
  owner_.on_ready(*this, version);
}

void Instance::fault(std::string_view why) {
  muted_ = true;
  end(fb::AgentExitReason::bad_output, std::string(why), Ending::kill);
}

}  // namespace spine::agents
