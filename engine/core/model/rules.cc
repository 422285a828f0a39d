// The table of what changed on purpose.
#include "engine/core/model/rules.h"

#include <algorithm>

#include "schemas/fields.h"

namespace spine::core {

namespace {

using enum fb::EventBody;

constexpr RulesChange kChanges[]{
    {1, MessageReceived, RunQueued, "trust",
     "messages of groups are untrusted unless an admin wrote them"},
    {1,
     MessageReceived,
     SessionReset,
     {},
     "a word in an untrusted message does not end the runs of a trusted one"},
    {1,
     MessageReceived,
     ChannelPairingRequested,
     {},
     "a sender who is refused as unpaired asks for pairing"},
    {1,
     MessageReceived,
     ChannelPairingResolved,
     {},
     "an admin's answer counts only from a client that may speak for admins"},
    {1,
     MessageReceived,
     PairingCodeAnswered,
     {},
     "an admin's answer counts only from a client that may speak for admins"},
    {1, RunInterrupted, RunFailed, "message", "what people read of a crash was worded anew"},
    {2,
     RunRetryRequested,
     RunRetryRequested,
     {},
     "a message that another run works on together with its own is not tried beside it"},
};

}  // namespace

std::span<const RulesChange> rules_changes() {
  return kChanges;
}

const RulesChange* find_change(std::span<const RulesChange> changes, std::uint32_t recorded,
                               std::uint16_t input, std::uint16_t event, std::string_view field) {
  const auto found = std::ranges::find_if(changes, [&](const RulesChange& change) {
    return change.since > recorded && is_kind(input, change.input) &&
           is_kind(event, change.event) && change.field == field;
  });
  return found == changes.end() ? nullptr : &*found;
}

}  // namespace spine::core
