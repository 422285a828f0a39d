// What an agent of the Agent Client Protocol answers, and how runs end.
#include <algorithm>
#include <fmt/format.h>

#include "adapters/agents/protocols/acp.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

constexpr std::int64_t kAuthenticationRequired = -32'000;

// The message of an error, and what it says in detail.
std::string error_text(const JsonNode& error) {
  std::string text(error.text("message"));
  const JsonNode data = error["data"];
  std::string_view details = data.is_text() ? data.text() : data.text("details");
  if (details.empty()) details = data.text("message");
  if (!details.empty() && text.find(details) == std::string::npos) {
    text.append(text.empty() ? "" : ": ").append(details);
  }
  return text.empty() ? "it does not say why" : text;
}

std::string failure_text(std::string_view what, const JsonNode& error) {
  if (error["code"].json() == std::to_string(kAuthenticationRequired)) {
    return fmt::format(
        "The agent wants somebody to log in first ({}). Log in with its own command "
        "as the user it runs as, then send the message again.",
        error_text(error));
  }
  return fmt::format("{}: {}", what, error_text(error));
}

}  // namespace

void AcpProtocol::on_response(const JsonNode& message, std::string_view text) {
  const std::uint64_t id = message["id"].our_id();
  const bool answers = message["result"].there() || message["error"].there();
  if (!answers) return on_unreadable(text);
  if (id == 0 || id >= next_request_) {
    return odd_.note("an answer to a question nobody asked", text);
  }
  if (id == greeting_) return on_greeting(message);
  const auto run = std::find_if(runs_.begin(), runs_.end(),
                                [id](const Run& open) { return open.request == id; });
  if (run != runs_.end() && run->step != Step::ending) {
    if (run->step == Step::opening) return on_opened(*run, message);
    if (run->step == Step::loading) return on_loaded(*run, message);
    return on_prompted(*run, message);
  }
  for (Conversation& known : conversations_) {
    if (known.stray_request != id) continue;
    known.stray_request = 0;
    return;
  }
  odd_.note("a second answer to a question", text);
}

void AcpProtocol::on_greeting(const JsonNode& message) {
  greeting_ = 0;
  if (message["error"].there()) {
    return odd_.fault("It refuses to begin: " + error_text(message["error"]));
  }
  const JsonNode result = message["result"];
  if (result.number("protocolVersion") != 1) {
    return odd_.fault(
        fmt::format("It speaks version {} of the Agent Client Protocol, and this gateway version "
                    "1: use a release of the agent that speaks version 1.",
                    result["protocolVersion"].json()));
  }
  loads_ = result["agentCapabilities"].flag("loadSession");
  const JsonNode info = result["agentInfo"];
  const std::string_view name = info.text("name");
  const std::string_view version = info.text("version");
  sink_.ready(fmt::format("{}{}{}", name, name.empty() || version.empty() ? "" : " ", version));
}

void AcpProtocol::on_opened(Run& run, const JsonNode& message) {
  const std::string id(message["result"].text("sessionId"));
  const bool opened = !id.empty() && id.size() <= limits::kNameBytesMax;
  if (opened) know(id, profile_.skills_version);
  if (run.cancelled) return settle(run);
  if (message["error"].there()) {
    const std::string why =
        failure_text("The agent does not begin a conversation", message["error"]);
    return fail(run, classify_error(why), why);
  }
  if (!opened) {
    return fail(run, fb::RunErrorKind::unknown,
                "The agent began a conversation without giving it a usable name.");
  }
  run.conversation = id;
  if (id.size() <= limits::kAgentSessionBytesMax) {
    sink_.bound(run.id, id);
  } else {
    sink_.log("the agent's name of the conversation is too long: it cannot be gone on with later");
  }
  send_prompt(run, true);
}

void AcpProtocol::on_loaded(Run& run, const JsonNode& message) {
  if (!message["error"].there()) {
    know(run.conversation, profile_.skills_version);
    return run.cancelled ? settle(run) : send_prompt(run, false);
  }
  if (run.cancelled) return settle(run);
  sink_.log(fmt::format("the agent does not go on with the conversation {}, which begins anew: {}",
                        run.conversation, error_text(message["error"])));
  open(run);
}

void AcpProtocol::on_prompted(Run& run, const JsonNode& message) {
  if (run.cancelled) return settle(run);
  if (message["error"].there()) {
    const std::string why = failure_text("The agent failed", message["error"]);
    return fail(run, classify_error(why), why);
  }
  const JsonNode result = message["result"];
  run.reason = result.text("stopReason");
  run.input_tokens = result["usage"].number("inputTokens");
  run.output_tokens = result["usage"].number("outputTokens");
  hold(run);
}

void AcpProtocol::stopped(Run& run) {
  if (run.cancelled) return settle(run);
  run.answer += run.pieces.rest();
  if (run.reason == "refusal") {
    return fail(run, fb::RunErrorKind::refusal,
                run.answer.empty() ? "The agent refused to answer this."
                                   : "The agent refused to answer this: " + run.answer);
  }
  if (run.reason == "cancelled") {
    return fail(run, fb::RunErrorKind::unknown,
                "The agent broke the answer off by itself. Send the message again.");
  }
  if (run.reason.empty()) {
    return fail(run, fb::RunErrorKind::unknown,
                "The agent ended the run without saying whether it is done.");
  }
  if (run.answer.empty() && !run.unread.empty()) {
    return fail(
        run, fb::RunErrorKind::unknown,
        fmt::format("The agent answered in a way that is not understood ({}).", run.unread));
  }
  if (run.answer.empty() && run.reason != "end_turn") {
    return fail(run, fb::RunErrorKind::unknown,
                fmt::format("The agent stopped before it answered ({}). Send the message again.",
                            cut_text(run.reason, 64)));
  }
  finish(run);
}

void AcpProtocol::finish(Run& run) {
  odd_.forgive();
  withdraw_asks(run.id);
  close_turn(run);
  const Run done = std::move(run);
  forget(done);
  sink_.finished(done.id, {.text = done.answer,
                           .stop_reason = done.reason == "end_turn" ? "stop" : done.reason,
                           .input_tokens = done.input_tokens,
                           .output_tokens = done.output_tokens});
}

void AcpProtocol::fail(Run& run, fb::RunErrorKind kind, std::string_view message) {
  const RunId id = run.id;
  withdraw_asks(id);
  close_turn(run);
  const std::string why(message);  // may be of the run
  forget(run);
  sink_.failed(id, kind, why);
}

void AcpProtocol::settle(Run& run) {
  const RunId id = run.id;
  withdraw_asks(id);
  close_turn(run);
  forget(run);
  sink_.settled(id);
}

void AcpProtocol::forget(const Run& gone) {
  const RunId id = gone.id;
  std::erase_if(runs_, [id](const Run& run) { return run.id == id; });
}

}  // namespace spine::agents
