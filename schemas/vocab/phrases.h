// Phrases: what the gateway itself says to people on channels, as settings have it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace spine {

enum class Phrase : std::uint8_t {
  pairing_request,
  pairing_waits,
  pairing_full,
  pairing_asked,
  pairing_approved,
  pairing_rejected,
  pairing_let_in,
  pairing_turned_away,
  pairing_code_unknown,
  approval_asked,
  approval_allowed,
  approval_denied,
  not_allowed,
  rate_limited,
  please_wait,
  try_later,
  too_long,
  unsupported,
  file_too_large,
  file_unavailable,
  answer_failed,
  status_session,
  status_idle,
  status_working,
  status_working_again,
  status_asks_one,
  status_asks_many,
  status_waits_one,
  status_waits_many,
  stop_nothing,
  stop_not_yours,
  stop_run,
  stop_run_and_one,
  stop_run_and_many,
  stop_one,
  stop_many,
  time_seconds,
  time_minutes,
  time_hours,
};

// One phrase. A word in braces, "{code}", is a blank that is filled in.
struct PhraseRow {
  std::string_view setting{};
  std::string_view about{};   // when it is said
  std::string_view blanks{};  // words that it may have, blanks between them
  std::string_view needed{};  // the one that it must have
  std::string_view english{};

  constexpr std::string_view name() const { return setting.substr(setting.find('.') + 1); }
};

// In the order of Phrase.
inline constexpr std::array kPhrases{
    PhraseRow{"messages.pairingRequest", "to a stranger who must be let in first", "code minutes",
              "code",
              "Nobody here knows you yet. Your code is {code}: give it to the owner of this bot, "
              "who lets you in with it. It holds for {minutes} minutes."},
    PhraseRow{"messages.pairingWaits", "to a stranger who has a code already", "code", "",
              "Your request waits for the owner of this bot. Your code is {code}."},
    PhraseRow{"messages.pairingFull", "to a stranger while too many others wait", "", "",
              "Too many people wait to be let in. Try again later."},
    PhraseRow{"messages.pairingAsked", "to admins when a stranger asks to be let in",
              "name sender channel code minutes", "code",
              "{name} ({sender}) on {channel} asks to be let in. Answer \"approve {code}\" or "
              "\"reject {code}\" within {minutes} minutes."},
    PhraseRow{"messages.pairingApproved", "to a person who was let in", "", "",
              "You are let in: what you write from now on is answered."},
    PhraseRow{"messages.pairingRejected", "to a person who was not let in", "", "",
              "Your request to be let in was declined."},
    PhraseRow{"messages.pairingLetIn", "to an admin whose answer let a person in",
              "name sender channel", "", "{name} ({sender}) on {channel} is let in."},
    PhraseRow{"messages.pairingTurnedAway", "to an admin whose answer let a person not in",
              "name sender channel", "", "{name} ({sender}) on {channel} is not let in."},
    PhraseRow{"messages.pairingCodeUnknown", "to an admin who answers a code that nobody has",
              "code", "",
              "Nobody waits with the code {code}: it is wrong, or too old, or was answered. If it "
              "is a device's, the device has your answer."},
    PhraseRow{"messages.approvalAsked", "to admins when an agent asks for permission",
              "agent tool title detail code minutes", "code",
              "{agent} asks for permission: {title}\n\n{detail}\n\nAnswer \"approve {code}\" or "
              "\"reject {code}\" within {minutes} minutes."},
    PhraseRow{"messages.approvalAllowed", "to an admin whose answer allowed it", "tool title", "",
              "Allowed this once: {title}"},
    PhraseRow{"messages.approvalDenied", "to an admin whose answer did not allow it", "tool title",
              "", "Not allowed: {title}"},
    PhraseRow{"messages.notAllowed", "to somebody who may not write here", "", "",
              "You may not write to this bot."},
    PhraseRow{
        "messages.rateLimited", "to somebody who writes too much at once", "seconds", "",
        "That is too much at once. Your last message was not taken: send it again in {seconds} s."},
    PhraseRow{"messages.pleaseWait", "when an answer takes long", "", "",
              "Please wait: this takes a little longer."},
    PhraseRow{"messages.tryLater", "when the gateway cannot take a message now", "", "",
              "Your message could not be taken just now. Send it again in a few minutes."},
    PhraseRow{"messages.tooLong", "of a message that is too long", "size", "",
              "Your message is too long: at most {size} are taken."},
    PhraseRow{"messages.unsupported", "of a message of a kind that is not read", "", "",
              "A message of that kind cannot be read here."},
    PhraseRow{"messages.fileTooLarge", "of a file that is not fetched", "name size", "",
              "The file {name} is too large: at most {size} are fetched. The rest of your message "
              "was taken."},
    PhraseRow{"messages.fileUnavailable", "of a file that could not be fetched", "name", "",
              "The file {name} could not be fetched. The rest of your message was taken."},
    PhraseRow{"messages.answerFailed", "when an agent gave no answer", "reason", "",
              "There is no answer: {reason}"},
    PhraseRow{"messages.statusSession", "/status: which session and agent", "session agent", "",
              "Session {session}, agent {agent}."},
    PhraseRow{"messages.statusIdle", "/status: nothing is at work", "", "",
              "Nothing is being worked on."},
    PhraseRow{"messages.statusWorking", "/status: what is at work", "time run", "",
              "Working for {time} on run {run}."},
    PhraseRow{"messages.statusWorkingAgain", "/status: the same of a further attempt",
              "time run attempt", "", "Working for {time} on run {run} (attempt {attempt})."},
    PhraseRow{"messages.statusAsksOne", "/status: a permission that is waited for", "", "",
              "It waits for 1 answer (spine approvals list)."},
    PhraseRow{"messages.statusAsksMany", "/status: several of them", "count", "",
              "It waits for {count} answers (spine approvals list)."},
    PhraseRow{"messages.statusWaitsOne", "/status: a message that waits", "", "",
              "1 message waits."},
    PhraseRow{"messages.statusWaitsMany", "/status: several of them", "count", "",
              "{count} messages wait."},
    PhraseRow{"messages.stopNothing", "/stop: there was nothing", "", "",
              "There was nothing to stop."},
    PhraseRow{"messages.stopNotYours", "/stop: from somebody who may not", "", "",
              "Not stopped: it was asked for by somebody who is trusted, and what is said here "
              "does not end that."},
    PhraseRow{"messages.stopRun", "/stop: a run", "run", "", "Stopped run {run}."},
    PhraseRow{"messages.stopRunAndOne", "/stop: a run and a message that waited", "run", "",
              "Stopped run {run}, and 1 message that waited."},
    PhraseRow{"messages.stopRunAndMany", "/stop: a run and several of them", "run count", "",
              "Stopped run {run}, and {count} messages that waited."},
    PhraseRow{"messages.stopOne", "/stop: a message that waited", "", "",
              "Stopped: 1 message that waited."},
    PhraseRow{"messages.stopMany", "/stop: several of them", "count", "",
              "Stopped: {count} messages that waited."},
    PhraseRow{"messages.timeSeconds", "how long: less than a minute", "seconds", "", "{seconds} s"},
    PhraseRow{"messages.timeMinutes", "how long: less than an hour", "minutes seconds", "",
              "{minutes} min {seconds} s"},
    PhraseRow{"messages.timeHours", "how long: an hour or more", "hours minutes", "",
              "{hours} h {minutes} min"},
};
inline constexpr std::size_t kPhraseBytesMax = 1'000;

enum class Language : std::uint8_t { english, chinese };

// Borrowed for ever.
std::string_view phrase_of(Phrase phrase, Language language);

// What is wrong with a phrase that somebody chose, in words that follow its name; empty = nothing.
std::string phrase_fault(const PhraseRow& row, std::string_view text);

struct Blank {
  std::string_view word{};
  std::string_view value{};
};
// The text with its blanks filled in. Values are taken as they are; blanks that have none stay.
std::string filled(std::string_view text, std::initializer_list<Blank> blanks);

}  // namespace spine
