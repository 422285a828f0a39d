// What an agent of the Agent Client Protocol tells while it works: text and tools.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "adapters/agents/protocols/acp.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

// What a tool gave back: its raw output, or else the texts of its content.
std::string result_of(const JsonNode& update) {
  std::string text;
  update["content"].each([&text](const JsonNode& part) { text += part["content"].text("text"); });
  if (!text.empty()) return text;
  const JsonNode raw = update["rawOutput"];
  return raw.is_text() ? std::string(raw.text()) : raw.json();
}

// The kinds that say nothing of the answer.
bool is_known_update(std::string_view kind) {
  constexpr std::array<std::string_view, 9> kKinds{
      "user_message_chunk",  "agent_thought_chunk",  "plan",
      "current_mode_update", "usage_update",         "available_commands_update",
      "session_info_update", "config_option_update", "plan_update"};
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

// The text of a piece: of a content block, as some send it of a list of them, or the text alone.
std::string texts_of(const JsonNode& content) {
  if (content.is_text()) return std::string(content.text());
  if (content.is_array()) return joined_text(content);
  return std::string(content["resource"].text("text"));
}

}  // namespace

void AcpProtocol::on_update(const JsonNode& params, std::string_view text) {
  const std::string_view id = params.text("sessionId");
  const JsonNode update = params["update"];
  if (id.empty() || !update.is_object()) {
    odd_.note("an update of nothing", text);
    Run* only = runs_.size() == 1 ? &runs_.front() : nullptr;
    if (!odd_.faulted() && only != nullptr && only->unread.empty()) only->unread = odd_.last();
    return;
  }
  const std::string_view kind = update.text("sessionUpdate");
  Conversation* known = conversation(id);
  Run* run = run_of(id);
  const bool piece = kind == "agent_message_chunk";
  const bool tool = kind == "tool_call" || kind == "tool_call_update";
  if (!piece && !tool) {
    if (!is_known_update(kind)) not_understood(run, kind, text);
    return;
  }
  // Of an answer nobody waits for.
  if ((run != nullptr && run->cancelled) || (known != nullptr && known->stray_request != 0)) return;
  const std::string own_id = update.their_id(piece ? "messageId" : "toolCallId");
  if (is_late(known, run, own_id)) return drop_late(known, kind, update);
  if (run->step == Step::ending) late_ = true;
  constexpr std::size_t kIdsMax = 64;
  if (!own_id.empty() && run->ids.size() < kIdsMax &&
      std::ranges::find(run->ids, own_id) == run->ids.end()) {
    run->ids.push_back(own_id);
  }
  if (piece) return on_chunk(*run, update, text);
  on_tool(*run, update);
}

// An answer that is empty because of it is none.
void AcpProtocol::not_understood(Run* run, std::string_view what, std::string_view text) {
  odd_.pass_over(what.empty() ? "an update without a kind" : what);
  if (run == nullptr || odd_.faulted() || !run->unread.empty()) return;
  run->unread = cut_text(text, 160);
}

void AcpProtocol::on_chunk(Run& run, const JsonNode& update, std::string_view text) {
  const JsonNode content = update["content"];
  std::string_view read = content.text("text");
  std::string other;
  if (read.empty()) {
    other = texts_of(content.there() ? content : update["text"]);
    read = other;
  }
  if (read.empty()) {
    const bool empty = content.is_text() || content["text"].is_text();
    if (!empty) not_understood(&run, "agent_message_chunk without text", text);
    return;
  }
  const std::string_view piece = run.pieces.add(read, in_.split());
  if (piece.empty()) return;
  if (run.answer.size() + piece.size() > limits::kTextBytesMax) {
    return give_up(run, "The agent wrote more than 8 MiB without an end, and was stopped.");
  }
  run.answer += piece;
  sink_.delta(run.id, piece);
}

void AcpProtocol::on_tool(Run& run, const JsonNode& update) {
  const std::string call_id = update.their_id("toolCallId");
  if (call_id.empty()) return odd_.pass_over("a tool without toolCallId");
  run.used_tools = true;
  auto call = std::find_if(run.calls.begin(), run.calls.end(),
                           [call_id](const Call& open) { return open.id == call_id; });
  const std::string_view status = update.text("status");
  const bool over = status == "completed" || status == "failed";
  if (call == run.calls.end()) {
    if (run.calls.size() >= limits::kAgentCallsOpenMax) {
      return give_up(run, "The agent had more than 1,024 tools in use at once, and was stopped.");
    }
    run.calls.push_back({std::string(call_id), kind_of(run, update)});
    call = std::prev(run.calls.end());
    const std::string arguments = update["rawInput"].json();
    sink_.tool_called(run.id, {.call_id = call_id,
                               .name = call->name,
                               .title = update.text("title"),
                               .arguments = arguments.empty() ? "{}" : arguments});
  }
  // What it is may be told later than that it is.
  if (const std::string kind = kind_of(run, update); kind != "other") call->name = kind;
  if (!over) return;
  const std::string name = std::move(call->name);
  run.calls.erase(call);
  const std::string result = result_of(update);
  sink_.tool_returned(
      run.id, {.call_id = call_id, .name = name, .result = result, .is_error = status == "failed"});
}

void AcpProtocol::give_up(Run& run, std::string_view message) {
  const RunId id = run.id;
  if (Conversation* known = conversation(run.conversation)) known->stray_request = run.request;
  cancel(id);
  const auto open =
      std::find_if(runs_.begin(), runs_.end(), [id](const Run& other) { return other.id == id; });
  fail(*open, fb::RunErrorKind::unknown, message);
}

}  // namespace spine::agents
