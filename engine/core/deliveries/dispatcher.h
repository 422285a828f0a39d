// Dispatcher: asks for deliveries and gives them to their channels, within one decision.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/core/model/drafter.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

// Where an answer to a message of a channel goes. channel 0 = nowhere: the gateway does not deliver
// there.
struct DeliveryRoute {
  ChannelId channel{};
  std::uint64_t lane{};
};
// `channel` in lower case.
DeliveryRoute route_to(const Tables& tables, std::string_view channel,
                       const fb::MessageReceived& message);
DeliveryRoute route_to(const Tables& tables, const ChannelRow& channel,
                       std::string_view conversation_id);

// Where something goes that answers no message. Borrowed.
struct DeliveryAddress {
  fb::ConversationKind conversation{};
  std::string_view conversation_id{};  // empty = it answers a message
  std::string_view thread{};
  std::string_view reply_to{};
};
// Borrowed from it; null = an empty one.
DeliveryAddress address_of(const fb::Address* to);

// channel 0 = there is no such account.
DeliveryRoute route_to(const Tables& tables, const fb::DeliveryTarget& target);

// What a DeliveryRequested says.
struct DeliveryDraft {
  DeliveryRoute route{};
  Seq message{};         // that is answered
  DeliveryAddress to{};  // or this
  Seq body{};            // whose text it is; 0 = `text`
  std::string_view text{};
  RunId run{};
  fb::DeliveryPurpose purpose{};
  Seq preview{};  // the DeliveryPreviewed whose message it takes the place of; 0 = none
};

// Sees the tables as they were before the decision, and what it has added to it itself.
// Thread: engine.
class Dispatcher {
 public:
  Dispatcher(const Tables& tables, Instant now, Drafter& drafter)
      : tables_(tables), now_ms_(now.logical_ms), drafter_(drafter) {}

  // Whether an agent that says this has nothing to say: then nothing is delivered.
  static bool is_silent(std::string_view text);

  // Whether one more delivery may be asked for that is no run's answer: those have their room.
  static bool has_room(const Tables& tables);

  // A delivery, which is attempted at once if nothing is in line before it. Nothing without a
  // route, or when the table is full: 0. `why.cause`: the event it is about.
  Seq request(const DeliveryDraft& draft, const Why& why);
  // The answer of a run, if it says something or has files; else what was shown of it goes.
  // `ended`: the event that has them.
  void request_answer(const Run& run, Seq ended, const fb::RunFinished& answer, const Why& why);
  // Why a run has no answer.
  void tell_failure(const Run& run, std::string_view reason, const Why& why);
  // Of a run that has no answer: the message that was shown goes.
  void request_removal(const Run& run, Seq previewed, const Why& why);
  // Attempts what is ready for the channel, which is usable, as far as there is room. `cause`: the
  // event that lets it.
  void dispatch(const ChannelRow& channel, Seq cause);
  // What waited too long goes to the dead letters, whether its channel is usable or not.
  void expire(Seq cause);
  // dispatch() of every channel that is usable.
  void dispatch_all(Seq cause);
  // A delivery that was attempted is confirmed, or goes to the dead letters now: what is next.
  void ended(std::uint32_t row, Seq cause);
  // It failed and stays the first of its lane: its place is another's.
  void freed(std::uint32_t row, Seq cause);
  // A dead letter is in line again: it is attempted at once if nothing is before it.
  void revived(std::uint32_t row, Seq cause);
  void bury(std::uint32_t row, fb::DeadLetterReason reason, Seq cause);

 private:
  Why why_of(std::uint32_t row, Seq cause) const;
  bool taken(std::uint32_t row) const;
  bool is_first(const DeliveryRoute& route) const;
  std::uint32_t room(const ChannelRow& channel) const;
  std::uint32_t take_turn(std::uint32_t row, Seq cause);
  void make_room(Seq cause);

  const Tables& tables_;
  std::uint64_t now_ms_{};
  Drafter& drafter_;
  std::vector<std::uint32_t> taken_{};      // rows that were attempted or ended
  std::vector<DeliveryRoute> requested_{};  // of this decision
  std::vector<ChannelId> started_{};        // one for each attempt
  std::vector<ChannelId> freed_{};          // one for each outcome
  std::uint32_t buried_{};
  std::uint32_t discarded_{};  // row of the last dead letter that made room
};

// Logical time at which something expires or may be attempted; 0 = nothing before another input.
std::uint64_t next_dispatch_ms(const Tables& tables);

}  // namespace spine::core
