// ProgramLines: the lines that a channel and the program that is its adapter write to each other,
// one JSON object each. Nothing is done here but reading and writing them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "adapters/channels/interface/channel.h"
#include "adapters/channels/interface/message.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/json_read.h"

#include "event_generated.h"

namespace spine::channels {

// What a program says. Texts are borrowed from the reader until it reads again.
struct SaidMessage {
  Message message{};  // channel and account are empty; timestamp_ms 0 = it said none
  std::string_view position{};
};
struct SaidState {
  fb::ChannelState state{};
  std::string_view problem{};
  std::string_view identity{};
};
struct SaidDelivered {
  DeliveryId delivery{};
  std::vector<std::string> ids{};
};
struct SaidFailed {
  DeliveryId delivery{};
  fb::DeliveryFailure kind{};
  std::string_view reason{};
  std::uint64_t retry_after_ms{};
};
struct SaidOther {  // a type that is not known
  std::string_view type{};
};
struct SaidNothing {};  // a blank line
struct SaidWrong {      // not understood, and why, for people
  std::string why{};
};
using Said = std::variant<SaidNothing, SaidMessage, SaidState, SaidDelivered, SaidFailed, SaidOther,
                          SaidWrong>;

// Keeps its memory from line to line, unless one was very long.
class ProgramReader {
 public:
  // Any bytes: what is not a JSON object of the form in README.md is SaidWrong.
  Said read(std::string_view line);

 private:
  Said read_message(const JsonNode& said);

  PaddedText text_{};
  JsonParser parser_{};
  std::vector<std::string> ids_{};  // of the message, whose ids may be numbers
};

// The lines to a program, without the LF.
std::string start_line(std::string_view channel, std::string_view account,
                       std::string_view position, std::string_view identity);
std::string deliver_line(const Delivery& delivery);
std::string acknowledged_line(std::string_view position);
std::string working_line(const Work& work, bool working);
std::string stop_line();

}  // namespace spine::channels
