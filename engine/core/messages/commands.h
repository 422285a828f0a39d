// Commands: words that ask something of the gateway itself, such as "/stop". It answers them when
// it receives them: they never wait behind the run that they are about, and start none.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/core/model/drafter.h"

namespace spine::core {

// Who says a command, and where. Borrowed for the call.
struct CommandCall {
  const Tables& tables;
  Drafter& drafter;
  Why why;                    // of what follows from the message
  std::uint32_t session_row;  // 0 = the message itself opens the session
  std::string_view session_key;
  std::string_view agent;
  fb::Trust trust;  // of the words
  Instant now;
};

struct Command {
  std::string_view name{};         // in lower case, without the slash
  std::string_view description{};  // for lists that people are shown
  // Drafts what it does, and returns what to tell who said it.
  std::string (*carry_out)(const CommandCall&){};
};

// All of them, by name ascending.
std::span<const Command> commands();
// The one that the text asks for: "/<name>" in any case, with nothing beside it but blanks.
// nullptr = it is no command.
const Command* find_command(std::string_view text);

// The idempotency key of a message, which is what its sender calls the answer by; empty for other
// events. Borrowed from the body.
std::string_view message_key_of(const EventView& event);

}  // namespace spine::core
