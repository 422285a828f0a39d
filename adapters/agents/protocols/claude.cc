// ClaudeProtocol: its command line, and what its lines mean.
#include "adapters/agents/protocols/claude.h"

#include <fmt/format.h>

#include "adapters/agents/protocols/jsonl.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

class ClaudeProtocol final : public JsonlProtocol {
 public:
  using JsonlProtocol::JsonlProtocol;

  std::vector<std::string> command_line(std::string_view command,
                                        const ProtocolPrompt* first) const override {
    std::vector<std::string> line{std::string(command.empty() ? "claude" : command), "-p",
                                  "--output-format=stream-json", "--verbose",
                                  "--include-partial-messages"};
    const std::string_view model = model_argument(profile_, first);
    if (!model.empty()) line.push_back(fmt::format("--model={}", model));
    const std::string_view conversation = conversation_argument(first);
    if (!conversation.empty()) line.push_back(fmt::format("--resume={}", conversation));
    if (profile_.trust == fb::Trust::untrusted) {
      // What is not named is not there, and what is there is not asked about.
      const std::string tools = fmt::format("{}", fmt::join(profile_.untrusted_tools, ","));
      line.insert(line.end(), {"--permission-mode=dontAsk", "--strict-mcp-config",
                               "--tools=" + tools, "--allowedTools=" + tools});
    } else {
      line.emplace_back("--permission-mode=acceptEdits");
    }
    line.insert(line.end(), profile_.args.begin(), profile_.args.end());
    return line;
  }

 protected:
  void on_typed(std::string_view type, const JsonNode& message) override {
    // What its own helpers say among themselves is no part of the answer.
    if (!message.text("parent_tool_use_id").empty()) return;
    if (type == "system" && message.text("subtype") == "init") {
      bind(message.text("session_id"));
    } else if (type == "stream_event") {
      on_stream(message["event"]);
    } else if (type == "assistant") {
      on_assistant(message["message"]);
    } else if (type == "user") {
      on_results(message["message"]["content"]);
    } else if (type == "result") {
      on_result(message);
    } else if (type != "system" && type != "rate_limit_event" && type != "tool_progress") {
      skip(type);
    }
  }

  Lost lost_with(std::string_view line) const override {
    if (names_value(line, "type", "result")) return Lost::end;
    return names_value(line, "type", "assistant") ? Lost::piece : Lost::nothing;
  }

 private:
  void on_stream(const JsonNode& event) {
    if (event.text("type") == "message_start") return break_delta();
    if (event["delta"].text("type") == "text_delta") delta(event["delta"].text("text"));
  }

  void on_assistant(const JsonNode& message) {
    if (!message.text("model").empty()) reply().model = message.text("model");
    const std::string text = joined_text(message["content"]);
    if (!text.empty()) reply().text = text;
    message["content"].each([this](const JsonNode& part) {
      if (part.text("type") != "tool_use" || part.text("id").empty()) return;
      const std::string arguments = part["input"].json();
      calls_.push_back({std::string(part.text("id")), std::string(part.text("name"))});
      if (calls_.size() > kCallsMax) calls_.erase(calls_.begin());
      tool_called({.call_id = part.text("id"),
                   .name = part.text("name"),
                   .arguments = arguments.empty() ? "{}" : arguments});
    });
  }

  void on_results(const JsonNode& content) {
    content.each([this](const JsonNode& part) {
      const std::string_view id = part.text("tool_use_id");
      if (part.text("type") != "tool_result" || id.empty()) return;
      std::string name;
      std::erase_if(calls_, [&](Call& call) {
        if (call.id != id) return false;
        name = std::move(call.name);
        return true;
      });
      std::string result = joined_text(part["content"]);
      if (result.empty()) result = part["content"].json();
      tool_returned(
          {.call_id = id, .name = name, .result = result, .is_error = part.flag("is_error")});
    });
  }

  void on_result(const JsonNode& result) {
    const std::string_view subtype = result.text("subtype");
    const std::string_view text = result.text("result");
    reply().provider = "anthropic";
    reply().input_tokens = result["usage"].number("input_tokens");
    reply().output_tokens = result["usage"].number("output_tokens");
    bind(result.text("session_id"));
    if (result.flag("is_error") || (!subtype.empty() && subtype != "success")) {
      std::string why(text.empty() ? joined_errors(result["errors"]) : std::string(text));
      if (why.empty()) why = subtype.empty() ? "it does not say why" : std::string(subtype);
      return fail(classify_error(why), "Claude Code failed: " + why);
    }
    const std::string_view stop_reason = result.text("stop_reason");
    if (stop_reason == "refusal") {
      return fail(fb::RunErrorKind::refusal, fmt::format("The model refused to answer: {}", text));
    }
    if (!stop_reason.empty() && stop_reason != "end_turn") reply().stop_reason = stop_reason;
    if (!text.empty()) reply().text = text;
    if (result["result"].is_text()) understood();
    if (reply().text.empty() && !result["result"].is_text()) {
      return fail(fb::RunErrorKind::unknown,
                  fmt::format("Claude Code ended without an answer that is understood ({}).",
                              cut_text(result.json(), 160)));
    }
    finish();
  }

  static std::string joined_errors(const JsonNode& errors) {
    std::string joined;
    errors.each([&joined](const JsonNode& error) {
      joined.append(joined.empty() ? "" : "; ").append(error.text());
    });
    return joined;
  }

  static constexpr std::size_t kCallsMax = limits::kAgentCallsOpenMax;
  struct Call {
    std::string id{};
    std::string name{};
  };
  std::vector<Call> calls_{};  // in use
};

}  // namespace

std::unique_ptr<Protocol> make_claude_protocol(const AgentProfile& profile, ProtocolHost& host,
                                               RunEvents& events) {
  return std::make_unique<ClaudeProtocol>(profile, host, events);
}

}  // namespace spine::agents
