// Gathering: the burst that a message opens or joins, within one decision.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/model/drafter.h"

namespace spine::core {

// Who writes what where. Borrowed for the call.
struct GatheredWords {
  const fb::MessageReceived& message;
  std::string_view session_key;
  SessionId session;  // 0 = the message itself opens it
  std::string_view sender_key;
  std::string_view channel;  // lower case
  fb::Trust trust;
  bool at_once;  // the agent is given it now, as it works: it opens no burst
};

// Thread: engine.
class Gathering {
 public:
  Gathering(const Tables& tables, Instant now) : tables_(tables), now_ms_(now.logical_ms) {}

  // What becomes of the words. Until then: nothing.
  void find(const GatheredWords& words);
  // They are part of no burst, but answered behind those that came first.
  void keep_behind(SessionId session) {
    not_before_ms_ = tables_.bursts.held_until_ms(session, now_ms_);
  }

  bool joins() const { return joined_ != nullptr; }
  bool opens() const { return opens_; }
  // That waits already, and answers the message, too; 0 = none.
  RunId run() const { return joins() ? joined_->run : RunId{}; }
  // The message that the run answers: the first of the burst, which is this one unless it joins.
  Seq first(Seq message) const { return joins() ? joined_->message : message; }
  // Logical time before which a run of the message is not to start; 0 = at once.
  std::uint64_t not_before_ms() const { return not_before_ms_; }

  // The event about it, if there is one. `why`: of what follows from the message.
  void draft(Drafter& drafter, const Why& why) const;

 private:
  std::uint64_t renewed_ms(std::uint64_t wait_ms) const;

  const Tables& tables_;
  std::uint64_t now_ms_{};
  const BurstRow* joined_{};
  bool opens_{};
  Bits128 key_{};
  Bits128 group_{};
  std::uint64_t closes_ms_{};
  std::uint64_t until_ms_{};
  std::uint64_t not_before_ms_{};
};

}  // namespace spine::core
