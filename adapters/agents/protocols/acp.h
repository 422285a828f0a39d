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
  // ending: the response came, but late updates of the turn may follow. waiting: late updates of
  // the previous turn may still come, so the prompt is not sent yet.
  enum class Step : std::uint8_t { waiting, loading, opening, prompting, ending };
  struct Call {
    std::string id{};
    std::string name{};
  };
  struct Run {
    RunId id{};
    Step step{};
    std::uint64_t request{};         // id of the request whose response is awaited
    std::string conversation{};      // the agent's name of it; empty while one is opened
    std::string text{};              // until it is sent
    PromptImages images{};           // the same
    Reply reply{.stop_reason = {}};  // stop_reason is set once it is ending
    JoinedPieces pieces{};
    std::vector<Call> calls{};       // tools in use
    std::vector<std::string> ids{};  // of its messages and tools
    std::uint64_t token{};           // of the call back that ends it
    std::uint64_t held_ms{};         // how long it is held for late updates
    std::string unread{};            // the first update that was not understood
    bool used_tools{};
    bool cancelled{};
  };
  // A conversation that this process has loaded, so a prompt can be sent at once.
  struct Conversation {
    std::string id{};
    std::uint64_t skills_version{};
    std::uint64_t stray_request{};  // an abandoned prompt; until its response updates are stale
    // Until this call back updates may belong to the previous turn, so no prompt is sent.
    std::uint64_t quiet_token{};
    bool quiet_proves{};              // no update until then proves the agent punctual
    std::uint64_t past_token{};       // `past` is valid until this call back
    std::vector<std::string> past{};  // ids of messages and tools of the previous turn
    std::uint32_t dropped{};          // late updates, since the last prompt
  };
  // Requests and responses
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

  // Boundaries of turns: late updates must not be taken for the next turn's
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

  // Requests of the agent
  void on_request(std::string_view method, const JsonNode& message);
  static std::string kind_of(const Run& run, const JsonNode& call);

  AcpAsks asks_;
  std::uint64_t next_request_{1};
  std::uint64_t greeting_{};
  bool loads_{};  // it can load conversations of earlier processes (session/load)
  bool sees_{};   // it takes images with a prompt
  std::vector<Run> runs_{};
  std::vector<Conversation> conversations_{};  // oldest first
  std::uint64_t next_token_{1};
  bool late_{};      // this agent was seen to send updates of a turn after its response
  bool punctual_{};  // a whole turn passed, and the time after it, without late updates
};

std::unique_ptr<Protocol> make_acp_protocol(const AgentProfile& profile, ProtocolHost& host,
                                            RunEvents& events);

}  // namespace spine::agents
