// What an agent of the Agent Client Protocol tells while it works: text and tools.
#include <algorithm>
#include <fmt/format.h>

#include "adapters/agents/protocols/acp.h"
#include "schemas/vocab/limits.h"

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

}  // namespace

void AcpProtocol::on_update(const JsonNode& params, std::string_view text) {
  const std::string_view id = params.text("sessionId");
  const JsonNode update = params["update"];
  if (id.empty() || !update.is_object()) return odd_.note("an update of nothing", text);
  const Conversation* known = conversation(id);
  Run* run = run_of(id);
  // Told between prompts, while a conversation is loaded, or of an answer nobody waits for.
  if (run == nullptr || run->cancelled || (known != nullptr && known->stray_request != 0)) return;
  const std::string_view kind = update.text("sessionUpdate");
  if (kind == "agent_message_chunk") return on_chunk(*run, update);
  if (kind == "tool_call" || kind == "tool_call_update") on_tool(*run, update);
}

void AcpProtocol::on_chunk(Run& run, const JsonNode& update) {
  const std::string_view piece = update["content"].text("text");
  if (piece.empty()) return;
  if (run.answer.size() + piece.size() > limits::kTextBytesMax) {
    return give_up(run, "The agent wrote more than 8 MiB without an end, and was stopped.");
  }
  run.answer += piece;
  sink_.delta(run.id, piece);
}

void AcpProtocol::on_tool(Run& run, const JsonNode& update) {
  const std::string_view call_id = update.text("toolCallId");
  if (call_id.empty()) return;
  auto call = std::find_if(run.calls.begin(), run.calls.end(),
                           [call_id](const Call& open) { return open.id == call_id; });
  const std::string_view status = update.text("status");
  const bool over = status == "completed" || status == "failed";
  if (call == run.calls.end()) {
    if (run.calls.size() >= limits::kAgentCallsOpenMax) {
      return give_up(run, "The agent had more than 1,024 tools in use at once, and was stopped.");
    }
    const std::string_view kind = update.text("kind");
    run.calls.push_back({std::string(call_id), std::string(kind.empty() ? "other" : kind)});
    call = std::prev(run.calls.end());
    const std::string arguments = update["rawInput"].json();
    sink_.tool_called(run.id, {.call_id = call_id,
                               .name = call->name,
                               .title = update.text("title"),
                               .arguments = arguments.empty() ? "{}" : arguments});
  }
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
