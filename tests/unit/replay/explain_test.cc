// Tests of replay explain: one journal for each reason.
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "replay/trace/explanation.h"
#include "tests/unit/replay/lab.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

nlohmann::json explain(const std::filesystem::path& dir, const std::string& what,
                       std::vector<std::string> more = {}) {
  std::vector<std::string> words{"replay", "explain", what, "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const Output output = call(words, dir);
  EXPECT_EQ(output.code, kExitOk) << output.err;
  return nlohmann::json::parse(output.out, nullptr, false);
}

struct Case {
  const char* reason;
  LabConfig config;
  // Makes the journal; returns what is asked about.
  std::function<std::string(Lab&)> tell;
};

std::string seq_text(Seq seq) {
  return "#" + std::to_string(seq.value);
}

// A second message while the first is being worked on.
std::string second(Lab& lab, fb::QueueMode mode = {}) {
  lab.say({.id = "m1"});
  return seq_text(lab.say({.id = "m2", .queue_mode = mode}));
}

const Case kRejections[]{
    {"duplicate",
     {},
     [](Lab& lab) {
       lab.say({});
       return seq_text(lab.say({}));
     }},
    {"not_allowed",
     {.dm = fb::DmPolicy::allowlist},
     [](Lab& lab) { return seq_text(lab.say({})); }},
    {"disabled", {.dm = fb::DmPolicy::disabled}, [](Lab& lab) { return seq_text(lab.say({})); }},
    {"unpaired", {.dm = fb::DmPolicy::pairing}, [](Lab& lab) { return seq_text(lab.say({})); }},
    {"rate_limited",
     {.per_minute = 1, .burst = 1},
     [](Lab& lab) {
       Seq seq{};
       for (int i = 0; i < 36; ++i)
         seq = lab.say({.id = "m" + std::to_string(i)});
       return seq_text(seq);
     }},
    {"queue_full",
     {.per_minute = 60'000, .burst = 1'000},
     [](Lab& lab) {
       Seq seq{};
       for (int i = 0; i < 66; ++i)
         seq = lab.say({.id = "m" + std::to_string(i)});
       return seq_text(seq);
     }},
    {"unknown_agent", {.channel_agent = "ghost"}, [](Lab& lab) { return seq_text(lab.say({})); }},
    {"group_not_listed",
     {.lists_groups = true},
     [](Lab& lab) { return seq_text(lab.say({.group = "g2"})); }},
    {"table_full",
     {},
     [](Lab& lab) { return seq_text(lab.record_rejection(fb::RejectReason::table_full)); }},
    {"unknown",
     {},
     [](Lab& lab) { return seq_text(lab.record_rejection(static_cast<fb::RejectReason>(200))); }},
};

const Case kWithoutRun[]{
    {"only_recorded", {}, [](Lab& lab) { return seq_text(lab.say({.no_run = true})); }},
    {"no_agent", {.channel_agent = "none"}, [](Lab& lab) { return seq_text(lab.say({})); }},
    {"not_addressed",
     {.require_mention = true},
     [](Lab& lab) { return seq_text(lab.say({.group = "g1"})); }},
    {"answers_request",
     {.admins = {"telegram:boss"}},
     [](Lab& lab) {
       return seq_text(lab.say({.sender = "boss", .text = "approve ABCDEFGH", .vouched = true}));
     }},
    {"is_command", {}, [](Lab& lab) { return seq_text(lab.say({.text = "/status"})); }},
    {"fresh_start", {}, [](Lab& lab) { return seq_text(lab.say({.text = "/new"})); }},
};

const Case kOpen[]{
    {"behind_another", {}, [](Lab& lab) { return second(lab); }},
    {"steered",
     {},
     [](Lab& lab) {
       const std::string seq = second(lab, fb::QueueMode::steer);
       lab.steer(lab.latest_run(), lab.first_run());
       return seq;
     }},
    {"delayed",
     {.per_minute = 1, .burst = 1},
     [](Lab& lab) {
       const std::string seq = second(lab);
       lab.finish(lab.first_run(), "first");
       return seq;
     }},
    {"due",
     {.per_minute = 1, .burst = 1},
     [](Lab& lab) {
       const std::string seq = second(lab);
       lab.finish(lab.first_run(), "first");
       lab.pass(120'000);
       lab.start_engine();
       return seq;
     }},
    {"agent_at_work", {}, [](Lab& lab) { return seq_text(lab.say({})); }},
    {"agent_quarantined",
     {},
     [](Lab& lab) {
       const std::string seq = second(lab);
       lab.quarantine("main");
       return seq;
     }},
    {"engine_stopped",
     {},
     [](Lab& lab) {
       lab.start_engine();
       const Seq seq = lab.say({});
       lab.stop_engine();
       return seq_text(seq);
     }},
};

const Case kEnded[]{
    {"answered",
     {},
     [](Lab& lab) {
       lab.say({});
       lab.finish(lab.latest_run(), "hi");
       return std::string("telegram:m1");
     }},
    {"answered_together",
     {},
     [](Lab& lab) {
       lab.say({.id = "m0"});
       lab.say({.id = "m1", .queue_mode = fb::QueueMode::collect});
       lab.say({.id = "m2", .queue_mode = fb::QueueMode::collect});
       lab.finish(lab.first_run(), "one");
       lab.finish(lab.first_run(), "two and three");
       return std::string("m2");
     }},
    {"failed",
     {},
     [](Lab& lab) {
       lab.say({});
       lab.fail(lab.latest_run(), "no answer");
       return std::string("m1");
     }},
    {"crashed_too_often",
     {},
     [](Lab& lab) {
       lab.say({});
       const RunId run = lab.latest_run();
       for (int i = 0; i < 3; ++i) {
         lab.agent_exits("main", fb::AgentExitReason::crashed, 139);
         lab.interrupt(run);
       }
       return std::string("m1");
     }},
    {"left_alone",
     {.on_crash = fb::OnCrash::leave},
     [](Lab& lab) {
       lab.say({});
       lab.interrupt(lab.latest_run());
       return std::string("m1");
     }},
    {"aborted",
     {},
     [](Lab& lab) {
       lab.say({});
       lab.abort(lab.latest_run());
       return std::string("m1");
     }},
    {"reset_ended_it",
     {},
     [](Lab& lab) {
       lab.say({});
       lab.say({.id = "m2", .text = "/new"});
       return std::string("m1");
     }},
    {"session_closed",
     {},
     [](Lab& lab) {
       const Seq seq = lab.say({});
       lab.close_session(SessionId{seq.value + 2});
       return std::string("m1");
     }},
    {"superseded",
     {},
     [](Lab& lab) {
       second(lab, fb::QueueMode::interrupt);
       return std::string("m1");
     }},
    {"stop_command",
     {},
     [](Lab& lab) {
       lab.say({});
       lab.say({.id = "m2", .text = "/stop"});
       return std::string("m1");
     }},
};

constexpr const char* kAlice = "agent:main:telegram:direct:alice";

const Case kOthers[]{
    {"never_arrived",
     {},
     [](Lab& lab) {
       lab.start_engine();
       return std::string("telegram:999");
     }},
    {"arrived_outside",
     {},
     [](Lab& lab) {
       lab.start_engine();
       lab.stop_engine();
       return std::string("telegram:999");
     }},
    {"session_idle",
     {},
     [](Lab& lab) {
       lab.say({});
       lab.finish(lab.latest_run(), "hi");
       return std::string(kAlice);
     }},
    {"agent_at_work",
     {},
     [](Lab& lab) {
       second(lab);
       return std::string(kAlice);
     }},
    {"session_gone",
     {},
     [](Lab& lab) {
       const Seq seq = lab.say({});
       lab.close_session(SessionId{seq.value + 2});
       return std::string(kAlice);
     }},
    {"no_session", {}, [](Lab&) { return std::string(kAlice); }},
    {"agent_quarantined",
     {},
     [](Lab& lab) {
       lab.quarantine("main");
       return std::string("main");
     }},
    {"agent_crashes",
     {},
     [](Lab& lab) {
       lab.agent_exits("main", fb::AgentExitReason::crashed, 139);
       return std::string("main");
     }},
    {"agent_fine",
     {},
     [](Lab& lab) {
       lab.agent_exits("main", fb::AgentExitReason::idle, 0);
       return std::string("main");
     }},
    {"followed", {}, [](Lab&) { return std::string("#2"); }},
};

template <std::size_t kCount>
void expect_reasons(const Case (&cases)[kCount]) {
  for (const Case& one : cases) {
    SCOPED_TRACE(one.reason);
    const TempDir dir;
    std::string what;
    {
      Lab lab(dir.path(), one.config);
      what = one.tell(lab);
    }
    const nlohmann::json said = explain(dir.path(), what);
    ASSERT_TRUE(said.is_object());
    EXPECT_EQ(said.at("reason"), one.reason) << said.dump(2);
    EXPECT_FALSE(said.at("facts").empty() && std::string(one.reason) != "followed" &&
                 std::string(one.reason) != "no_session")
        << said.dump(2);
  }
}

TEST(ReplayExplain, SaysWhyAMessageWasRejected) {
  expect_reasons(kRejections);
}

TEST(ReplayExplain, SaysWhyAMessageStartedNoRun) {
  expect_reasons(kWithoutRun);
}

TEST(ReplayExplain, SaysWhatAnOpenRunWaitsFor) {
  expect_reasons(kOpen);
}

TEST(ReplayExplain, SaysHowARunEnded) {
  expect_reasons(kEnded);
}

TEST(ReplayExplain, KnowsSessionsAgentsAndWhatIsMissing) {
  expect_reasons(kOthers);
}

// A message that is answered on a channel that the gateway delivers to.
std::string answered(Lab& lab, const std::string& text = "hi") {
  lab.channel(fb::ChannelState::connected);
  const std::string asked = seq_text(lab.say({}));
  lab.finish(lab.latest_run(), text);
  return asked;
}

const Case kDelivered[]{
    {"delivered",
     {},
     [](Lab& lab) {
       const std::string asked = answered(lab);
       lab.confirm();
       return asked;
     }},
    {"delivery_under_way", {}, [](Lab& lab) { return answered(lab); }},
    {"delivery_in_line",
     {},
     [](Lab& lab) {
       answered(lab);
       const std::string asked = seq_text(lab.say({.id = "m2"}));
       lab.finish(lab.latest_run(), "more");
       return asked;
     }},
    {"delivery_channel_away",
     {},
     [](Lab& lab) {
       lab.channel(fb::ChannelState::down, "No connection.");
       const std::string asked = seq_text(lab.say({}));
       lab.finish(lab.latest_run(), "hi");
       return asked;
     }},
    {"delivery_stopped",
     {},
     [](Lab& lab) {
       lab.start_engine();
       lab.channel(fb::ChannelState::down);
       const std::string asked = seq_text(lab.say({}));
       lab.finish(lab.latest_run(), "hi");
       lab.stop_engine();
       return asked;
     }},
    {"delivery_rate_limited",
     {},
     [](Lab& lab) {
       const std::string asked = answered(lab);
       lab.fail_delivery(fb::DeliveryFailure::rate_limited, "Too many.", 30'000);
       return asked;
     }},
    {"delivery_retried",
     {},
     [](Lab& lab) {
       const std::string asked = answered(lab);
       lab.fail_delivery(fb::DeliveryFailure::retryable);
       return asked;
     }},
    {"dead_permanent",
     {},
     [](Lab& lab) {
       const std::string asked = answered(lab);
       lab.fail_delivery(fb::DeliveryFailure::permanent);
       return asked;
     }},
    {"dead_unknown",
     {},
     [](Lab& lab) {
       const std::string asked = answered(lab);
       lab.fail_delivery(fb::DeliveryFailure::unknown);
       return asked;
     }},
    {"dead_expired",
     {},
     [](Lab& lab) {
       const std::string asked = answered(lab);
       lab.fail_delivery(fb::DeliveryFailure::retryable);
       lab.pass(4'000'000'000);
       lab.reach_deadline();
       return asked;
     }},
    {"delivery_discarded",
     {},
     [](Lab& lab) {
       const std::string asked = answered(lab);
       const DeliveryId delivery = lab.attempted().id;
       lab.fail_delivery(fb::DeliveryFailure::permanent);
       lab.discard_delivery(delivery);
       return asked;
     }},
    {"agent_silent", {}, [](Lab& lab) { return answered(lab, "NO_REPLY"); }},
    // A seq of the delivery itself, and what a platform refused and then took.
    {"delivered",
     {},
     [](Lab& lab) {
       answered(lab);
       const DeliveryId delivery = lab.attempted().id;
       lab.fail_delivery(fb::DeliveryFailure::permanent);
       lab.retry_delivery(delivery);
       lab.confirm();
       return "#" + std::to_string(delivery.value);
     }},
    // Why there is no answer says more than that this was told.
    {"failed",
     {},
     [](Lab& lab) {
       lab.channel(fb::ChannelState::connected);
       const std::string asked = seq_text(lab.say({}));
       lab.fail(lab.latest_run(), "no model");
       lab.confirm();
       return asked;
     }},
};

TEST(ReplayExplain, SaysWhatBecameOfADelivery) {
  expect_reasons(kDelivered);
}

TEST(ReplayExplain, NamesTheDeadLetterAndItsFailure) {
  const TempDir dir;
  std::string asked;
  std::uint64_t delivery = 0;
  {
    Lab lab(dir.path());
    asked = answered(lab);
    delivery = lab.attempted().id.value;
    lab.fail_delivery(fb::DeliveryFailure::permanent, "chat not found\x1b[31m");
  }
  const Output output = call({"replay", "explain", asked}, dir.path());
  EXPECT_NE(output.out.find("permanent: \"chat not found"), std::string::npos) << output.out;
  EXPECT_NE(output.out.find("spine dlq retry " + std::to_string(delivery)), std::string::npos)
      << output.out;
  EXPECT_EQ(output.out.find('\x1b'), std::string::npos);
}

TEST(ReplayExplain, ABridgeTakesItsAnswersItself) {
  const TempDir dir;
  {
    Lab lab(dir.path());
    lab.say({});
    lab.finish(lab.latest_run(), "hi");
  }
  const nlohmann::json said = explain(dir.path(), "m1");
  EXPECT_EQ(said.at("reason"), "answered");
  EXPECT_NE(said.dump().find("takes the answer there"), std::string::npos) << said.dump(2);
}

TEST(ReplayExplain, EveryReasonHasItsWords) {
  for (auto i = static_cast<int>(Reason::unknown); i <= static_cast<int>(Reason::followed); ++i) {
    const ReasonRow& row = row_of_reason(static_cast<Reason>(i));
    EXPECT_EQ(static_cast<int>(row.reason), i);
    EXPECT_STRNE(row.words, "");
  }
  for (const fb::RejectReason reason : fb::EnumValuesRejectReason()) {
    if (reason == fb::RejectReason::none) continue;
    EXPECT_NE(reason_of(reason), Reason::unknown) << fb::EnumNameRejectReason(reason);
  }
  for (const fb::AbortReason reason : fb::EnumValuesAbortReason())
    EXPECT_NE(reason_of(reason), Reason::unknown) << fb::EnumNameAbortReason(reason);
  for (const fb::DeadLetterReason reason : fb::EnumValuesDeadLetterReason())
    EXPECT_NE(reason_of(reason), Reason::unknown) << fb::EnumNameDeadLetterReason(reason);
}

TEST(ReplayExplain, GoesBackToAnEarlierMoment) {
  const TempDir dir;
  Seq asked{};
  {
    Lab lab(dir.path());
    asked = lab.say({});
    const Seq then = lab.last();
    lab.finish(lab.latest_run(), "hi");
    EXPECT_EQ(explain(dir.path(), "m1", {"--to", std::to_string(then.value)}).at("reason"),
              "agent_at_work");
  }
  EXPECT_EQ(explain(dir.path(), seq_text(asked)).at("reason"), "answered");
}

TEST(ReplayExplain, TellsTheWholeStoryOfARepeat) {
  const TempDir dir;
  {
    Lab lab(dir.path());
    lab.say({});
    lab.pass(2'000);
    lab.fail(lab.latest_run(), "The model said nothing.");
    lab.say({});
  }
  const Output output = call({"replay", "explain", "#9"}, dir.path());
  EXPECT_EQ("\n" + output.out, R"golden(
#9  2023-11-14 22:13:22.005Z  MessageRejected  duplicate of #3, from "alice" on telegram, id m1: "hello"
        #9 it was rejected: duplicate
        #3 the first one, of which this is a repeat:
        #3 it was accepted from telegram:default:alice (alice) and recorded
        #5 it belongs to session agent:main:telegram:direct:alice, which it opened; session.dmScope is per_channel_peer; its agent is main, the default agent
        #6 2023-11-14 22:13:20.003Z  RunQueued  run fe318c0a-1b44-4277-928f-131b78c2c30a for agent main
        #7 2023-11-14 22:13:20.003Z  RunStarted  attempt 1 of run #6
        #8 2023-11-14 22:13:22.004Z  RunFailed  timeout: "The model said nothing."
           so of the first one: Nobody answered because the agent's run failed.

It was not accepted because the channel had delivered it before; the first one counts.
)golden");
}

TEST(ReplayExplain, FollowsAnotherTry) {
  const TempDir dir;
  {
    Lab lab(dir.path());
    lab.say({});
    const RunId first = lab.latest_run();
    lab.fail(first, "The model said nothing.");
    lab.retry(first);
    lab.finish(lab.latest_run(), "now it does");
  }
  const nlohmann::json said = explain(dir.path(), "m1");
  EXPECT_EQ(said.at("reason"), "answered") << said.dump(2);
}

TEST(ReplayExplain, NamesAreSafeToPrint) {
  const TempDir dir;
  {
    Lab lab(dir.path());
    lab.say({.sender = "al\x1b[31mice", .id = "m\n1", .text = "\x1b]0;owned\x07 <b>\u202e"});
  }
  for (const char* what : {"#3", "m\n1", "no\x1bsuch"}) {
    for (const char* verb : {"explain", "trace"}) {
      const Output output = call({"replay", verb, what}, dir.path());
      for (const char* bad : {"\x1b", "\x07", "\u202e"}) {
        EXPECT_EQ(output.out.find(bad), std::string::npos) << output.out;
        EXPECT_EQ(output.err.find(bad), std::string::npos) << output.err;
      }
    }
  }
}

}  // namespace
}  // namespace spine::replay
