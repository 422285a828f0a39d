// Commands: one row each, and what it does.
#include "engine/core/messages/commands.h"

#include <algorithm>
#include <array>

#include "engine/core/runs/decide.h"
#include "schemas/vocab/phrases.h"

namespace spine::core {
namespace {

std::string say(const CommandCall& call, Phrase phrase, std::initializer_list<Blank> blanks = {}) {
  return filled(call.tables.policy.phrase(phrase), blanks);
}

// The phrase for one, or that for several with their number.
std::string say_count(const CommandCall& call, std::size_t count, Phrase one, Phrase many) {
  return count == 1 ? say(call, one) : say(call, many, {{"count", std::to_string(count)}});
}

// Whole seconds; a clock that was set back in between says 0 s.
std::string duration(const CommandCall& call, std::int64_t ms) {
  const std::int64_t seconds = std::max<std::int64_t>(ms, 0) / 1'000;
  const std::int64_t minutes = seconds / 60;
  const std::string odd_seconds = std::to_string(seconds % 60);
  if (minutes == 0) return say(call, Phrase::time_seconds, {{"seconds", odd_seconds}});
  if (minutes < 60) {
    return say(call, Phrase::time_minutes,
               {{"minutes", std::to_string(minutes)}, {"seconds", odd_seconds}});
  }
  return say(call, Phrase::time_hours,
             {{"hours", std::to_string(minutes / 60)}, {"minutes", std::to_string(minutes % 60)}});
}

std::string running_line(const CommandCall& call, const Run& run) {
  const Phrase phrase = run.attempt > 1 ? Phrase::status_working_again : Phrase::status_working;
  std::string line = say(call, phrase,
                         {{"time", duration(call, call.now.wall_ms - run.started_wall_ms)},
                          {"run", call.tables.runs.text(run.key)},
                          {"attempt", std::to_string(run.attempt)}});
  if (const std::size_t asked = call.tables.approvals.count_of(run.id); asked != 0) {
    line += " " + say_count(call, asked, Phrase::status_asks_one, Phrase::status_asks_many);
  }
  return line;
}

std::string carry_out_status(const CommandCall& call) {
  std::string text =
      say(call, Phrase::status_session, {{"session", call.session_key}, {"agent", call.agent}}) +
      '\n';
  if (call.session_row == 0) return text + say(call, Phrase::status_idle);
  const SessionHot& session = call.tables.sessions.hot(call.session_row);
  text += session.running == 0 ? say(call, Phrase::status_idle)
                               : running_line(call, call.tables.runs[session.running]);
  if (session.waiting_count != 0) {
    text += '\n' + say_count(call, session.waiting_count, Phrase::status_waits_one,
                             Phrase::status_waits_many);
  }
  return text;
}

std::string carry_out_stop(const CommandCall& call) {
  if (call.session_row == 0) return say(call, Phrase::stop_nothing);
  const SessionHot& session = call.tables.sessions.hot(call.session_row);
  // An untrusted message must not stop the run of a trusted one.
  if (call.trust != fb::Trust::trusted && has_trusted_work(call.tables, call.session_row)) {
    return say(call, Phrase::stop_not_yours);
  }
  const std::vector<std::uint64_t> runs = open_runs(call.tables, call.session_row);
  if (runs.empty()) return say(call, Phrase::stop_nothing);
  call.drafter.add_runs_aborted(call.why, runs, fb::AbortReason::command);
  const std::size_t waiting = session.waiting_count;
  if (session.running == 0) return say_count(call, waiting, Phrase::stop_one, Phrase::stop_many);
  const Phrase phrase = waiting == 0   ? Phrase::stop_run
                        : waiting == 1 ? Phrase::stop_run_and_one
                                       : Phrase::stop_run_and_many;
  return say(call, phrase,
             {{"run", call.tables.runs.text(call.tables.runs[session.running].key)},
              {"count", std::to_string(waiting)}});
}

constexpr std::array kCommands{
    Command{"status", "What this conversation is working on", carry_out_status},
    Command{"stop", "Stop what is being worked on, and what waits", carry_out_stop},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

const Command* find_command(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with('/')) return nullptr;
  text.remove_prefix(1);
  const auto found =
      std::find_if(kCommands.begin(), kCommands.end(),
                   [text](const Command& command) { return same_but_case(command.name, text); });
  return found == kCommands.end() ? nullptr : &*found;
}

std::string_view message_key_of(const EventView& event) {
  if (!is_kind(event, fb::EventBody::MessageReceived)) return {};
  return text_of(root_of<fb::MessageReceived>(event).idempotency_key());
}

}  // namespace spine::core
