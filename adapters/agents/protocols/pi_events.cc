// What Pi tells while it works on a run, up to the end of it.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "adapters/agents/protocols/pi.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

bool is_known_event(std::string_view type) {
  constexpr std::array<std::string_view, 7> kPrefixes{"agent_", "turn_",       "message_",  "tool_",
                                                      "auto_",  "compaction_", "extension_"};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [type](std::string_view prefix) { return type.starts_with(prefix); });
}

// The first part of a message that is of no known kind, as JSON; empty = there is none.
std::string unknown_part(const JsonNode& content) {
  static constexpr std::array<std::string_view, 5> kKinds{"text", "thinking", "toolCall",
                                                          "toolResult", "image"};
  if (content.is_text()) return {};
  if (!content.is_array()) return content.there() ? content.json() : "a message without content";
  std::string unknown;
  content.each([&unknown](const JsonNode& part) {
    const std::string_view type = part.text("type");
    const bool known = std::ranges::find(kKinds, type) != kKinds.end() &&
                       (type != "text" || part["text"].is_text());
    if (!known && unknown.empty()) unknown = part.json();
  });
  return std::string(cut_text(unknown, 160));
}

}  // namespace

void PiProtocol::on_event(std::string_view type, const JsonNode& event) {
  if (type == "agent_settled") settles_ = true;
  if (type == "extension_error") {
    sink_.log(fmt::format("an extension of Pi failed: {}", event.text("error").substr(0, 512)));
  }
  if (!is_known_event(type)) odd_.skip(type);
  if (!run_ || odd_.faulted()) return;
  // Events before that are about the run before, which was cancelled.
  if (type == "agent_start" && step_ == Step::prompting) run_->accepted = true;
  if (!run_->accepted) return;
  if (type == "agent_start") {
    run_->started = true;
    run_->over = false;
  } else if (type == "message_start") {
    run_->breaks = run_->piece_bytes > 0 || run_->breaks;
    run_->pieces.rest();
    run_->piece_bytes = 0;
  } else if (type == "message_update") {
    on_piece(event["assistantMessageEvent"]);
  } else if (type == "message_end") {
    on_message_end(event["message"]);
  } else if (type == "tool_execution_start" || type == "tool_execution_end") {
    on_tool(type, event);
  } else if (type == "auto_retry_start" || type == "compaction_start" ||
             type == "auto_compaction_start") {
    run_->waiting = true;
  } else if (type == "auto_retry_end" || type == "compaction_end" ||
             type == "auto_compaction_end") {
    run_->waiting = false;
    if (run_->over && !settles_ && run_->confirm_id == 0) confirm();
  } else if (type == "agent_end") {
    on_agent_end(event);
  } else if (type == "agent_settled") {
    finish();
  }
}

void PiProtocol::on_piece(const JsonNode& event) {
  if (run_->cancelled || event.text("type") != "text_delta") return;
  const std::string_view piece = run_->pieces.add(event.text("delta"), in_.split());
  if (piece.empty()) return;
  if (run_->breaks) sink_.delta(run_->id, "\n\n");
  run_->breaks = false;
  run_->piece_bytes += piece.size();
  sink_.delta(run_->id, piece);
  if (run_->piece_bytes <= limits::kTextBytesMax) return;
  fail(fb::RunErrorKind::unknown,
       "The agent wrote more than 8 MiB without an end, and was stopped.");
  odd_.fault("It wrote more than 8 MiB of one answer");
}

void PiProtocol::on_message_end(const JsonNode& message) {
  if (message.text("role") != "assistant") return;
  PiRun& run = *run_;
  run.answered = true;
  std::string text = joined_text(message["content"]);
  if (text.empty() && run.unread.empty()) run.unread = unknown_part(message["content"]);
  if (!text.empty()) run.answer = std::move(text);
  run.stop_reason = message.text("stopReason");
  run.error = message.text("errorMessage");
  run.provider = message.text("provider");
  run.answered_by = message.text("model");
  run.input_tokens = message["usage"].number("input");
  run.output_tokens = message["usage"].number("output");
}

void PiProtocol::on_tool(std::string_view type, const JsonNode& event) {
  const std::string call_id = event.their_id("toolCallId");
  const std::string_view name = event.text("toolName");
  if (run_->cancelled || call_id.empty()) return;
  if (type == "tool_execution_start") {
    const std::string arguments = event["args"].json();
    return sink_.tool_called(run_->id, {.call_id = call_id, .name = name, .arguments = arguments});
  }
  const JsonNode result = event["result"];
  std::string text = joined_text(result["content"]);
  if (text.empty()) text = result.json();
  sink_.tool_returned(
      run_->id,
      {.call_id = call_id, .name = name, .result = text, .is_error = event.flag("isError")});
}

void PiProtocol::on_agent_end(const JsonNode& event) {
  if (event.flag("willRetry")) return;
  run_->over = true;
  if (!settles_ && run_->confirm_id == 0) confirm();
}

void PiProtocol::finish() {
  if (run_->cancelled) return settle();
  const PiRun& run = *run_;
  if (run.stop_reason == "error") {
    return fail(classify_error(run.error), run.error.empty()
                                               ? "The model failed, and Pi does not say why."
                                               : "The model failed: " + run.error);
  }
  if (run.stop_reason == "aborted") {
    return fail(fb::RunErrorKind::unknown,
                "Pi broke the answer off by itself. Send the message again.");
  }
  if (run.answer.empty() && !run.slash && !run.unread.empty()) {
    return fail(fb::RunErrorKind::unknown,
                fmt::format("Pi answered in a way that is not understood ({}).", run.unread));
  }
  if (!run.answered && !run.slash) {
    return fail(fb::RunErrorKind::unknown, "Pi ended the run without an answer of the model.");
  }
  // It says itself that this was not the end of it.
  if (run.answer.empty() && (run.stop_reason == "toolUse" || run.stop_reason == "length")) {
    return fail(fb::RunErrorKind::unknown,
                fmt::format("Pi stopped before it answered ({}). Send the message again.",
                            run.stop_reason));
  }
  withdraw_asks();
  if (run.steered && !run.steers.empty()) clear_queue();
  odd_.forgive();
  const PiRun done = std::move(*run_);
  run_.reset();
  sink_.finished(done.id, {.text = done.answer,
                           .stop_reason = done.stop_reason.empty() ? "stop" : done.stop_reason,
                           .provider = done.provider,
                           .model = done.answered_by,
                           .input_tokens = done.input_tokens,
                           .output_tokens = done.output_tokens});
}

void PiProtocol::fail(fb::RunErrorKind kind, std::string_view message) {
  withdraw_asks();
  if (run_->steered) clear_queue();
  const RunId id = run_->id;
  const std::string why(message);  // may be of the run
  run_.reset();
  step_ = Step::none;
  sink_.failed(id, kind, why);
}

void PiProtocol::settle() {
  withdraw_asks();
  const RunId id = run_->id;
  run_.reset();
  step_ = Step::none;
  sink_.settled(id);
}

}  // namespace spine::agents
