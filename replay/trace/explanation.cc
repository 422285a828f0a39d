// Explanation: the table of reasons, and how one is printed.
#include "replay/trace/explanation.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>

#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

constexpr std::array kReasons{
    ReasonRow{Reason::unknown, "unknown",
              "Why cannot be said: it was decided by a version of Spine that knows more.",
              "Ask with that version."},
    ReasonRow{Reason::duplicate, "duplicate",
              "It was not accepted because the channel had delivered it before; the first one "
              "counts.",
              ""},
    ReasonRow{Reason::not_allowed, "not_allowed",
              "Nobody answered because the sender is not on the list of those who may write there.",
              "Add the sender id to allowFrom (or groupAllowFrom) of the channel."},
    ReasonRow{Reason::disabled, "disabled",
              "Nobody answered because the channel's policy turns such messages off.",
              "Set dmPolicy (or groupPolicy) of the channel to another value than \"disabled\"."},
    ReasonRow{
        Reason::unpaired, "unpaired", "Nobody answered because the sender is not paired.",
        "Let the sender in: spine pairing list, then spine pairing approve <code>; the message "
        "has to be sent again."},
    ReasonRow{Reason::rate_limited, "rate_limited",
              "Nobody answered because the sender wrote faster than allowed, and as many delayed "
              "messages waited as may.",
              "Write more slowly, or raise gateway.rate_limit; the message has to be sent again."},
    ReasonRow{Reason::queue_full, "queue_full",
              "Nobody answered because as many messages waited for the session as may.",
              "See what it works on: spine runs list; then send the message again."},
    ReasonRow{Reason::unknown_agent, "unknown_agent",
              "Nobody answered because no agent of that name is configured.",
              "Correct the binding or the session key, or add the agent to the configuration."},
    ReasonRow{
        Reason::group_not_listed, "group_not_listed",
        "Nobody answered because the channel lists its groups and this one is not among them, "
        "or is turned off.",
        "Add the group's id (or \"*\") to groups of the channel."},
    ReasonRow{Reason::table_full, "table_full",
              "Nobody answered because there are as many sessions, senders, runs or requests as "
              "there may be.",
              "Close sessions that are not needed: spine sessions list, spine sessions delete."},
    ReasonRow{Reason::unsupported, "unsupported",
              "Nobody answered because the message is of a kind that has neither words nor files "
              "that can be read here.",
              "Say it in words, or send it as a file."},
    ReasonRow{Reason::too_large, "too_large",
              "Nobody answered because the text of the message is longer than is taken.",
              "Send it in parts, or as a file."},
    ReasonRow{Reason::only_recorded, "only_recorded",
              "Nobody answered because whoever handed it in asked for it to be recorded only.", ""},
    ReasonRow{
        Reason::no_agent, "no_agent",
        "Nobody answered because a binding gives such messages to \"none\": they are recorded "
        "and start nothing.",
        "Bind the channel, account or peer to an agent."},
    ReasonRow{Reason::not_addressed, "not_addressed",
              "Nobody answered because the group requires a mention, and the message is not "
              "addressed to the agent.",
              "Mention the agent, or set requireMention of the group to false."},
    ReasonRow{Reason::answers_request, "answers_request",
              "No agent was asked because the message answers a request for pairing or a question.",
              ""},
    ReasonRow{
        Reason::is_command, "is_command",
        "No agent was asked because the message is a command: the gateway answered it itself.", ""},
    ReasonRow{Reason::fresh_start, "fresh_start",
              "No agent was asked because the message only says that the conversation starts "
              "afresh.",
              ""},
    ReasonRow{Reason::behind_another, "behind_another",
              "Nobody has answered yet because the session is busy with another run, and this one "
              "waits its turn.",
              "Wait, or end the one at work: spine runs abort <run>."},
    ReasonRow{Reason::steered, "steered",
              "Nobody has answered it by itself because the agent took it into the run that it is "
              "working on.",
              "Wait for that run."},
    ReasonRow{
        Reason::delayed, "delayed",
        "Nobody has answered yet because the run is put off: the sender wrote faster than allowed, "
        "or the turn waits for what is added to it.",
        "Wait, or raise gateway.rate_limit, or lower messages.inbound."},
    ReasonRow{Reason::agent_at_work, "agent_at_work",
              "The agent has been given the message and has not answered yet.",
              "See what it does: spine agents logs <agent>; end it: spine runs abort <run>."},
    ReasonRow{Reason::agent_quarantined, "agent_quarantined",
              "The agent is in quarantine: it crashed again and again, and gets no prompts.",
              "Mend what spine agents logs <agent> shows, then: spine agents reset <agent>."},
    ReasonRow{Reason::engine_stopped, "engine_stopped",
              "Nobody has answered yet because the gateway is not running.",
              "Start it: spine start."},
    ReasonRow{Reason::due, "due",
              "Nothing holds it up: it is due, and starts as soon as the engine looks.", ""},
    ReasonRow{Reason::answered, "answered", "The agent answered it.", ""},
    ReasonRow{Reason::answered_together, "answered_together",
              "It was answered together with another message, in one run.", ""},
    ReasonRow{Reason::failed, "failed", "Nobody answered because the agent's run failed.",
              "See the reason above and spine agents logs <agent>; send the message again."},
    ReasonRow{Reason::crashed_too_often, "crashed_too_often",
              "Nobody answered because the agent or the gateway crashed on it as often as may be "
              "tried.",
              "See spine agents logs <agent>; send the message again."},
    ReasonRow{Reason::left_alone, "left_alone",
              "Nobody answered because the agent or the gateway ended in the middle of it, and the "
              "agent's onCrash setting does not try again.",
              "Look what was done already, then send the message again."},
    ReasonRow{Reason::aborted, "aborted", "Nobody answered because somebody ended its run.",
              "Send the message again."},
    ReasonRow{Reason::reset_ended_it, "reset_ended_it",
              "Nobody answered because the conversation was started afresh before that.",
              "Send the message again."},
    ReasonRow{Reason::session_closed, "session_closed",
              "Nobody answered because its session was closed before that.",
              "Send the message again."},
    ReasonRow{
        Reason::superseded, "superseded",
        "Nobody answered it because a newer message interrupted it: queue mode interrupt.",
        "Set the queue mode to \"followup\" or \"collect\" if every message is to be answered."},
    ReasonRow{Reason::stop_command, "stop_command", "Nobody answered because a message said /stop.",
              "Send the message again."},
    ReasonRow{Reason::agent_silent, "agent_silent",
              "Nothing was sent because the agent said nothing, or NO_REPLY.", ""},
    ReasonRow{Reason::delivered, "delivered", "The answer has arrived on the channel.", ""},
    ReasonRow{Reason::delivery_under_way, "delivery_under_way",
              "The channel has been given the answer and has not said yet what became of it.", ""},
    ReasonRow{Reason::delivery_in_line, "delivery_in_line",
              "There is an answer; it waits for its turn: what was said before in the conversation "
              "goes first, and a channel is given only so much at a time.",
              "See what holds it up: spine channels status."},
    ReasonRow{Reason::delivery_channel_away, "delivery_channel_away",
              "There is an answer; it waits because the channel cannot deliver now.",
              "See why, and what to do: spine channels status."},
    ReasonRow{Reason::delivery_rate_limited, "delivery_rate_limited",
              "There is an answer; it waits because the platform asked for a pause.",
              "Wait, or write less often there."},
    ReasonRow{Reason::delivery_retried, "delivery_retried",
              "There is an answer; an attempt to send it failed, and it is tried again.",
              "Wait; see the failure: spine dlq show <delivery>."},
    ReasonRow{Reason::delivery_stopped, "delivery_stopped",
              "There is an answer; it waits because the gateway is not running.",
              "Start it: spine start."},
    ReasonRow{Reason::dead_permanent, "dead_permanent",
              "The answer did not arrive because the platform refused it for good.",
              "Mend what the failure says, then: spine dlq retry <delivery>."},
    ReasonRow{Reason::dead_unknown, "dead_unknown",
              "Whether the answer arrived is not known: it is sent at most once.",
              "Look there; if it is missing: spine dlq retry <delivery>."},
    ReasonRow{Reason::dead_expired, "dead_expired",
              "The answer did not arrive because it could not be sent in time.",
              "If it is still of use: spine dlq retry <delivery>."},
    ReasonRow{Reason::delivery_discarded, "delivery_discarded",
              "The answer did not arrive, and its dead letter was discarded.",
              "For another answer: spine runs retry <run> --force."},
    ReasonRow{
        Reason::never_arrived, "never_arrived",
        "Nobody answered because it never reached the gateway, or was refused without a record "
        "of its own.",
        "Look at the channel's side; the counters of refusals are in /metrics: "
        "spine_inbound_rejected_total, spine_inbound_rejections_uncounted_total."},
    ReasonRow{
        Reason::arrived_outside, "arrived_outside",
        "It is not there, and the gateway was not running at the end of that time: it may have "
        "come while nothing could take it.",
        "Start it: spine start; channels that keep messages deliver them then."},
    ReasonRow{Reason::session_idle, "session_idle",
              "Nothing of the session is being worked on, and nothing waits.", ""},
    ReasonRow{Reason::session_gone, "session_gone",
              "The session is closed; its history is in the journal.", ""},
    ReasonRow{Reason::no_session, "no_session",
              "There is no session of that key, and there was none in the part that was looked at.",
              "See the keys: spine sessions list."},
    ReasonRow{Reason::agent_crashes, "agent_crashes",
              "The agent's last process did not end as it should; it is started again.",
              "See spine agents logs <agent>."},
    ReasonRow{Reason::agent_fine, "agent_fine", "Nothing is known to be wrong with the agent.", ""},
    ReasonRow{Reason::followed, "followed", "It followed from the events above.", ""},
};

template <class From>
struct ReasonOf {
  From from{};
  Reason reason{};
};

constexpr std::array kOfRejection{
    ReasonOf<fb::RejectReason>{fb::RejectReason::duplicate, Reason::duplicate},
    ReasonOf<fb::RejectReason>{fb::RejectReason::not_allowed, Reason::not_allowed},
    ReasonOf<fb::RejectReason>{fb::RejectReason::disabled, Reason::disabled},
    ReasonOf<fb::RejectReason>{fb::RejectReason::unpaired, Reason::unpaired},
    ReasonOf<fb::RejectReason>{fb::RejectReason::rate_limited, Reason::rate_limited},
    ReasonOf<fb::RejectReason>{fb::RejectReason::queue_full, Reason::queue_full},
    ReasonOf<fb::RejectReason>{fb::RejectReason::unknown_agent, Reason::unknown_agent},
    ReasonOf<fb::RejectReason>{fb::RejectReason::group_not_listed, Reason::group_not_listed},
    ReasonOf<fb::RejectReason>{fb::RejectReason::table_full, Reason::table_full},
    ReasonOf<fb::RejectReason>{fb::RejectReason::unsupported, Reason::unsupported},
    ReasonOf<fb::RejectReason>{fb::RejectReason::too_large, Reason::too_large},
};

constexpr std::array kOfAbort{
    ReasonOf<fb::AbortReason>{fb::AbortReason::rpc, Reason::aborted},
    ReasonOf<fb::AbortReason>{fb::AbortReason::session_reset, Reason::reset_ended_it},
    ReasonOf<fb::AbortReason>{fb::AbortReason::session_closed, Reason::session_closed},
    ReasonOf<fb::AbortReason>{fb::AbortReason::superseded, Reason::superseded},
    ReasonOf<fb::AbortReason>{fb::AbortReason::command, Reason::stop_command},
};

constexpr std::array kOfDeath{
    ReasonOf<fb::DeadLetterReason>{fb::DeadLetterReason::permanent, Reason::dead_permanent},
    ReasonOf<fb::DeadLetterReason>{fb::DeadLetterReason::unknown, Reason::dead_unknown},
    ReasonOf<fb::DeadLetterReason>{fb::DeadLetterReason::expired, Reason::dead_expired},
};

template <class Table, class From>
Reason look_up(const Table& table, From from) {
  for (const auto& row : table)
    if (row.from == from) return row.reason;
  return Reason::unknown;
}

}  // namespace

const ReasonRow& row_of_reason(Reason reason) {
  const auto* row = std::ranges::find(kReasons, reason, &ReasonRow::reason);
  return row == kReasons.end() ? kReasons.front() : *row;
}

Reason reason_of(fb::RejectReason reason) {
  return look_up(kOfRejection, reason);
}

Reason reason_of(fb::AbortReason reason) {
  return look_up(kOfAbort, reason);
}

Reason reason_of(fb::DeadLetterReason reason) {
  return look_up(kOfDeath, reason);
}

void Explanation::add(Seq seq, std::string text) {
  const bool said = seq && std::ranges::any_of(facts, [&](const Fact& fact) {
                      return fact.seq == seq && fact.text == text;
                    });
  if (!said) facts.push_back({seq, std::move(text)});
}

std::string Explanation::todo() const {
  std::string text = row_of_reason(reason).todo;
  const auto fill = [&](std::string_view place, const std::string& name) {
    if (name.empty()) return;
    const std::string shown = printable(name);
    for (std::size_t at = text.find(place); at != std::string::npos;
         at = text.find(place, at + shown.size())) {
      text.replace(at, place.size(), shown);
    }
  };
  fill("<agent>", agent);
  fill("<run>", run);
  fill("<delivery>", delivery);
  return text;
}

std::string Explanation::text() const {
  const ReasonRow& row = row_of_reason(reason);
  std::string out = subject + "\n";
  for (const Fact& fact : facts) {
    out += fact.seq ? fmt::format("  {:>8} {}\n", fmt::format("#{}", fact.seq.value), fact.text)
                    : fmt::format("  {:>8} {}\n", "", fact.text);
  }
  out += fmt::format("\n{}\n", row.words);
  if (const std::string next = todo(); !next.empty()) out += fmt::format("What to do: {}\n", next);
  return out;
}

std::string Explanation::json() const {
  const ReasonRow& row = row_of_reason(reason);
  return json_object([&](JsonWriter& json) {
    json.member("subject", subject);
    json.member("reason", row.name);
    json.member("verdict", row.words);
    json.member_or_null("todo", todo());
    json.objects("facts", facts, [&](const Fact& fact) {
      json.key("seq");
      fact.seq ? json.value(fact.seq.value) : json.null();
      json.member("text", fact.text);
    });
  });
}

}  // namespace spine::replay
