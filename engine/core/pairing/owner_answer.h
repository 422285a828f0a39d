// OwnerAnswer: what an admin's message on a channel says to a request for pairing, or to what an
// agent asks.
#pragma once

#include <string>

#include "engine/core/deliveries/dispatcher.h"
#include "engine/core/pairing/pairing.h"

namespace spine::core {

struct OwnerAnswer {
  bool given{};
  bool approved{};
  PairingCode code{};
  Seq request{};   // the live request of a sender with that code; 0 = none
  Seq approval{};  // the question of an agent with that code; 0 = none
};

// An admin's "approve CODE", "reject CODE" or "deny CODE", in a direct message that is vouched for.
// `origin`: of the message.
OwnerAnswer read_owner_answer(const Tables& tables, Instant now, const Origin& origin,
                              const fb::MessageReceived& message);

// Drafts what the answer does, and has the person told. What the admin is told.
// REQUIRES: answer.given. `why.cause`: the admin's message.
std::string pass_on(const OwnerAnswer& answer, const Tables& tables, Instant now, Drafter& drafter,
                    Dispatcher& dispatcher, Why why);

}  // namespace spine::core
