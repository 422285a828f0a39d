// Turning away: how a connect is refused: answer, close, count, and, for guesses, a delay.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/websocket/auth_limits.h"
#include "adapters/websocket/context.h"
#include "adapters/websocket/credentials.h"
#include "adapters/websocket/respond.h"

namespace spine::net {

// Answers with the error and closes with its message. `reason` is the details.code it is counted
// under; empty = not counted (the client's mistake, not a refusal).
void turn_away(const Responder& to, const Refusal& refusal, std::string_view reason,
               std::uint16_t code = close_code::kPolicy);

// The refusal for a verdict other than granted and pairing_required, counted, and held back for
// `delay_ms` or what a device token's failure asks for.
void turn_away_unauthorized(const Responder& to, const Judgement& judgement,
                            std::uint64_t delay_ms);
void turn_away_device(const Responder& to, DeviceFault fault);

// Refusals whose time has come. Once per turn.
void send_delayed(Context& net);
// ConnectsRefused for what was counted, once in kRefusalsGatheredMs.
void report_refused(Context& net);

// Where the connection comes from, as limits see it.
AuthAttempt attempt_of(const Context& net, std::uint32_t slot, AuthClass what);

}  // namespace spine::net
