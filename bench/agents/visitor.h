// Visitor: one connection and its sessions: sends messages, and checks what comes of each.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "bench/agents/plan.h"
#include "bench/agents/tally.h"
#include "bench/load/spine_protocol.h"

namespace spine::bench {

// Every session has one message in flight at most, and takes its turn after all others have. The
// answer must be the one to that message: the agent's count of the session's messages, which it
// keeps with the conversation, and the session's own tag.
class Visitor final : public SpineProtocol {
 public:
  // `plan` and `tally` outlive it.
  Visitor(const Plan& plan, std::uint32_t index, Tally& tally);

  // Sends what the phase allows.
  void fill(std::string& out, Phase& phase);

 protected:
  bool setup(std::string& out) override;
  void take(std::string_view payload, Answers& answers) override;

 private:
  struct Session {
    std::string key{};
    std::string tag{};
    std::string mark{};  // of the process that answered last
    std::uint64_t sent{};
    std::int64_t sent_ns{};
    std::int64_t delta_ns{};  // the last one of the present answer; 0 = none yet
  };
  void send(Session& session, const Phase& phase, std::string& out);
  Session* session_of(std::string_view run_id, std::uint64_t& number);
  void take_chat(std::string_view payload, Answers& answers);
  void take_delta(Session& session);
  void take_final(Session& session, std::uint32_t place, std::string_view text, Answers& answers);
  bool check_counted(Session& session, std::string_view text);

  const Plan& plan_;
  Tally& tally_;
  std::vector<Session> sessions_{};   // number index + place x connections
  std::deque<std::uint32_t> idle_{};  // places
  std::uint32_t in_flight_{};
};

}  // namespace spine::bench
