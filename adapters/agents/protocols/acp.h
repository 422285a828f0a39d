// AcpProtocol: any agent of the Agent Client Protocol, version 1: JSON-RPC 2.0, a message per line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/protocols/acp_asks.h"
#include "adapters/agents/protocols/json_in.h"
#include "adapters/agents/protocols/line_protocol.h"

namespace spine::agents {

inline constexpr std::uint32_t kAcpRunsAtOnce = 8;

class AcpProtocol final : public LineProtocol {
 public:
  AcpProtocol(const AgentProfile& profile, ProtocolHost& host, RunEvents& events,
              std::shared_ptr<FileAccess> files)
      : LineProtocol(profile, host, events), asks_(profile, host, events, std::move(files)) {
    odd_.before_fault([this] { tell_ended(); });
  }

  std::vector<std::string> command_line(std::string_view command,
                                        const ProtocolPrompt*) const override {
    return plain_command(command);
  }
  void begin() override;
  void prompt(const ProtocolPrompt& prompt) override;
  void cancel(RunId run) override;
  void answer(std::uint64_t ask, fb::ApprovalDecision decision) override {
    if (!odd_.faulted()) asks_.answer(ask, decision);
  }
  void called_back(std::uint64_t token) override;
  void ended(bool, std::string_view) override;
  bool conversations_move() const override { return loads_; }

 private:
  // ending: the response came, and updates of the turn may still come. waiting: those of the turn
  // before may.
  enum class Step : std::uint8_t { waiting, loading, opening, prompting, ending };
  struct Call {
    std::string id{};
    std::string name{};
  };
  struct Run {
    RunId id{};
    Step step{};
    std::uint64_t request{};         // whose response is waited for
    std::string conversation{};      // the agent's name of it; empty while one is opened
    std::string text{};              // until it is sent
    Reply reply{.stop_reason = {}};  // its reason once it is ending
    JoinedPieces pieces{};
    std::vector<Call> calls{};       // tools in use
    std::vector<std::string> ids{};  // of its messages and tools
    std::uint64_t token{};           // of the call back that tells its end
    std::uint64_t held_ms{};         // that it was held for late updates
    std::string unread{};            // the first thing it told that was not understood
    bool used_tools{};
    bool cancelled{};
  };
  // One this process knows: it can be gone on with at once.
  struct Conversation {
    std::string id{};
    std::uint64_t skills_version{};
    std::uint64_t stray_request{};  // a prompt that was given up; till its response, all is old
    // Till this call back updates can be of the turn before, so no prompt is sent.
    std::uint64_t quiet_token{};
    bool quiet_proves{};              // that it is punctual, if nothing comes
    std::uint64_t past_token{};       // till this call back `past` counts
    std::vector<std::string> past{};  // ids of messages and tools of the turn before
    std::uint32_t dropped{};          // updates that came too late, since the last prompt
  };
  // What is asked, and the responses
  template <class Params>
  std::uint64_t request(std::string_view method, Params params);
  void open(Run& run);
  void load(Run& run);
  void send_prompt(Run& run, bool first);
  void on_message(const JsonNode& message, std::string_view text) override;
  void on_unreadable(std::string_view text) override;
  void on_response(const JsonNode& message, std::string_view text);
  void on_greeting(const JsonNode& message);
  void on_opened(Run& run, const JsonNode& message);
  void on_loaded(Run& run, const JsonNode& message);
  void on_prompted(Run& run, const JsonNode& message);
  void stopped(Run& run);
  void finish(Run& run);
  void fail(Run& run, fb::RunErrorKind kind, std::string_view message);
  void settle(Run& run);
  void forget(const Run& run);
  void know(std::string_view conversation, std::uint64_t skills_version);
  Conversation* conversation(std::string_view id);
  Run* run_of(std::string_view conversation);

  // Where one turn ends and the next one of its conversation begins
  std::uint64_t call_back(std::uint64_t ms);
  std::uint64_t quiet_ms() const;
  void hold(Run& run);
  void let_in(Conversation& conversation);
  void close_turn(const Run& run);
  void tell_ended();
  bool is_late(const Conversation* known, const Run* run, std::string_view id) const;
  void drop_late(Conversation* known, std::string_view kind, const JsonNode& update);

  // session/update
  void on_update(const JsonNode& params, std::string_view text);
  void not_understood(Run* run, std::string_view what, std::string_view text);
  void on_chunk(Run& run, const JsonNode& update, std::string_view text);
  void on_tool(Run& run, const JsonNode& update);
  void give_up(Run& run, std::string_view message);

  // What the agent asks
  void on_request(std::string_view method, const JsonNode& message);
  static std::string kind_of(const Run& run, const JsonNode& call);

  AcpAsks asks_;
  std::uint64_t next_request_{1};
  std::uint64_t greeting_{};
  bool loads_{};  // it can go on with conversations of earlier processes
  std::vector<Run> runs_{};
  std::vector<Conversation> conversations_{};  // oldest first
  std::uint64_t next_token_{1};
  bool late_{};      // this agent tells of a turn after its response
  bool punctual_{};  // a turn and the time after it passed without that
};

std::unique_ptr<Protocol> make_acp_protocol(const AgentProfile& profile, ProtocolHost& host,
                                            RunEvents& events);

}  // namespace spine::agents
