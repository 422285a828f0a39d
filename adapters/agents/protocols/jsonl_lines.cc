// LinesProtocol: any program that reads one line of JSON and writes some. It is told
//   {"type":"prompt","text":"what time is it","session":"...","run":"42","trust":"trusted"}
// and then its input ends; "session" is what it called the conversation before, and is missing in
// the first prompt of one. "trust" is "trusted", or "untrusted" when whoever wrote the text is not
// trusted: then there is "tools":["read"], too, all the tools that it may use for them (none when
// it is empty), and it is the program's part to keep to it; Spine holds it to its sandbox only.
// What it may write, a line each:
//   {"type":"session","id":"c1"}                     its name of the conversation, for next time
//   {"type":"delta","text":"It is "}                 a piece of the answer, shown at once
//   {"type":"text","text":"It is noon."}             a paragraph of the answer, whole
//   {"type":"tool_call","id":"t1","name":"bash","arguments":{"command":"date"}}
//   {"type":"tool_result","id":"t1","text":"noon","is_error":false}
//   {"type":"final","text":"It is noon."}            the answer; without text, what came before
//   {"type":"error","message":"no clock"}            there will be no answer
// A program that exits with 0 without a "final" has answered with its paragraphs, or else with its
// pieces. In a shell:  read -r prompt; printf '{"type":"final","text":"%s"}\n' "$(date)"
#include <fmt/format.h>

#include "adapters/agents/protocols/json_out.h"
#include "adapters/agents/protocols/jsonl.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

class LinesProtocol final : public JsonlProtocol {
 public:
  using JsonlProtocol::JsonlProtocol;

  std::vector<std::string> command_line(std::string_view command,
                                        const ProtocolPrompt*) const override {
    std::vector<std::string> line{std::string(command)};
    line.insert(line.end(), profile().args.begin(), profile().args.end());
    return line;
  }

 protected:
  std::string input_of(const ProtocolPrompt& prompt, std::string text) const override {
    JsonOut out;
    out.text("type", "prompt").text("text", text);
    if (!prompt.agent_session.empty()) out.text("session", prompt.agent_session);
    if (!prompt.model.empty()) out.text("model", prompt.model);
    if (!prompt.thinking_level.empty()) out.text("thinkingLevel", prompt.thinking_level);
    out.text("run", std::to_string(prompt.run.value));
    const bool untrusted = profile().trust == fb::Trust::untrusted;
    out.text("trust", untrusted ? "untrusted" : "trusted");
    if (untrusted) {
      out.array("tools");
      for (const std::string& tool : profile().untrusted_tools)
        out.text({}, tool);
      out.end_array();
    }
    return out.line();
  }

  bool done_at_end() const override { return !reply().text.empty(); }

  void on_message(std::string_view type, const JsonNode& message) override {
    const std::string_view text = message.text("text");
    if (type == "delta") {
      // Pieces before whole paragraphs are those paragraphs.
      if (!paragraphs_) add(text, "");
      delta(text);
    } else if (type == "text") {
      if (!paragraphs_) reply().text.clear();
      paragraphs_ = true;
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
      odd("a line of a type nobody knows", type);
    }
  }

 private:
  void add(std::string_view text, std::string_view between) {
    std::string& whole = reply().text;
    if (whole.size() + text.size() > limits::kTextBytesMax) {
      text = text.substr(0, limits::kTextBytesMax - std::min(whole.size(), limits::kTextBytesMax));
      log("the answer is longer than 8 MiB, and cut");
    }
    if (!whole.empty()) whole += between;
    whole += text;
  }

  void on_call(const JsonNode& message) {
    const std::string arguments = message["arguments"].json();
    if (message.text("id").empty()) return odd("a call of a tool without an id", arguments);
    tool_called({.call_id = message.text("id"),
                 .name = message.text("name"),
                 .title = message.text("title"),
                 .arguments = arguments.empty() ? "{}" : arguments});
  }

  void on_result(const JsonNode& message) {
    std::string result(message.text("text"));
    if (result.empty()) result = message["result"].json();
    if (message.text("id").empty()) return odd("a result of a tool without an id", result);
    tool_returned({.call_id = message.text("id"),
                   .name = message.text("name"),
                   .result = result,
                   .is_error = message.flag("is_error")});
  }

  void on_final(const JsonNode& message) {
    if (message["text"].is_text()) reply().text = message.text("text");
    if (!message.text("model").empty()) reply().model = message.text("model");
    if (!message.text("stop_reason").empty()) reply().stop_reason = message.text("stop_reason");
    reply().input_tokens = message["usage"].number("input_tokens");
    reply().output_tokens = message["usage"].number("output_tokens");
    finish();
  }

  bool paragraphs_{};
};

}  // namespace

std::unique_ptr<Protocol> make_lines_protocol(const AgentProfile& profile, ProtocolSink& sink) {
  return std::make_unique<LinesProtocol>(profile, sink);
}

}  // namespace spine::agents
