// What a visitor says, and what it makes of chat events.
#include "bench/agents/visitor.h"

#include <algorithm>
#include <fmt/format.h>

#include "bench/load/cpu.h"

namespace spine::bench {
namespace {

constexpr std::string_view kChat = R"({"type":"event","event":"chat")";

// What follows `mark` up to the next quote; empty when it is not there.
std::string_view quoted_after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + mark.size());
  return rest.substr(0, rest.find('"'));
}

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

std::string beginning(std::string_view what, std::string_view payload) {
  return fmt::format("{}: {}", what, payload.substr(0, 400));
}

}  // namespace

Visitor::Visitor(const Plan& plan, std::uint32_t index, Tally& tally)
    : SpineProtocol(plan.load, index), plan_(plan), tally_(tally) {
  for (std::uint32_t number = index; number < plan.sessions; number += plan.connections) {
    const std::string agent =
        plan.agents == 0 ? std::string("main") : fmt::format("a{}", number % plan.agents);
    idle_.push_back(static_cast<std::uint32_t>(sessions_.size()));
    sessions_.push_back({.key = fmt::format("agent:{}:{}-{}", agent, plan.load.run_id, number),
                         .tag = fmt::format("s{}", number)});
  }
}

bool Visitor::setup(std::string& out) {
  if (sessions_.empty()) return false;
  append_subscribe(out, sessions_.front().key);
  return true;
}

void Visitor::fill(std::string& out, Phase& phase) {
  while (in_flight_ < phase.depth && !idle_.empty() && phase.to_send != 0) {
    Session& session = sessions_[idle_.front()];
    idle_.pop_front();
    ++in_flight_;
    --phase.to_send;
    send(session, phase, out);
  }
}

void Visitor::send(Session& session, const Phase& phase, std::string& out) {
  ++session.sent;
  session.sent_ns = monotonic_ns();
  session.delta_ns = 0;
  append_text_frame(
      out,
      fmt::format(R"({{"type":"req","id":"{0}","method":"chat.send","params":{{"sessionKey":"{1}",)"
                  R"("message":"bench {2} {3} {4}","idempotencyKey":"{5}-{2}-{0}"}}}})",
                  session.sent, session.key, session.tag, phase.pieces, phase.rate,
                  plan_.load.run_id),
      mask());
}

// Of the runs this connection asked for; null = somebody else's.
Visitor::Session* Visitor::session_of(std::string_view run_id, std::uint64_t& number) {
  const std::size_t prefix = plan_.load.run_id.size() + 2;  // "-s"
  if (run_id.size() <= prefix || !run_id.starts_with(plan_.load.run_id)) return nullptr;
  run_id.remove_prefix(prefix);
  const std::uint64_t session = number_of(run_id);
  number = number_of(run_id.substr(std::min(run_id.size(), run_id.find('-') + 1)));
  if (session % plan_.connections != index()) return nullptr;
  const std::uint64_t place = session / plan_.connections;
  return place < sessions_.size() ? &sessions_[place] : nullptr;
}

void Visitor::take(std::string_view payload, Answers& answers) {
  ++tally_.frames;
  tally_.bytes += payload.size();
  if (payload.starts_with(kChat)) return take_chat(payload, answers);
  if (!payload.starts_with(R"({"type":"res")")) return;
  if (payload.find(R"("ok":true)") != std::string_view::npos) return;
  answers.refuse(beginning("Refused", payload));
}

void Visitor::take_chat(std::string_view payload, Answers& answers) {
  const std::string_view head = payload.substr(0, 512);
  std::uint64_t number = 0;
  Session* session = session_of(quoted_after(head, R"("runId":")"), number);
  const std::string_view state = quoted_after(head, R"("state":")");
  if (session == nullptr) {
    tally_.other_deltas += state == "delta" ? 1 : 0;
    return;
  }
  if (number != session->sent) return answers.fail(beginning("An answer to another message", head));
  if (state == "delta") return take_delta(*session);
  if (state == "error" || state == "aborted") return answers.fail(beginning("It failed", head));
  if (state != "final") return;
  const auto place = static_cast<std::uint32_t>(session - sessions_.data());
  take_final(*session, place, quoted_after(payload, R"("text":")"), answers);
}

void Visitor::take_delta(Session& session) {
  ++tally_.own_deltas;
  const std::int64_t since_ns = session.delta_ns == 0 ? session.sent_ns : session.delta_ns;
  const auto took = static_cast<std::uint64_t>(tally_.now_ns - since_ns);
  (session.delta_ns == 0 ? tally_.first_delta : tally_.delta_gap).record(took);
  session.delta_ns = tally_.now_ns;
}

void Visitor::take_final(Session& session, std::uint32_t place, std::string_view text,
                         Answers& answers) {
  const bool right = plan_.echo ? text.starts_with("echo: ") : check_counted(session, text);
  if (!right) {
    return answers.fail(fmt::format("Session {} got a wrong answer to its message {}: {}",
                                    session.key, session.sent, text.substr(0, 200)));
  }
  ++tally_.answered;
  tally_.round_trip.record(static_cast<std::uint64_t>(tally_.now_ns - session.sent_ns));
  --in_flight_;
  idle_.push_back(place);
}

bool Visitor::check_counted(Session& session, std::string_view text) {
  if (number_of(take_word(text)) != session.sent || take_word(text) != session.tag) return false;
  const std::string_view mark = take_word(text);
  const std::uint64_t switches = number_of(take_word(text));
  if (!session.mark.empty() && session.mark != mark) ++tally_.moves;
  session.mark = mark;
  const auto known = tally_.switches.find(mark);
  if (known == tally_.switches.end()) {
    tally_.switches.emplace(mark, switches);
  } else {
    known->second = std::max(known->second, switches);
  }
  return true;
}

}  // namespace spine::bench
