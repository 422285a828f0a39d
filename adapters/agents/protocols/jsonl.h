// JsonlProtocol: programs that take one prompt, write lines of JSON about it, and end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/protocols/line_mender.h"
#include "adapters/agents/protocols/line_protocol.h"

namespace spine::agents {

// What all of them have in common; what the lines mean is the preset's.
class JsonlProtocol : public LineProtocol {
 public:
  using LineProtocol::LineProtocol;

  void begin() final { host_.ready({}); }
  void prompt(const ProtocolPrompt& prompt) final;
  void cancel(RunId run) final;
  void line(std::string_view text) final;
  void ended(bool clean_exit, std::string_view why) final;
  std::string trouble() const final { return trouble_; }

 protected:
  // What is written to its input for the prompt; the input ends behind it.
  virtual std::string input_of(const ProtocolPrompt&, std::string text) const { return text; }
  // What the program cannot be held to, for the log, once a conversation; empty = nothing.
  virtual std::string_view untold_limit() const { return {}; }
  // A line that is an object with a type.
  virtual void on_typed(std::string_view type, const JsonNode& message) = 0;
  // A line that cannot be read: whether it was the end of the answer, or a piece of it.
  enum class Lost : std::uint8_t { nothing, piece, end };
  virtual Lost lost_with(std::string_view line) const = 0;
  // It ended well without having said that the answer is done: whether reply() is the answer.
  virtual bool done_at_end() const { return false; }

  Reply& reply() { return reply_; }
  const Reply& reply() const { return reply_; }
  // What it named as trouble; told when it ends without an answer.
  void trouble(std::string_view message) { trouble_ = message; }
  // A kind of line that nobody knows: an answer that is empty because of it is none.
  void skip(std::string_view kind);
  // What was lost of the answer, or not understood of it, in words; empty = nothing.
  const std::string& unread() const { return unread_; }
  void understood() { unread_.clear(); }  // the answer came whole after all
  void bind(std::string_view conversation);
  // Returns it as it was shown: half a character waits for the next piece.
  std::string_view delta(std::string_view piece);
  std::string_view rest_of_pieces() { return pieces_.rest(); }
  // The text so far is an earlier part of the answer: the next piece begins a paragraph.
  void break_delta() {
    pieces_.rest();
    breaks_ = piece_bytes_ > 0;
  }
  void tool_called(const ToolCall& call) {
    used_tools_ = true;
    events_.tool_called(run_, call);
  }
  bool used_tools() const { return used_tools_; }
  void tool_returned(const ToolResult& result) { events_.tool_returned(run_, result); }
  void finish();
  void fail(fb::RunErrorKind kind, std::string_view message);

 private:
  bool listens() const final { return run_ && !cancelled_; }
  void on_message(const JsonNode& message, std::string_view text) final;
  void on_unreadable(std::string_view text) final;

  JoinedPieces pieces_{};
  RunId run_{};  // none = none yet, or it is over
  bool cancelled_{};
  bool answered_{};
  bool used_tools_{};
  bool breaks_{};
  std::size_t piece_bytes_{};
  std::string bound_{};
  std::string trouble_{};
  std::string unread_{};
  Reply reply_{};
};

// The conversation to go on with as an argument; empty when there is none, or when its name could
// be taken for something else than a name.
std::string_view conversation_argument(const ProtocolPrompt* prompt);

// The model a prompt wishes for, or the configured one, without its provider.
std::string_view model_argument(const AgentProfile& profile, const ProtocolPrompt* prompt);

}  // namespace spine::agents
