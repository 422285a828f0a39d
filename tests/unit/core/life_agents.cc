// Life: what agents do, ask and are.
#include <iterator>

#include "engine/core/model/effects.h"
#include "tests/unit/core/life.h"

namespace spine::core {
namespace {

constexpr const char* kTools[] = {"bash", "read", "Edit", "web_search", "never"};

const char* random_tool(Prng& prng) {
  return kTools[prng.below(std::size(kTools))];
}

}  // namespace

fb::QueueMode random_mode(Prng& prng) {
  return static_cast<fb::QueueMode>(prng.below(5));
}

void randomise_agents(Prng& prng, ConfigSpec& config) {
  for (const char* agent : {"main", "work"}) {
    if (prng.chance(40)) continue;
    AgentPolicySpec policy{.agent = agent};
    policy.on_crash =
        prng.chance(60) ? fb::OnCrash::retry : static_cast<fb::OnCrash>(prng.below(3));
    policy.attempts_max = static_cast<std::uint16_t>(prng.below(4));
    policy.approval_ms = prng.below(3) * 20'000;
    if (prng.chance(40)) policy.allow = {"read", "web_*"};
    if (prng.chance(40)) policy.deny = {"never"};
    if (prng.chance(40)) policy.untrusted_allow = {"READ"};
    policy.queue_mode = random_mode(prng);
    config.policies.push_back(policy);
  }
  config.queue_mode = random_mode(prng);
}

RunId Life::some_running() {
  std::vector<Effect> open;
  open_obligations(world.state, open);
  return open.empty() || prng_.chance(3) ? RunId{prng_.below(200)}
                                         : open[prng_.below(open.size())].run;
}

void Life::retry_some_run() {
  std::vector<RunId> ended;
  list_ended_runs(world.state, 20, ended);
  const bool any = !ended.empty() && !prng_.chance(10);
  world.retry(any ? ended[prng_.below(ended.size())] : RunId{prng_.below(200)}, prng_.chance(30),
              prng_.chance(50) ? "retry" + std::to_string(prng_.below(9)) : "");
}

// A run that waits for the same session as some running one, if there is any.
RunId Life::some_waiting() {
  std::vector<RunId> waiting;
  for (std::size_t i = 0; i < world.journal.size(); ++i) {
    if (world.journal[i].header.kind != static_cast<std::uint16_t>(fb::EventBody::RunQueued)) {
      continue;
    }
    RunView view{};
    if (view_run(world.state, RunId{i + 1}, view) && view.status == RunStatus::queued) {
      waiting.push_back(RunId{i + 1});
    }
  }
  return waiting.empty() ? RunId{prng_.below(200)} : waiting[prng_.below(waiting.size())];
}

void Life::agent_step() {
  const std::uint64_t kind = prng_.below(100);
  const char* agent = prng_.chance(50) ? "main" : prng_.chance(80) ? "work" : "nobody";
  if (kind < 30) {
    run_step(some_running());
  } else if (kind < 55) {
    approval_step();
  } else if (kind < 75) {
    const RunId queued = some_waiting();
    RunView view{};
    view_run(world.state, queued, view);
    const RunId into = world.view(view.session).active_run;
    world.steer(queued, prng_.chance(90) ? into : some_running());
  } else if (kind < 80) {
    world.quarantine(agent);
  } else if (kind < 85) {
    world.reset_agent(agent);
  } else if (kind < 88) {
    world.restart_agent(agent);
  } else if (kind < 92) {
    world.agent_started(agent);
  } else if (kind < 96) {
    world.agent_exited(agent);
  } else {
    world.skills_changed(prng_.below(3));
  }
}

void Life::run_step(RunId run) {
  const std::uint64_t kind = prng_.below(100);
  if (kind < 50) {
    world.interrupt(run, static_cast<fb::InterruptReason>(prng_.below(4)));
  } else if (kind < 65) {
    world.bind(run, prng_.chance(20) ? "" : "conversation" + std::to_string(prng_.below(9)));
  } else if (kind < 80) {
    world.tool_called(run, random_tool(prng_));
  } else if (kind < 90) {
    world.tool_returned(run, random_tool(prng_));
  } else if (kind < 95) {
    world.body_recorded(run);
  } else {
    world.partial_answer(run, 1, "half");
  }
}

void Life::approval_step() {
  std::vector<ApprovalView> open;
  list_approvals(world.state, open);
  if (open.empty() || prng_.chance(60)) {
    world.ask(some_running(), random_tool(prng_), prng_.below(50));
    return;
  }
  const ApprovalView& one = open[prng_.below(open.size())];
  if (prng_.chance(30)) {
    const std::string verb = prng_.chance(60) ? "approve " : prng_.chance(50) ? "deny " : "reject ";
    world.message({.channel = "telegram",
                   .sender = prng_.chance(80) ? "user2" : "user3",
                   .text = verb + std::string(one.code)});
    return;
  }
  world.answer(prng_.chance(90) ? one.request : Seq{prng_.below(500)},
               static_cast<fb::ApprovalDecision>(prng_.below(prng_.chance(90) ? 3 : 5)));
}

}  // namespace spine::core
