// Where a turn of an agent of the Agent Client Protocol ends. Its response ends it by the protocol,
// but agents do not wait for what they tell meanwhile: pieces of an answer come behind it, by an
// event loop's turn or by a network. A piece says which conversation it is of and not which turn,
// so a turn is held open for a while, and the next prompt of its conversation waits. That would
// cost every answer a second; so it is done until a process has shown that it is punctual, and
// always where it has shown that it is not.
#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "adapters/agents/protocols/acp.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

constexpr std::uint64_t kUnknownMs = 250;  // of an agent that showed neither yet
constexpr std::size_t kPastIdsMax = 64;

static_assert(kUnknownMs < limits::kLateUpdatesMs);

bool has(const std::vector<std::string>& ids, std::string_view id) {
  return std::ranges::find(ids, id) != ids.end();
}

}  // namespace

std::uint64_t AcpProtocol::call_back(std::uint64_t ms) {
  sink_.call_back(next_token_, ms);
  return next_token_++;
}

std::uint64_t AcpProtocol::quiet_ms() const {
  if (late_) return limits::kLateUpdatesMs;
  return punctual_ ? 0 : kUnknownMs;
}

// The response came. What looks unfinished is most likely about to be told.
void AcpProtocol::hold(Run& run) {
  run.step = Step::ending;
  const bool unfinished = !run.calls.empty() || (run.answer.empty() && !run.used_tools);
  run.held_ms = unfinished ? limits::kLateUpdatesMs : quiet_ms();
  run.token = call_back(run.held_ms);
}

void AcpProtocol::called_back(std::uint64_t token) {
  if (odd_.faulted()) return;
  for (Run& run : runs_) {
    if (run.step != Step::ending || run.token != token) continue;
    if (late_ && run.held_ms < limits::kLateUpdatesMs && !run.cancelled) {
      run.token = call_back(limits::kLateUpdatesMs - run.held_ms);
      run.held_ms = limits::kLateUpdatesMs;
      return;
    }
    return stopped(run);
  }
  for (Conversation& known : conversations_) {
    if (known.past_token == token) {
      known.past_token = 0;
      known.past.clear();
      return;
    }
    if (known.quiet_token == token) return let_in(known);
  }
}

// Whatever comes from now on is of the next turn.
void AcpProtocol::let_in(Conversation& known) {
  known.quiet_token = 0;
  if (known.quiet_proves) punctual_ = !late_;
  const auto run = std::find_if(runs_.begin(), runs_.end(), [&known](const Run& open) {
    return open.step == Step::waiting && open.conversation == known.id;
  });
  if (run == runs_.end()) return;
  if (run->cancelled) return settle(*run);
  send_prompt(*run, false);
}

// The run ends: what is told of it from now on is dropped.
void AcpProtocol::close_turn(const Run& run) {
  Conversation* known = conversation(run.conversation);
  if (known == nullptr || (run.step != Step::prompting && run.step != Step::ending)) return;
  const bool broken_off = run.cancelled || run.step == Step::prompting;
  std::uint64_t ms = late_ || !punctual_ ? limits::kLateUpdatesMs - run.held_ms : 0;
  // That it is punctual with whole answers says nothing of those that are broken off.
  if (broken_off && ms == 0 && !late_) ms = kUnknownMs;
  if (broken_off && !late_) ms = std::min(ms, kUnknownMs);
  known->quiet_proves = !broken_off;
  if (ms != 0) known->quiet_token = call_back(ms);
  if (ms == 0 && run.held_ms == limits::kLateUpdatesMs) punctual_ = !late_;
  if (run.ids.empty()) return;
  for (const std::string& id : run.ids)
    known->past.push_back(id);
  if (known->past.size() > kPastIdsMax) {
    known->past.erase(known->past.begin(), known->past.end() - kPastIdsMax);
  }
  known->past_token = call_back(limits::kLateUpdatesMs);
}

// The process or what can be believed of it ends: answers that came count.
void AcpProtocol::tell_ended() {
  for (;;) {
    const auto run = std::find_if(runs_.begin(), runs_.end(),
                                  [](const Run& open) { return open.step == Step::ending; });
    if (run == runs_.end()) return;
    stopped(*run);
  }
}

void AcpProtocol::ended(bool, std::string_view) {
  if (!odd_.faulted()) tell_ended();
  runs_.clear();
}

// Of the turn before by its id, or because there is no turn.
bool AcpProtocol::is_late(const Conversation* known, const Run* run, std::string_view id) const {
  if (run == nullptr) return true;
  return known != nullptr && !id.empty() && has(known->past, id) && !has(run->ids, id);
}

// REQUIRES: the update is a piece of an answer or about a tool.
void AcpProtocol::drop_late(Conversation* known, std::string_view kind, const JsonNode& update) {
  if (known == nullptr) return odd_.pass_over("an update of a conversation that was not opened");
  const bool loads = std::any_of(runs_.begin(), runs_.end(), [known](const Run& run) {
    return run.step == Step::loading && run.conversation == known->id;
  });
  if (loads) return;  // its history
  late_ = true;
  punctual_ = false;
  if (known->dropped++ != 0) return;
  const std::string said = update["content"].text("text").empty()
                               ? update.json()
                               : std::string(update["content"].text("text"));
  sink_.log(
      fmt::format("it told of a turn that had ended, too late by more than {} ms, and that is "
                  "dropped ({}): {}",
                  quiet_ms(), kind, cut_text(said, 160)));
}

}  // namespace spine::agents
