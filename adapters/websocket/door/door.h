// Door: how a refused connect is answered, counted and, for wrong secrets, delayed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/websocket/door/auth_limits.h"
#include "adapters/websocket/door/credentials.h"
#include "adapters/websocket/protocol/context.h"
#include "adapters/websocket/protocol/respond.h"

namespace spine::net {

// Thread: net.
class Door {
 public:
  explicit Door(Context& net) : auth_limits(net.options.config->auth_rate_limit), net_(net) {}

  AuthLimits auth_limits;

  // A connect was refused for this reason (details.code); empty = the client's mistake, not
  // counted.
  void count(std::uint32_t slot, std::string_view reason);
  // Stops reading from the client; after the delay the refusal is sent and the connection closed.
  void refuse_later(const Responder& to, Refusal refusal, std::uint64_t delay_ms);
  // Sends delayed answers that are due, and the report every refusal_report_ms. Once per turn.
  void run_timers();
  // When run_timers() should be called next, boot-time ms; 0 = no need.
  std::uint64_t next_timer_ms() const;
  // ConnectsRefused for what was counted since the last one, if anything was.
  void report();

 private:
  // A refused connect whose answer is held back.
  struct Delayed {
    std::uint64_t due_ms{};
    ConnectionRef connection{};
    std::string id{};  // of the request
    Refusal refusal{};
  };
  std::uint64_t report_due_ms() const { return since_ms_ + net_.options.refusal_report_ms; }

  Context& net_;
  RefusedConnects refused_{};  // since the last report
  std::uint64_t since_ms_{};   // boot time of the first of them
  std::vector<Delayed> delayed_{};
};

// Answers with the error, counts it under `reason`, and closes with its message.
void turn_away(const Responder& to, const Refusal& refusal, std::string_view reason,
               std::uint16_t code = close_code::kPolicy);

// The refusal for a verdict other than granted and pairing_required, counted, and held back for
// `delay_ms` or what a device token's failure asks for.
void turn_away_unauthorized(const Responder& to, const Judgement& judgement,
                            std::uint64_t delay_ms);
void turn_away_device(const Responder& to, DeviceFault fault);

// Where the connection comes from, as limits see it.
AuthAttempt attempt_of(const Context& net, std::uint32_t slot, AuthClass what);

}  // namespace spine::net
