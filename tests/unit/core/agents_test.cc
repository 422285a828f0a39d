// What agents do, ask and are, as decisions: crashes, approvals, quarantine, facts.
#include <gtest/gtest.h>

#include "engine/core/model/digest.h"
#include "engine/core/model/effects.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

constexpr const char* kAliceSession = "agent:main:telegram:direct:alice";
using enum fb::InterruptReason;

ConfigSpec with_policy(AgentPolicySpec policy) {
  ConfigSpec config;
  config.policies = {std::move(policy)};
  return config;
}

std::string shown(const World& world, const Reply& reply) {
  const std::string drafts = show_drafts(world);
  return drafts.empty() ? show_reply(reply) : show_reply(reply) + ": " + drafts;
}

class AgentWorld {
 public:
  explicit AgentWorld(const ConfigSpec& config = {}) : world(config) {
    world.connect("token");
    run = world.message({.text = "one"}).run;
  }
  std::string interrupt(fb::InterruptReason reason) {
    return shown(world, world.interrupt(run, reason));
  }
  std::string ask(const std::string& tool, std::uint64_t number = 1) {
    return shown(world, world.ask(run, tool, number));
  }
  ApprovalView only_approval() const {
    std::vector<ApprovalView> open;
    list_approvals(world.state, open);
    EXPECT_EQ(open.size(), 1U);
    return open.empty() ? ApprovalView{} : open.front();
  }
  // What is sent to the agent because of the last event; 99 = nothing.
  int answered(std::uint64_t& ask) const {
    for (const Effect& effect : world.asked_for(world.last())) {
      if (effect.kind != EffectKind::answer_agent) continue;
      EXPECT_EQ(effect.run, run);
      EXPECT_EQ(effect.id.ordinal, 1U);
      ask = effect.ask;
      return static_cast<int>(
          flatbuffers::GetRoot<fb::ApprovalResolved>(world.last().body.data())->decision());
    }
    return 99;
  }

  World world;
  RunId run{};
};

TEST(Crashes, AreTriedAgainUntilThePolicySaysEnough) {
  AgentWorld of;
  EXPECT_EQ(of.interrupt(agent_crash), "accepted: RunInterrupted(one) RunStarted(one again 2)");
  const auto& again = *flatbuffers::GetRoot<fb::RunStarted>(of.world.last().body.data());
  EXPECT_EQ(again.attempt(), 2);
  EXPECT_EQ(of.world.journal[again.previous() - 1].header.kind,
            static_cast<std::uint16_t>(fb::EventBody::RunStarted));
  EXPECT_EQ(of.interrupt(gateway_stop), "accepted: RunInterrupted(one) RunStarted(one again 3)");
  EXPECT_EQ(of.interrupt(agent_restart), "accepted: RunInterrupted(one) RunStarted(one again 4)");
  EXPECT_EQ(of.interrupt(gateway_crash), "accepted: RunInterrupted(one) RunStarted(one again 5)");
  of.world.message({.text = "two"});
  EXPECT_EQ(of.interrupt(agent_crash),
            "accepted: RunInterrupted(one) RunFailed(one quarantined) RunStarted(two)");
  const auto& failed = *flatbuffers::GetRoot<fb::RunFailed>(of.world.last(1).body.data());
  EXPECT_EQ(failed.message()->str(),
            "The agent crashed 3 times while it worked on this message; it is not tried again. "
            "The process ended by signal 9. Send it again if you want another try.");
  EXPECT_EQ(failed.attempts(), 5);
  EXPECT_EQ(failed.kind(), fb::RunErrorKind::crash);
  EXPECT_EQ(of.interrupt(agent_crash), "not_found");
}

TEST(Crashes, EveryEventOfAnAttemptNamesItsStart) {
  AgentWorld of;
  const std::uint64_t started = of.world.journal.size();
  of.world.tool_called(of.run, "bash");
  EXPECT_EQ(of.world.last().header.cause, started);
  EXPECT_EQ(of.world.last().header.session, of.world.session(kAliceSession).value);
  of.world.interrupt(of.run, agent_crash);
  EXPECT_EQ(of.world.last(1).header.cause, started);
  EXPECT_EQ(of.world.last().header.cause, of.world.last(1).seq.value);
  const std::uint64_t second = of.world.last().seq.value;
  of.world.finish(of.run);
  EXPECT_EQ(of.world.last().header.cause, second);
}

TEST(Crashes, AreLeftOrFailedByPolicy) {
  AgentWorld left(with_policy({.on_crash = fb::OnCrash::leave}));
  EXPECT_EQ(left.interrupt(gateway_crash), "accepted: RunInterrupted(one) RunFailed(one left)");
  AgentWorld failed(with_policy({.on_crash = fb::OnCrash::fail}));
  EXPECT_EQ(failed.interrupt(agent_crash), "accepted: RunInterrupted(one) RunFailed(one final)");
  AgentWorld once(with_policy({.attempts_max = 0}));
  EXPECT_EQ(once.interrupt(agent_crash),
            "accepted: RunInterrupted(one) RunFailed(one quarantined)");
}

TEST(Crashes, AreNotWhatAStopIsButThePolicyHoldsForItToo) {
  const auto said = [](const World& world) {
    const auto& failed = *flatbuffers::GetRoot<fb::RunFailed>(world.last().body.data());
    EXPECT_EQ(failed.kind(), fb::RunErrorKind::unknown);
    return failed.message()->str();
  };
  AgentWorld left(with_policy({.on_crash = fb::OnCrash::leave}));
  EXPECT_EQ(left.interrupt(gateway_stop), "accepted: RunInterrupted(one) RunFailed(one left)");
  EXPECT_EQ(said(left.world),
            "The gateway was stopped while this message was being answered. By its agent's onCrash "
            "setting it is left as it is, because some of the work may have been done. Send it "
            "again if you want another try.");
  AgentWorld failed(with_policy({.on_crash = fb::OnCrash::fail}));
  EXPECT_EQ(failed.interrupt(agent_restart), "accepted: RunInterrupted(one) RunFailed(one final)");
  EXPECT_EQ(said(failed.world),
            "The agent was restarted while this message was being answered; by its agent's onCrash "
            "setting it is not tried again. Send it again if you want another try.");
  AgentWorld again(with_policy({.attempts_max = 1}));
  EXPECT_EQ(again.interrupt(gateway_stop), "accepted: RunInterrupted(one) RunStarted(one again 2)");
  EXPECT_EQ(again.interrupt(agent_restart),
            "accepted: RunInterrupted(one) RunStarted(one again 3)");
}

TEST(Crashes, OpenAnObligationUnderAnotherId) {
  AgentWorld of;
  std::vector<Effect> before;
  open_obligations(of.world.state, before);
  of.world.interrupt(of.run, gateway_crash);
  std::vector<Effect> after;
  open_obligations(of.world.state, after);
  ASSERT_EQ(before.size(), 1U);
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].run, before[0].run);
  EXPECT_EQ(after[0].id.seq, of.world.last().seq);
  EXPECT_LT(before[0].id.seq, after[0].id.seq);
}

TEST(Approvals, AreDecidedByTheConfigurationWhereItSaysSo) {
  AgentWorld of(with_policy({.allow = {"read", "web_*"}, .deny = {"Web_Delete", "rm*"}}));
  EXPECT_EQ(of.ask("READ", 7),
            "accepted: ApprovalRequested ApprovalResolved(allow_once via rule tools.allow: read)");
  std::uint64_t ask = 0;
  EXPECT_EQ(of.answered(ask), static_cast<int>(fb::ApprovalDecision::allow_once));
  EXPECT_EQ(ask, 7U);
  EXPECT_EQ(of.ask("web_search"),
            "accepted: ApprovalRequested ApprovalResolved(allow_once via rule tools.allow: web_*)");
  EXPECT_EQ(of.ask("web_delete"),
            "accepted: ApprovalRequested ApprovalResolved(deny via rule tools.deny: web_delete)");
  EXPECT_EQ(of.ask("rmdir"),
            "accepted: ApprovalRequested ApprovalResolved(deny via rule tools.deny: rm*)");
  EXPECT_EQ(of.ask("rea"), "accepted: ApprovalRequested ApprovalOpened");
}

TEST(Approvals, ArePutToPeopleAndAnsweredOnce) {
  AgentWorld of;
  EXPECT_EQ(of.ask("bash", 3), "accepted: ApprovalRequested ApprovalOpened");
  const ApprovalView asked = of.only_approval();
  EXPECT_EQ(asked.tool, "bash");
  EXPECT_EQ(asked.detail, "rm -rf /tmp/x");
  EXPECT_EQ(asked.session_key, kAliceSession);
  EXPECT_EQ(asked.agent_id, "main");
  EXPECT_EQ(asked.code.size(), 8U);
  EXPECT_EQ(asked.options, 1U << 2U);
  EXPECT_EQ(asked.expires_wall_ms - asked.created_wall_ms, 300'000);
  EXPECT_EQ(of.world.answer(asked.request, fb::ApprovalDecision::withdrawn).code,
            ReplyCode::rejected);
  EXPECT_EQ(of.world.answer(asked.request, fb::ApprovalDecision::deny, fb::DecidedVia::rule).code,
            ReplyCode::rejected);
  EXPECT_EQ(of.world.answer(asked.request, fb::ApprovalDecision::deny).code, ReplyCode::accepted);
  EXPECT_EQ(of.world.last().header.principal, of.world.client.value);
  std::uint64_t ask = 0;
  EXPECT_EQ(of.answered(ask), static_cast<int>(fb::ApprovalDecision::deny));
  EXPECT_EQ(ask, 3U);
  const ApprovalView* was = of.world.gone.approval(asked.request);
  ASSERT_NE(was, nullptr);
  EXPECT_EQ(was->tool, "bash");
  EXPECT_EQ(of.world.answer(asked.request, fb::ApprovalDecision::deny).code, ReplyCode::not_found);
}

TEST(Approvals, AlwaysHoldsForTheToolAsLongAsTheRunLives) {
  AgentWorld of;
  of.ask("Bash");
  of.world.answer(of.only_approval().request, fb::ApprovalDecision::allow_always);
  const std::string allowed =
      "accepted: ApprovalRequested ApprovalResolved(allow_once via rule allow-always)";
  EXPECT_EQ(of.ask("bash"), allowed);
  EXPECT_EQ(of.ask("edit"), "accepted: ApprovalRequested ApprovalOpened");
  of.world.interrupt(of.run, agent_crash);
  EXPECT_EQ(of.ask("BASH"), allowed);
  of.world.finish(of.run);
  of.run = of.world.message({.text = "two"}).run;
  EXPECT_EQ(of.ask("bash"), "accepted: ApprovalRequested ApprovalOpened");
}

TEST(Approvals, NobodyAnsweringMeansNoAndTheEndOfTheRunWithdrawsThem) {
  AgentWorld of(with_policy({.approval_ms = 1'000}));
  of.ask("bash");
  EXPECT_EQ(of.world.deadline().code, ReplyCode::nothing_to_do);
  of.world.advance_ms(1'000);
  EXPECT_EQ(shown(of.world, of.world.deadline()),
            "accepted: DeadlineReached ApprovalResolved(expired via deadline)");
  std::uint64_t ask = 0;
  EXPECT_EQ(of.answered(ask), static_cast<int>(fb::ApprovalDecision::expired));
  of.ask("bash");
  EXPECT_EQ(of.interrupt(agent_crash),
            "accepted: RunInterrupted(one) ApprovalResolved(withdrawn via run_end) RunStarted(one "
            "again 2)");
  of.ask("bash");
  EXPECT_EQ(shown(of.world, of.world.finish(of.run)),
            "accepted: RunFinished(one) ApprovalResolved(withdrawn via run_end)");
  EXPECT_EQ(of.answered(ask), 99);
  of.run = of.world.message({.text = "two"}).run;
  of.ask("bash");
  EXPECT_EQ(shown(of.world, of.world.close(of.world.session(kAliceSession))),
            "accepted: SessionClosed(deleted) RunAborted(two) ApprovalResolved(withdrawn via "
            "run_end)");
}

TEST(Approvals, TooManyAreRefused) {
  AgentWorld of;
  for (std::size_t i = 0; i < limits::kApprovalsPerRunMax; ++i)
    EXPECT_EQ(of.ask("bash"), "accepted: ApprovalRequested ApprovalOpened");
  EXPECT_EQ(of.ask("bash"), "accepted: ApprovalRequested ApprovalResolved(deny via rule too many)");
  for (int other = 0; other < 15; ++other) {
    const RunId run = of.world.message({.sender = "s" + std::to_string(other)}).run;
    for (std::size_t i = 0; i < limits::kApprovalsPerRunMax; ++i)
      ASSERT_EQ(of.world.ask(run, "bash").code, ReplyCode::accepted);
  }
  of.run = of.world.message({.sender = "last"}).run;
  EXPECT_EQ(of.ask("bash"), "accepted: ApprovalRequested ApprovalResolved(deny via rule too many)");
  std::vector<ApprovalView> open;
  list_approvals(of.world.state, open);
  EXPECT_EQ(open.size(), limits::kApprovalsMax);
}

TEST(Approvals, AnAdminAnswersByCode) {
  ConfigSpec config;
  config.admins = {"telegram:boss"};
  AgentWorld of(config);
  for (const auto& [verb, decision] : std::vector<std::pair<std::string, std::string>>{
           {"approve", "allow_once"}, {"deny", "deny"}, {"/reject", "deny"}}) {
    of.ask("bash");
    const std::string code(of.only_approval().code);
    of.world.message({.sender = "alice", .text = verb + " " + code});
    EXPECT_EQ(of.only_approval().code, code) << "not an admin";
    of.world.message({.sender = "boss", .text = verb + " " + code, .vouched = false});
    EXPECT_EQ(of.only_approval().code, code) << "not vouched for";
    of.world.message({.sender = "boss", .text = verb + " " + code});
    EXPECT_NE(show_drafts(of.world).find("ApprovalResolved(" + decision + " via owner)"),
              std::string::npos)
        << show_drafts(of.world);
    std::uint64_t ask = 0;
    EXPECT_NE(of.answered(ask), 99);
  }
}

TEST(Trust, GroupsFeedsAndNobodyAreNotTrustedAndGetTheNarrowSet) {
  ConfigSpec config = with_policy({.allow = {"*"}, .untrusted_allow = {"read"}});
  config.admins = {"telegram:boss"};
  AgentWorld of(config);
  const auto trust_of = [&](const MessageSpec& spec) {
    RunView view{};
    EXPECT_TRUE(view_run(of.world.state, of.world.message(spec).run, view));
    return view.trust;
  };
  const MessageSpec group{.conversation = fb::ConversationKind::group, .conversation_id = "g"};
  EXPECT_EQ(trust_of({.sender = "bob"}), fb::Trust::trusted);
  EXPECT_EQ(trust_of(group), fb::Trust::untrusted);
  MessageSpec boss = group;
  boss.sender = "boss";
  EXPECT_EQ(trust_of(boss), fb::Trust::trusted);
  boss.vouched = false;
  EXPECT_EQ(trust_of(boss), fb::Trust::untrusted);
  EXPECT_EQ(trust_of({.sender = "carol", .untrusted = true}), fb::Trust::untrusted);
  EXPECT_EQ(trust_of({.via = fb::MessageVia::system, .sender = {}}), fb::Trust::untrusted);
  of.run =
      of.world.message({.conversation = fb::ConversationKind::group, .conversation_id = "h"}).run;
  EXPECT_EQ(of.ask("bash"),
            "accepted: ApprovalRequested ApprovalResolved(deny via rule spine.untrustedTools)");
  EXPECT_EQ(of.ask("read"),
            "accepted: ApprovalRequested ApprovalResolved(allow_once via rule "
            "spine.untrustedTools: read)");
}

TEST(Agents, QuarantineIsStateUntilSomebodyLiftsIt) {
  World world;
  EXPECT_EQ(world.quarantine("main").code, ReplyCode::accepted);
  EXPECT_EQ(world.quarantine("main").code, ReplyCode::nothing_to_do);
  std::vector<std::string_view> agents;
  list_quarantined(world.state, agents);
  EXPECT_EQ(agents, std::vector<std::string_view>{"main"});
  EXPECT_EQ(world.reset_agent("nobody").code, ReplyCode::not_found);
  EXPECT_EQ(world.reset_agent("main").code, ReplyCode::accepted);
  const Effects list = world.asked_for(world.last());
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].kind, EffectKind::control_agent);
  EXPECT_EQ(list[0].id.ordinal, 1U);
  // A back-off ends with it all the same.
  EXPECT_EQ(shown(world, world.reset_agent("main")), "nothing_to_do: AgentReset");
  agents.clear();
  list_quarantined(world.state, agents);
  EXPECT_TRUE(agents.empty());
  EXPECT_EQ(world.restart_agent("work").code, ReplyCode::accepted);
  EXPECT_EQ(world.restart_agent("none").code, ReplyCode::not_found);
}

TEST(Agents, FactsAreOfARunAtWorkAndWithinBounds) {
  AgentWorld of;
  World& world = of.world;
  EXPECT_EQ(world.tool_called(of.run, "bash").code, ReplyCode::accepted);
  EXPECT_EQ(world.tool_called(of.run, "bash", limits::kToolInlineBytesMax + 1).code,
            ReplyCode::rejected);
  EXPECT_EQ(world.tool_returned(of.run, "bash").code, ReplyCode::accepted);
  EXPECT_EQ(world.body_recorded(of.run).code, ReplyCode::accepted);
  EXPECT_EQ(world.agent_started("main").code, ReplyCode::accepted);
  EXPECT_EQ(world.agent_exited("main").code, ReplyCode::accepted);
  EXPECT_EQ(world.skills_changed(limits::kSkillChangesMax).code, ReplyCode::accepted);
  EXPECT_EQ(world.skills_changed(limits::kSkillChangesMax + 1).code, ReplyCode::rejected);
  world.finish(of.run);
  EXPECT_EQ(world.tool_called(of.run, "bash").code, ReplyCode::not_found);
  EXPECT_EQ(world.ask(of.run, "bash").code, ReplyCode::not_found);
  EXPECT_EQ(world.bind(of.run, "x").code, ReplyCode::not_found);
}

TEST(Agents, HowFarAnAnswerCameIsSaidOfItsAttempt) {
  AgentWorld of;
  World& world = of.world;
  const Bits128 before = digest(world.state).total;
  EXPECT_EQ(world.partial_answer(of.run, 2, "too early").code, ReplyCode::not_found);
  EXPECT_EQ(world.partial_answer(of.run, 1, "").code, ReplyCode::rejected);
  EXPECT_EQ(world.partial_answer(of.run, 1, std::string(limits::kTextBytesMax + 1, 'x')).code,
            ReplyCode::rejected);
  EXPECT_EQ(digest(world.state).total, before);
  EXPECT_EQ(world.partial_answer(of.run, 1, "half").code, ReplyCode::accepted);
  EXPECT_EQ(world.last().header.session, world.session(kAliceSession).value);
  of.interrupt(agent_crash);
  EXPECT_EQ(world.partial_answer(of.run, 1, "too late").code, ReplyCode::not_found);
  EXPECT_EQ(world.partial_answer(of.run, 2, "again").code, ReplyCode::accepted);
}

TEST(Agents, HowFarAnAnswerCameIsSaidAfterItWasStopped) {
  AgentWorld of;
  World& world = of.world;
  world.abort(world.session(kAliceSession), {of.run.value});
  const Seq stopped = world.last().seq;
  EXPECT_EQ(world.partial_answer(of.run, 1, "half").code, ReplyCode::accepted);
  EXPECT_EQ(world.last().header.cause, stopped.value);
  const RunId next = world.message({.text = "two"}).run;
  const RunId waiting = world.message({.text = "three"}).run;
  world.abort(world.session(kAliceSession), {waiting.value});
  EXPECT_EQ(world.partial_answer(waiting, 0, "it never began").code, ReplyCode::not_found);
  world.finish(next);
  EXPECT_EQ(world.partial_answer(next, 1, "it is finished").code, ReplyCode::not_found);
  EXPECT_EQ(world.partial_answer(RunId{999}, 1, "nobody").code, ReplyCode::not_found);
}

TEST(Agents, TheirNameOfAConversationLastsUntilItStartsAfresh) {
  AgentWorld of;
  World& world = of.world;
  EXPECT_EQ(world.bind(of.run, "conversation-1").code, ReplyCode::accepted);
  EXPECT_EQ(world.bind(of.run, "conversation-1").code, ReplyCode::nothing_to_do);
  EXPECT_EQ(world.bind(of.run, std::string(limits::kAgentSessionBytesMax + 1, 'x')).code,
            ReplyCode::rejected);
  EXPECT_EQ(world.view(world.session(kAliceSession)).agent_session, "conversation-1");
  world.finish(of.run);
  EXPECT_EQ(world.view(world.session(kAliceSession)).agent_session, "conversation-1");
  world.reset(world.session(kAliceSession));
  EXPECT_EQ(world.view(world.session(kAliceSession)).agent_session, "");
}

}  // namespace
}  // namespace spine::core
