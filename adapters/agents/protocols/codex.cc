// CodexProtocol: its command line, and what its lines mean.
#include "adapters/agents/protocols/codex.h"

#include <fmt/format.h>

#include "adapters/agents/protocols/jsonl.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

// Items of a turn that are tools, and what rules name them.
std::string_view codex_tool(std::string_view item_type) {
  if (item_type == "command_execution") return "bash";
  if (item_type == "file_change") return "edit";
  if (item_type == "mcp_tool_call") return "mcp";
  if (item_type == "web_search") return "web_search";
  return {};
}

class CodexProtocol final : public JsonlProtocol {
 public:
  using JsonlProtocol::JsonlProtocol;

  std::vector<std::string> command_line(std::string_view command,
                                        const ProtocolPrompt* first) const override {
    const bool untrusted = profile_.trust == fb::Trust::untrusted;
    std::vector<std::string> line{std::string(command.empty() ? "codex" : command), "exec",
                                  "--json", "--skip-git-repo-check",
                                  untrusted ? "--sandbox=read-only" : "--sandbox=workspace-write"};
    const std::string_view model = model_argument(profile_, first);
    if (!model.empty()) line.push_back(fmt::format("--model={}", model));
    line.insert(line.end(), profile_.args.begin(), profile_.args.end());
    const std::string_view conversation = conversation_argument(first);
    if (!conversation.empty()) line.insert(line.end(), {"resume", std::string(conversation)});
    line.emplace_back("-");
    return line;
  }

 protected:
  std::string_view untold_limit() const override {
    if (profile_.trust != fb::Trust::untrusted) return {};
    return "Codex cannot be told which tools it may use, so spine.untrustedTools does not hold for "
           "it: for people who are not trusted it runs in its read-only sandbox, where it may "
           "still run commands that read. Use another agent for them if that is too much.";
  }

  void on_typed(std::string_view type, const JsonNode& message) override {
    if (type == "thread.started") {
      bind(message.text("thread_id"));
    } else if (type == "item.started") {
      on_started(message["item"]);
    } else if (type == "item.completed") {
      on_completed(message["item"]);
    } else if (type == "turn.completed") {
      reply().provider = "openai";
      reply().input_tokens = message["usage"].number("input_tokens");
      reply().output_tokens = message["usage"].number("output_tokens");
      if (reply().text.empty() && unread().empty() && !used_tools()) {
        return fail(fb::RunErrorKind::unknown, "Codex ended its turn without an answer.");
      }
      finish();
    } else if (type == "turn.failed") {
      const std::string_view said = message["error"].text("message");
      const std::string why(said.empty() ? "it does not say why" : said);
      fail(classify_error(why), "Codex failed: " + why);
    } else if (type == "error") {
      // It goes on trying after most of them; what it gives up on is a turn.failed, or its end.
      trouble(message.text("message"));
    } else if (type != "turn.started" && type != "item.updated") {
      skip(type);
    }
  }

  Lost lost_with(std::string_view line) const override {
    const bool end =
        names_value(line, "type", "turn.completed") || names_value(line, "type", "turn.failed");
    if (end) return Lost::end;
    return names_value(line, "type", "agent_message") ? Lost::piece : Lost::nothing;
  }

 private:
  void call(const JsonNode& item, std::string_view tool) {
    const std::string_view command = item.text("command");
    std::string arguments = item["arguments"].json();
    if (arguments.empty()) arguments = item["changes"].json();
    if (!command.empty()) arguments = "{\"command\":" + item["command"].json() + "}";
    tool_called({.call_id = item.text("id"),
                 .name = tool,
                 .title = tool == "mcp" ? item.text("tool") : command,
                 .arguments = arguments.empty() ? "{}" : arguments});
    open_.emplace_back(item.text("id"));
    if (open_.size() > limits::kAgentCallsOpenMax) open_.erase(open_.begin());
  }

  void on_started(const JsonNode& item) {
    const std::string_view tool = codex_tool(item.text("type"));
    if (!tool.empty() && !item.text("id").empty()) call(item, tool);
  }

  void on_completed(const JsonNode& item) {
    if (item.text("type") == "agent_message") {
      if (!item["text"].is_text()) return skip("agent_message without a text");
      reply().text = item.text("text");
      delta(item.text("text"));
      return break_delta();
    }
    const std::string_view tool = codex_tool(item.text("type"));
    const std::string id(item.text("id"));
    if (tool.empty() || id.empty()) return;
    if (std::erase(open_, id) == 0) {
      call(item, tool);
      std::erase(open_, id);
    }
    std::string result(item.text("aggregated_output"));
    if (result.empty()) result = item["result"].json();
    const std::string_view status = item.text("status");
    tool_returned({.call_id = id,
                   .name = tool,
                   .result = result,
                   .is_error = status == "failed" || status == "declined"});
  }

  std::vector<std::string> open_{};  // ids of tools in use
};

}  // namespace

std::unique_ptr<Protocol> make_codex_protocol(const AgentProfile& profile, ProtocolHost& host,
                                              RunEvents& events) {
  return std::make_unique<CodexProtocol>(profile, host, events);
}

}  // namespace spine::agents
