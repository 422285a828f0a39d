// One prompt, one process: from the prompt to the exit of the process; and the dialects.
#include "adapters/agents/protocols/jsonl.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/agents/protocols/json_in.h"
#include "adapters/agents/protocols/line_protocol.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

// The conversation to resume, as a command-line argument; empty if there is none, or if its name
// could be mistaken for an option.
std::string_view conversation_argument(const ProtocolPrompt* prompt) {
  if (prompt == nullptr || prompt->agent_session.empty()) return {};
  const std::string_view name = prompt->agent_session;
  const bool plain = is_plain(name, "-_.:");
  return plain && name.front() != '-' ? name : std::string_view{};
}

// The model a prompt wishes for, or the configured one, without its provider.
std::string_view model_argument(const AgentProfile& profile, const ProtocolPrompt* prompt) {
  std::string_view model = profile.model;
  if (prompt != nullptr && !prompt->model.empty()) model = prompt->model;
  return model.substr(model.find('/') + 1);
}

// The common base; a subclass for each preset interprets the lines.
class JsonlProtocol : public LineProtocol {
 public:
  using LineProtocol::LineProtocol;

  void begin() final { host_.ready({}); }
  void prompt(const ProtocolPrompt& prompt) final {
    if (odd_.faulted()) return;
    run_ = prompt.run;
    bound_ = prompt.agent_session;
    std::string text;
    if (conversation_argument(&prompt).empty()) text = skills_block(profile_.skills);
    text += plain_prompt(profile_, prompt.text);
    const std::string_view limit = untold_limit();
    if (prompt.agent_session.empty() && !limit.empty()) host_.log(limit);
    host_.write(input_of(prompt, std::move(text)));
    host_.close_input();
  }

  void cancel(RunId run) final {
    // Its stdin is closed, so it cannot be told: the run is over when the process exits.
    if (run_ && run_ == run) cancelled_ = true;
  }
  void line(std::string_view text) final {
    const bool late = !run_ && answered_ && !cancelled_ && !text.empty();
    if (late) return odd_.pass_over("a line after its answer");
    LineProtocol::line(text);
  }
  void ended(bool clean_exit, std::string_view why) final {
    if (!run_ || odd_.faulted()) return;
    if (cancelled_) {
      const RunId run = std::exchange(run_, RunId{});
      return events_.settled(run);
    }
    if (clean_exit && done_at_end()) {
      reply_.text += pieces_.rest();
      return finish();
    }
    std::string said = trouble_.empty() ? odd_.last() : trouble_;
    if (why.find(said) != std::string_view::npos) said.clear();
    std::string message = "The agent ended without an answer";
    if (!said.empty()) message.append(": ").append(said);
    if (!why.empty()) message.append(said.empty() ? ": " : " (").append(why);
    if (!why.empty() && !said.empty()) message += ')';
    fb::RunErrorKind kind = classify_error(message);
    if (kind == fb::RunErrorKind::unknown && !clean_exit) kind = fb::RunErrorKind::crash;
    fail(kind, message);
  }

  std::string trouble() const final { return trouble_; }

 protected:
  // The text written to its stdin for the prompt, before end of file.
  virtual std::string input_of(const ProtocolPrompt&, std::string text) const { return text; }
  // A restriction the program cannot be told of, logged once per conversation; empty = none.
  virtual std::string_view untold_limit() const { return {}; }
  // A line that is an object with a type.
  virtual void on_typed(std::string_view type, const JsonNode& message) = 0;
  // What an unreadable line was: the end of the answer, a piece of it, or nothing of it.
  enum class Lost : std::uint8_t { nothing, piece, end };
  virtual Lost lost_with(std::string_view line) const = 0;
  // Whether reply_ is the answer after a clean exit without a line that ends the answer.
  virtual bool done_at_end() const { return false; }

  // A line of an unknown type. Remembered: if the answer stays empty, the run fails because of it.
  void skip(std::string_view kind) {
    odd_.skip(kind);
    if (unread_.empty()) unread_ = fmt::format("lines of type \"{}\"", cut_text(kind, 64));
  }
  void bind(std::string_view conversation) {
    if (conversation.empty() || conversation == bound_) return;
    if (conversation.size() > limits::kAgentSessionBytesMax) {
      return host_.log("its name of the conversation is too long: it cannot be gone on with later");
    }
    bound_ = conversation;
    events_.bound(run_, conversation);
  }

  // Returns the piece as it was shown; a partial character is held back for the next piece.
  std::string_view delta(std::string_view read) {
    const std::string_view piece = pieces_.add(read, in_.split());
    if (piece.empty()) return piece;
    piece_bytes_ += piece.size();
    if (piece_bytes_ > limits::kTextBytesMax) {
      fail(fb::RunErrorKind::unknown,
           "The agent wrote more than 8 MiB without an end, and was stopped.");
      odd_.fault("It wrote more than 8 MiB of one answer");
      return {};
    }
    if (breaks_) events_.delta(run_, "\n\n");
    breaks_ = false;
    events_.delta(run_, piece);
    return piece;
  }

  // The text so far is complete: the next piece begins a new paragraph.
  void break_delta() {
    pieces_.rest();
    breaks_ = piece_bytes_ > 0;
  }
  void tool_called(const ToolCall& call) {
    used_tools_ = true;
    events_.tool_called(run_, call);
  }
  void tool_returned(const ToolResult& result) { events_.tool_returned(run_, result); }
  void finish() {
    // The answer is empty because lines of it were not understood: a failure.
    if (reply_.text.empty() && !unread_.empty()) {
      return fail(fb::RunErrorKind::unknown,
                  fmt::format("The agent answered in a way that is not understood ({}).", unread_));
    }
    answered_ = true;
    const RunId run = std::exchange(run_, RunId{});
    events_.finished(run, reply_.finished());
  }

  void fail(fb::RunErrorKind kind, std::string_view message) {
    answered_ = true;
    const RunId run = std::exchange(run_, RunId{});
    events_.failed(run, kind, message);
  }

  Reply reply_{};
  JoinedPieces pieces_{};
  std::string unread_{};   // the first part of the answer that was unreadable or unknown
  std::string trouble_{};  // an error it reported; used if it ends without an answer
  bool used_tools_{};

 private:
  bool listens() const final { return run_ && !cancelled_; }
  void on_message(const JsonNode& message, std::string_view text) final {
    const std::string_view type = message.text("type");
    if (type.empty()) return odd_.note("no message", text);
    on_typed(type, message);
  }
  void on_unreadable(std::string_view text) final {
    odd_.note("no message", text);
    if (odd_.faulted()) return;
    const Lost lost = lost_with(text);
    if (lost == Lost::end) {
      return fail(fb::RunErrorKind::unknown,
                  fmt::format("The agent's answer cannot be read ({}).", odd_.last()));
    }
    if (lost == Lost::piece && unread_.empty()) unread_ = odd_.last();
  }

  RunId run_{};  // none = not started, or over
  bool cancelled_{};
  bool answered_{};
  bool breaks_{};
  std::size_t piece_bytes_{};
  std::string bound_{};
};

// ClaudeProtocol: `claude -p --output-format stream-json`, tried with 2.1.330.
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
      // Tools that are not named are unavailable, and named ones are used without asking.
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
    // Messages of its sub-agents are no part of the answer.
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
    if (!message.text("model").empty()) reply_.model = message.text("model");
    const std::string text = joined_text(message["content"]);
    if (!text.empty()) reply_.text = text;
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
    reply_.provider = "anthropic";
    reply_.input_tokens = result["usage"].number("input_tokens");
    reply_.output_tokens = result["usage"].number("output_tokens");
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
    if (!stop_reason.empty() && stop_reason != "end_turn") reply_.stop_reason = stop_reason;
    if (!text.empty()) reply_.text = text;
    if (result["result"].is_text()) unread_.clear();  // the answer came whole after all
    if (reply_.text.empty() && !result["result"].is_text()) {
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

// Items of a turn that are tools, and the names that policy rules match.
std::string_view codex_tool(std::string_view item_type) {
  if (item_type == "command_execution") return "bash";
  if (item_type == "file_change") return "edit";
  if (item_type == "mcp_tool_call") return "mcp";
  if (item_type == "web_search") return "web_search";
  return {};
}

// CodexProtocol: `codex exec --json`, tried with 0.169.0.
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
      reply_.provider = "openai";
      reply_.input_tokens = message["usage"].number("input_tokens");
      reply_.output_tokens = message["usage"].number("output_tokens");
      if (reply_.text.empty() && unread_.empty() && !used_tools_) {
        return fail(fb::RunErrorKind::unknown, "Codex ended its turn without an answer.");
      }
      finish();
    } else if (type == "turn.failed") {
      const std::string_view said = message["error"].text("message");
      const std::string why(said.empty() ? "it does not say why" : said);
      fail(classify_error(why), "Codex failed: " + why);
    } else if (type == "error") {
      // It retries after most errors; when it gives up, a turn.failed or its exit follows.
      trouble_ = message.text("message");
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
      reply_.text = item.text("text");
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

// As jsonl.h describes it.
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

  bool done_at_end() const override { return !reply_.text.empty() && unread_.empty(); }

  Lost lost_with(std::string_view line) const override {
    if (names_value(line, "type", "final") || names_value(line, "type", "error")) return Lost::end;
    const bool text = names_value(line, "type", "text") || names_value(line, "type", "delta");
    return text ? Lost::piece : Lost::nothing;
  }

  void on_typed(std::string_view type, const JsonNode& message) override {
    const std::string_view text = message.text("text");
    if (type == "delta") {
      if (!message["text"].is_text()) return skip("delta without a text");
      // Pieces are only kept until the first whole paragraph, which repeats them.
      const std::string_view shown = delta(text);
      if (!paragraphs_) add(shown, "");
    } else if (type == "text") {
      if (!message["text"].is_text()) return skip("text without a text");
      if (!paragraphs_) reply_.text.clear();
      paragraphs_ = true;
      pieces_.rest();
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
    std::string& whole = reply_.text;
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

  // Why a final line gives no answer. Without a text the answer is what came before, if readable.
  std::string why_no_answer(const JsonNode& text) const {
    if (text.there()) {
      return fmt::format("The agent's answer is no text but {}.",
                         cut_text(text.json(), kShownBytes));
    }
    if (!unread_.empty()) {
      return fmt::format("A part of the agent's answer cannot be read ({}).", unread_);
    }
    if (!reply_.text.empty() || used_tools_) return {};
    return "The agent said that its answer is whole, and gave none.";
  }

  void on_final(const JsonNode& message) {
    const JsonNode text = message["text"];
    if (text.is_text()) {
      reply_.text = text.text();
      unread_.clear();  // the answer came whole after all
    } else if (const std::string why = why_no_answer(text); !why.empty()) {
      return fail(fb::RunErrorKind::unknown, why);
    }
    if (!paragraphs_ && !text.is_text()) add(pieces_.rest(), "");
    if (!message.text("model").empty()) reply_.model = message.text("model");
    if (!message.text("stop_reason").empty()) reply_.stop_reason = message.text("stop_reason");
    reply_.input_tokens = message["usage"].number("input_tokens");
    reply_.output_tokens = message["usage"].number("output_tokens");
    finish();
  }

  static constexpr std::size_t kShownBytes = 160;
  bool paragraphs_{};
};

}  // namespace

std::unique_ptr<Protocol> make_claude_protocol(const AgentProfile& profile, ProtocolHost& host,
                                               RunEvents& events) {
  return std::make_unique<ClaudeProtocol>(profile, host, events);
}

std::unique_ptr<Protocol> make_codex_protocol(const AgentProfile& profile, ProtocolHost& host,
                                              RunEvents& events) {
  return std::make_unique<CodexProtocol>(profile, host, events);
}

std::unique_ptr<Protocol> make_lines_protocol(const AgentProfile& profile, ProtocolHost& host,
                                              RunEvents& events) {
  return std::make_unique<LinesProtocol>(profile, host, events);
}

}  // namespace spine::agents
