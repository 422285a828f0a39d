// AcpProtocol: any agent of the Agent Client Protocol, version 1: JSON-RPC 2.0, a message per line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/protocols/file_access.h"
#include "adapters/agents/protocols/joined_pieces.h"
#include "adapters/agents/protocols/json_in.h"
#include "adapters/agents/protocols/odd_lines.h"
#include "adapters/agents/protocols/protocol.h"
#include "schemas/vocab/json.h"

namespace spine::agents {

inline constexpr std::uint32_t kAcpRunsAtOnce = 8;

class AcpProtocol final : public Protocol {
 public:
  AcpProtocol(const AgentProfile& profile, ProtocolSink& sink, std::shared_ptr<FileAccess> files)
      : profile_(profile), sink_(sink), odd_(sink), files_(std::move(files)) {
    odd_.before_fault([this] { tell_ended(); });
  }

  ProtocolTraits traits() const override {
    return {.sessions_at_once = kAcpRunsAtOnce, .conversations_move = loads_};
  }
  std::vector<std::string> command_line(std::string_view command,
                                        const ProtocolPrompt* first) const override;
  void begin() override;
  void prompt(const ProtocolPrompt& prompt) override;
  void steer(RunId, RunId, std::string_view) override {}
  void cancel(RunId run) override;
  void answer(std::uint64_t ask, fb::ApprovalDecision decision) override;
  void line(std::string_view text) override;
  void called_back(std::uint64_t token) override;
  std::string odd_line() const override { return odd_.last(); }
  void ended(bool, std::string_view) override;

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
    std::uint64_t request{};     // whose response is waited for
    std::string conversation{};  // the agent's name of it; empty while one is opened
    std::string text{};          // until it is sent
    std::string answer{};
    JoinedPieces pieces{};
    std::vector<Call> calls{};       // tools in use
    std::vector<std::string> ids{};  // of its messages and tools
    std::string reason{};            // why it stopped, once it is ending
    std::uint64_t input_tokens{};
    std::uint64_t output_tokens{};
    std::uint64_t token{};    // of the call back that tells its end
    std::uint64_t held_ms{};  // that it was held for late updates
    std::string unread{};     // the first thing it told that was not understood
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
  struct Option {
    std::string id{};
    fb::ApprovalDecision decision{};
  };
  struct Ask {
    std::uint64_t number{};
    RunId run{};
    std::string request{};  // the agent's id of it, as JSON
    std::vector<Option> options{};
  };

  // What is asked, and the responses
  template <class Params>
  std::uint64_t request(std::string_view method, Params params);
  void open(Run& run);
  void load(Run& run);
  void send_prompt(Run& run, bool first);
  void on_message(const JsonNode& message, std::string_view text);
  void on_unreadable(std::string_view text);
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

  // session/update (acp_requests.cc)
  void on_update(const JsonNode& params, std::string_view text);
  void not_understood(Run* run, std::string_view what, std::string_view text);
  void on_chunk(Run& run, const JsonNode& update, std::string_view text);
  void on_tool(Run& run, const JsonNode& update);
  void give_up(Run& run, std::string_view message);

  // What the agent asks (acp_requests.cc)
  void on_request(std::string_view method, const JsonNode& message);
  static std::string kind_of(const Run& run, const JsonNode& call);
  void on_permission(const JsonNode& params, std::string id);
  void on_read(const JsonNode& params, const std::string& id);
  void on_write(const JsonNode& params, const std::string& id);
  void respond(const std::string& id, std::string_view result);
  void refuse(const std::string& id, int code, std::string_view message);
  void answer_cancelled(const std::string& id);
  void withdraw_asks(RunId run);

  const AgentProfile& profile_;
  ProtocolSink& sink_;
  OddLines odd_;
  std::shared_ptr<FileAccess> files_;  // null = none may be asked for
  JsonIn in_{};
  std::uint64_t next_request_{1};
  std::uint64_t greeting_{};
  bool loads_{};  // it can go on with conversations of earlier processes
  std::vector<Run> runs_{};
  std::vector<Conversation> conversations_{};  // oldest first
  std::vector<Ask> asks_{};
  std::uint64_t next_ask_{1};
  std::uint64_t next_token_{1};
  bool late_{};      // this agent tells of a turn after its response
  bool punctual_{};  // a turn and the time after it passed without that
};

}  // namespace spine::agents
