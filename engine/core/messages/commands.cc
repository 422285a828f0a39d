// Commands: one row each, and what it does.
#include "engine/core/messages/commands.h"

#include <algorithm>
#include <array>

#include "engine/core/runs/decide.h"

namespace spine::core {
namespace {

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string{count == 1 ? one : many};
}

// "12 min 5 s", whole seconds; a clock that was set back in between says 0 s.
std::string duration(std::int64_t ms) {
  const std::int64_t seconds = std::max<std::int64_t>(ms, 0) / 1'000;
  if (seconds < 60) return std::to_string(seconds) + " s";
  const std::int64_t minutes = seconds / 60;
  if (minutes < 60) return std::to_string(minutes) + " min " + std::to_string(seconds % 60) + " s";
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

std::string running_line(const CommandCall& call, const Run& run) {
  std::string line = "Working for " + duration(call.now.wall_ms - run.started_wall_ms) +
                     " on run " + std::string{call.tables.runs.text(run.key)};
  if (run.attempt > 1) line += " (attempt " + std::to_string(run.attempt) + ")";
  line += '.';
  if (const std::size_t asked = call.tables.approvals.count_of(run.id); asked != 0) {
    line += " It waits for " + counted(asked, "answer", "answers") + " (spine approvals list).";
  }
  return line;
}

std::string carry_out_status(const CommandCall& call) {
  std::string text =
      "Session " + std::string{call.session_key} + ", agent " + std::string{call.agent} + ".\n";
  if (call.session_row == 0) return text + "Nothing is being worked on.";
  const SessionHot& session = call.tables.sessions.hot(call.session_row);
  text += session.running == 0 ? std::string{"Nothing is being worked on."}
                               : running_line(call, call.tables.runs[session.running]);
  if (session.waiting_count != 0) {
    text += '\n' + counted(session.waiting_count, "message waits.", "messages wait.");
  }
  return text;
}

std::string carry_out_stop(const CommandCall& call) {
  if (call.session_row == 0) return "There was nothing to stop.";
  const SessionHot& session = call.tables.sessions.hot(call.session_row);
  // An untrusted message must not stop the run of a trusted one.
  if (call.trust != fb::Trust::trusted && has_trusted_work(call.tables, call.session_row)) {
    return "Not stopped: it was asked for by somebody who is trusted, and what is said here does "
           "not end that.";
  }
  const std::vector<std::uint64_t> runs = open_runs(call.tables, call.session_row);
  if (runs.empty()) return "There was nothing to stop.";
  call.drafter.add_runs_aborted(call.why, runs, fb::AbortReason::command);
  const std::size_t waiting = session.waiting_count;
  const std::string left = counted(waiting, "message that waited", "messages that waited");
  if (session.running == 0) return "Stopped: " + left + ".";
  std::string text = "Stopped run ";
  text += call.tables.runs.text(call.tables.runs[session.running].key);
  if (waiting != 0) text += ", and " + left;
  return text + ".";
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
