// LinesProtocol: what is written and what is understood.
#include "adapters/agents/protocols/lines.h"

#include <fmt/format.h>

#include "adapters/agents/protocols/jsonl.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

class LinesProtocol final : public JsonlProtocol {
 public:
  using JsonlProtocol::JsonlProtocol;

  std::vector<std::string> command_line(std::string_view command,
                                        const ProtocolPrompt*) const override {
    return plain_command(command);
  }

 protected:
  std::string input_of(const ProtocolPrompt& prompt, std::string text) const override {
    const bool untrusted = profile_.trust == fb::Trust::untrusted;
    return json_object([&](JsonWriter& json) {
      json.member("type", "prompt");
      json.member("text", text);
      json.member_if("session", prompt.agent_session);
      json.member_if("model", prompt.model);
      json.member_if("thinkingLevel", prompt.thinking_level);
      json.member("run", std::to_string(prompt.run.value));
      json.member("trust", untrusted ? "untrusted" : "trusted");
      if (untrusted) json.array("tools", profile_.untrusted_tools);
    });
  }

  bool done_at_end() const override { return !reply().text.empty() && unread().empty(); }

  Lost lost_with(std::string_view line) const override {
    if (names_value(line, "type", "final") || names_value(line, "type", "error")) return Lost::end;
    const bool text = names_value(line, "type", "text") || names_value(line, "type", "delta");
    return text ? Lost::piece : Lost::nothing;
  }

  void on_typed(std::string_view type, const JsonNode& message) override {
    const std::string_view text = message.text("text");
    if (type == "delta") {
      if (!message["text"].is_text()) return skip("delta without a text");
      // Pieces before whole paragraphs are those paragraphs.
      const std::string_view shown = delta(text);
      if (!paragraphs_) add(shown, "");
    } else if (type == "text") {
      if (!message["text"].is_text()) return skip("text without a text");
      if (!paragraphs_) reply().text.clear();
      paragraphs_ = true;
      rest_of_pieces();
      add(text, "\n\n");
    } else if (type == "session") {
      bind(message.text("id"));
    } else if (type == "tool_call") {
      on_call(message);
    } else if (type == "tool_result") {
      on_result(message);
    } else if (type == "final") {
      on_final(message);
    } else if (type == "error") {
      const std::string_view why = message.text("message");
      fail(classify_error(why), why.empty() ? "The agent failed without saying why." : why);
    } else {
      skip(type);
    }
  }

 private:
  void add(std::string_view text, std::string_view between) {
    std::string& whole = reply().text;
    if (whole.size() + text.size() > limits::kTextBytesMax) {
      text = text.substr(0, limits::kTextBytesMax - std::min(whole.size(), limits::kTextBytesMax));
      host_.log("the answer is longer than 8 MiB, and cut");
    }
    if (!whole.empty()) whole += between;
    whole += text;
  }

  void on_call(const JsonNode& message) {
    const std::string arguments = message["arguments"].json();
    const std::string id = message.their_id("id");
    if (id.empty()) return odd_.note("a call of a tool without an id", arguments);
    tool_called({.call_id = id,
                 .name = message.text("name"),
                 .title = message.text("title"),
                 .arguments = arguments.empty() ? "{}" : arguments});
  }

  void on_result(const JsonNode& message) {
    std::string result(message.text("text"));
    if (result.empty()) result = message["result"].json();
    const std::string id = message.their_id("id");
    if (id.empty()) return odd_.note("a result of a tool without an id", result);
    tool_returned({.call_id = id,
                   .name = message.text("name"),
                   .result = result,
                   .is_error = message.flag("is_error")});
  }

  // What came before is the answer of a final line without a text, if it is whole.
  std::string why_no_answer(const JsonNode& text) const {
    if (text.there()) {
      return fmt::format("The agent's answer is no text but {}.",
                         cut_text(text.json(), kShownBytes));
    }
    if (!unread().empty()) {
      return fmt::format("A part of the agent's answer cannot be read ({}).", unread());
    }
    if (!reply().text.empty() || used_tools()) return {};
    return "The agent said that its answer is whole, and gave none.";
  }

  void on_final(const JsonNode& message) {
    const JsonNode text = message["text"];
    if (text.is_text()) {
      reply().text = text.text();
      understood();
    } else if (const std::string why = why_no_answer(text); !why.empty()) {
      return fail(fb::RunErrorKind::unknown, why);
    }
    if (!paragraphs_ && !text.is_text()) add(rest_of_pieces(), "");
    if (!message.text("model").empty()) reply().model = message.text("model");
    if (!message.text("stop_reason").empty()) reply().stop_reason = message.text("stop_reason");
    reply().input_tokens = message["usage"].number("input_tokens");
    reply().output_tokens = message["usage"].number("output_tokens");
    finish();
  }

  static constexpr std::size_t kShownBytes = 160;
  bool paragraphs_{};
};

}  // namespace

std::unique_ptr<Protocol> make_lines_protocol(const AgentProfile& profile, ProtocolHost& host,
                                              RunEvents& events) {
  return std::make_unique<LinesProtocol>(profile, host, events);
}

}  // namespace spine::agents
