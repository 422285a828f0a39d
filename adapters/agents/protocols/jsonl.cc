// One prompt, one process: from the prompt to the end of the process.
#include "adapters/agents/protocols/jsonl.h"

#include <algorithm>
#include <fmt/format.h>

#include "adapters/agents/protocols/protocol.h"
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
  if (prompt.agent_session.empty() && !limit.empty()) host_.log(limit);
  host_.write(input_of(prompt, std::move(text)));
  host_.close_input();
}

void JsonlProtocol::cancel(RunId run) {
  // Its input has ended, so nothing can be said to it: the run is over when the process is.
  if (run_ && run_ == run) cancelled_ = true;
}

void JsonlProtocol::line(std::string_view text) {
  const bool late = !run_ && answered_ && !cancelled_ && !text.empty();
  if (late) return odd_.pass_over("a line after its answer");
  LineProtocol::line(text);
}

void JsonlProtocol::on_message(const JsonNode& message, std::string_view text) {
  const std::string_view type = message.text("type");
  if (type.empty()) return odd_.note("no message", text);
  on_typed(type, message);
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

void JsonlProtocol::bind(std::string_view conversation) {
  if (conversation.empty() || conversation == bound_) return;
  if (conversation.size() > limits::kAgentSessionBytesMax) {
    return host_.log("its name of the conversation is too long: it cannot be gone on with later");
  }
  bound_ = conversation;
  events_.bound(run_, conversation);
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
  if (breaks_) events_.delta(run_, "\n\n");
  breaks_ = false;
  events_.delta(run_, piece);
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
  events_.finished(run, reply_.finished());
}

void JsonlProtocol::fail(fb::RunErrorKind kind, std::string_view message) {
  answered_ = true;
  const RunId run = std::exchange(run_, RunId{});
  events_.failed(run, kind, message);
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

}  // namespace spine::agents
