// One prompt, one process: from the prompt to the end of the process.
#include "adapters/agents/protocols/jsonl.h"

#include <algorithm>
#include <fmt/format.h>

#include "adapters/agents/protocols/plain_prompt.h"
#include "adapters/agents/protocols/skills_block.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {

void JsonlProtocol::prompt(const ProtocolPrompt& prompt) {
  if (odd_.faulted()) return;
  run_ = prompt.run;
  bound_ = prompt.agent_session;
  std::string text;
  if (conversation_argument(&prompt).empty()) text = skills_block(profile_.skills);
  text += plain_prompt(profile_, prompt.text);
  const std::string_view limit = untold_limit();
  if (prompt.agent_session.empty() && !limit.empty()) sink_.log(limit);
  sink_.write(input_of(prompt, std::move(text)));
  sink_.close_input();
}

void JsonlProtocol::cancel(RunId run) {
  // Its input has ended, so nothing can be said to it: the run is over when the process is.
  if (run_ && run_ == run) cancelled_ = true;
}

void JsonlProtocol::line(std::string_view text) {
  if (odd_.faulted() || cancelled_ || text.empty()) return;
  if (!run_) {
    if (answered_) odd_.pass_over("a line after its answer");
    return;
  }
  const LineRead read = in_.read(text, [this, text](const JsonNode& message) {
    if (!run_ || odd_.faulted()) return;
    const std::string_view type = message.text("type");
    if (type.empty()) return odd_.note("no message", text);
    on_message(type, message);
  });
  if (!run_) return;
  if (read == LineRead::mended) odd_.mended(text);
  if (read == LineRead::unreadable) on_unreadable(text);
}

void JsonlProtocol::on_unreadable(std::string_view text) {
  odd_.note("no message", text);
  if (odd_.faulted()) return;
  const Lost lost = lost_with(text);
  if (lost == Lost::end) {
    return fail(fb::RunErrorKind::unknown,
                fmt::format("The agent's answer cannot be read ({}).", odd_.last()));
  }
  if (lost == Lost::piece && unread_.empty()) unread_ = odd_.last();
}

void JsonlProtocol::skip(std::string_view kind) {
  odd_.skip(kind);
  if (unread_.empty()) unread_ = fmt::format("lines of type \"{}\"", cut_text(kind, 64));
}

void JsonlProtocol::ended(bool clean_exit, std::string_view why) {
  if (!run_ || odd_.faulted()) return;
  if (cancelled_) {
    const RunId run = std::exchange(run_, RunId{});
    return sink_.settled(run);
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

void JsonlProtocol::bind(std::string_view conversation) {
  if (conversation.empty() || conversation == bound_) return;
  if (conversation.size() > limits::kAgentSessionBytesMax) {
    return sink_.log("its name of the conversation is too long: it cannot be gone on with later");
  }
  bound_ = conversation;
  sink_.bound(run_, conversation);
}

std::string_view JsonlProtocol::delta(std::string_view read) {
  const std::string_view piece = pieces_.add(read, in_.split());
  if (piece.empty()) return piece;
  piece_bytes_ += piece.size();
  if (piece_bytes_ > limits::kTextBytesMax) {
    fail(fb::RunErrorKind::unknown,
         "The agent wrote more than 8 MiB without an end, and was stopped.");
    odd_.fault("It wrote more than 8 MiB of one answer");
    return {};
  }
  if (breaks_) sink_.delta(run_, "\n\n");
  breaks_ = false;
  sink_.delta(run_, piece);
  return piece;
}

void JsonlProtocol::finish() {
  // It did not say that its answer is empty: it was not understood.
  if (reply_.text.empty() && !unread_.empty()) {
    return fail(fb::RunErrorKind::unknown,
                fmt::format("The agent answered in a way that is not understood ({}).", unread_));
  }
  answered_ = true;
  const RunId run = std::exchange(run_, RunId{});
  sink_.finished(run, {.text = reply_.text,
                       .stop_reason = reply_.stop_reason,
                       .provider = reply_.provider,
                       .model = reply_.model,
                       .input_tokens = reply_.input_tokens,
                       .output_tokens = reply_.output_tokens});
}

void JsonlProtocol::fail(fb::RunErrorKind kind, std::string_view message) {
  answered_ = true;
  const RunId run = std::exchange(run_, RunId{});
  sink_.failed(run, kind, message);
}

std::string_view conversation_argument(const ProtocolPrompt* prompt) {
  if (prompt == nullptr || prompt->agent_session.empty()) return {};
  const std::string_view name = prompt->agent_session;
  const bool plain = is_plain(name, "-_.:");
  return plain && name.front() != '-' ? name : std::string_view{};
}

std::string_view model_argument(const AgentProfile& profile, const ProtocolPrompt* prompt) {
  std::string_view model = profile.model;
  if (prompt != nullptr && !prompt->model.empty()) model = prompt->model;
  return model.substr(model.find('/') + 1);
}

std::unique_ptr<Protocol> make_jsonl_protocol(const AgentProfile& profile, ProtocolSink& sink) {
  if (profile.preset == "claude") return make_claude_protocol(profile, sink);
  if (profile.preset == "codex") return make_codex_protocol(profile, sink);
  return make_lines_protocol(profile, sink);
}

}  // namespace spine::agents
