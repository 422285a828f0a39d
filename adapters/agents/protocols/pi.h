// PiProtocol: Pi's RPC mode, `pi --mode rpc`; versions with agent_settled, and up to 0.73 without.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/protocols/json_in.h"
#include "adapters/agents/protocols/line_protocol.h"
#include "schemas/vocab/json.h"

namespace spine::agents {

// A message sent into a run, not yet accepted by Pi.
struct PiSteer {
  std::uint64_t id{};
  RunId queued{};
};

// An open question of an extension.
struct PiAsk {
  std::uint64_t number{};
  std::string id{};      // Pi's own, as JSON
  std::string method{};  // select, confirm, input, editor
  std::string once{};    // value that allows this once
  std::string always{};
};

// The run that Pi works on, and its answer so far.
struct PiRun {
  RunId id{};
  std::string text{};
  PromptImages images{};
  std::string agent_session{};
  std::string model{};
  std::string thinking_level{};
  bool slash{};  // the text may be a command of an extension
  bool cancelled{};
  bool accepted{};  // Pi took the prompt: events are about this run
  bool started{};   // agent_start came
  bool waiting{};   // Pi retries or compacts by itself
  bool over{};      // agent_end came
  bool answered{};  // by the model, in any way
  bool breaks{};    // the next piece begins another message
  JoinedPieces pieces{};
  Reply reply{.stop_reason = {}};
  std::string unread{};  // the first message that was not understood
  std::string error{};
  std::size_t piece_bytes{};  // of the message that is being written
  std::uint64_t abort_id{};
  std::uint64_t confirm_id{};
  std::vector<PiSteer> steers{};
  bool steered{};
};

// Works on one run at a time: commands and responses in turn until the prompt is accepted; then
// events until Pi reports that it has stopped.
class PiProtocol final : public LineProtocol {
 public:
  using LineProtocol::LineProtocol;

  std::vector<std::string> command_line(std::string_view command,
                                        const ProtocolPrompt* first) const override;
  void begin() override;
  void prompt(const ProtocolPrompt& prompt) override;
  void steer(RunId queued, RunId into, std::string_view text) override;
  void cancel(RunId run) override;
  void answer(std::uint64_t ask, fb::ApprovalDecision decision) override;
  void ended(bool, std::string_view) override { run_.reset(); }

 private:
  void append_tools(std::vector<std::string>& line) const;
  // The response that is awaited.
  enum class Step : std::uint8_t {
    none,
    greeting,
    switching,
    opening,
    looking,
    model,
    thinking,
    prompting,
  };
  // Send a command; `write` adds members. await(): its response leads to the next step.
  using Write = std::function<void(JsonWriter&)>;
  void send(std::string_view type, const Write& write = {});
  void await(Step step, std::string_view type, const Write& write = {});
  void open_session();
  void choose_model();
  void choose_thinking_level();
  void send_prompt();
  void send_abort();
  void confirm();

  // Responses
  void on_message(const JsonNode& object, std::string_view text) override;
  void on_unreadable(std::string_view text) override;
  void on_response(const JsonNode& response, std::string_view text);
  void on_step(const JsonNode& response);
  void on_opened(Step step, bool success, std::string_view error);
  void on_prompted(bool success, std::string_view error);
  void on_other(std::uint64_t id, const JsonNode& response, std::string_view text);
  void adopt_state(const JsonNode& state);
  void bind();

  // Events
  void on_event(std::string_view type, const JsonNode& event);
  void on_piece(const JsonNode& event);
  void on_message_end(const JsonNode& message);
  void on_tool(std::string_view type, const JsonNode& event);
  void on_agent_end(const JsonNode& event);
  void finish();
  void fail(fb::RunErrorKind kind, std::string_view message);
  void settle();
  void withdraw_asks();

  // Dialogs
  void on_ask(const JsonNode& request);
  void refuse_ask(std::string_view id);
  void put_ask(const PiAsk& ask, const JsonNode& request);

  std::uint64_t next_id_{1};
  Step step_{Step::none};
  std::uint64_t awaited_id_{};
  std::string awaited_command_{};
  bool settles_{};         // agent_settled was seen: this version sends it
  bool fresh_{true};       // the current conversation is new and empty
  std::string present_{};  // file of the current conversation, within their folder
  std::string model_{};    // in use, "provider/model"
  std::string thinking_level_{};
  std::string first_model_{};  // when Pi started
  std::string first_thinking_level_{};
  std::optional<PiRun> run_{};
  std::vector<PiAsk> asks_{};
  std::uint64_t next_ask_{1};
};

std::unique_ptr<Protocol> make_pi_protocol(const AgentProfile& profile, ProtocolHost& host,
                                           RunEvents& events);

}  // namespace spine::agents
