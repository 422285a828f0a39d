// What Pi answers to commands, and which command comes next.
#include <fmt/format.h>

#include "adapters/agents/protocols/pi.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

std::string model_name(const JsonNode& model) {
  const std::string_view provider = model.text("provider");
  const std::string_view id = model.text("id");
  return id.empty() ? std::string{} : fmt::format("{}/{}", provider, id);
}

}  // namespace

// What is waited for would never come. Whether Pi works on the prompt is not known then, so that
// the process ends with the run; behind the end of a run it is idle.
void PiProtocol::on_unreadable(std::string_view text) {
  odd_.note("no message of Pi", text);
  if (odd_.faulted()) return;
  if (names_value(text, "type", "extension_ui_request")) {
    // Whoever asks waits for the answer.
    if (const std::string id = id_in(text); !id.empty()) refuse_ask(id);
    return;
  }
  const auto is_answer = [text](std::uint64_t id) {
    return id != 0 && names_value(text, "type", "response") &&
           names_value(text, "id", std::to_string(id));
  };
  const bool of_step = step_ != Step::none && is_answer(awaited_id_);
  const std::string why = fmt::format("Pi's answer cannot be read ({}).", odd_.last());
  if (of_step && step_ == Step::greeting) return odd_.fault(why);
  if (!run_) return;
  const bool ends = run_->accepted && (names_value(text, "type", "agent_settled") ||
                                       (!settles_ && names_value(text, "type", "agent_end")));
  const bool answers = of_step || is_answer(run_->confirm_id) || is_answer(run_->abort_id);
  if (!ends && !answers) {
    const bool lost = names_value(text, "type", "message_end");
    if (lost && run_->unread.empty()) run_->unread = odd_.last();
    return;
  }
  if (run_->cancelled) {
    settle();
  } else {
    fail(fb::RunErrorKind::unknown, why);
  }
  if (!ends) odd_.fault(why);
}

void PiProtocol::on_response(const JsonNode& response, std::string_view text) {
  const std::uint64_t id = response["id"].our_id();
  if (step_ != Step::none) {
    // Older ones leave the id away when they do not know a command.
    const bool nameless = !response["id"].there() && !response.flag("success") &&
                          response.text("command") == awaited_command_;
    if (id == awaited_id_ || nameless) return on_step(response);
  }
  // Older ones have no clear_queue.
  if (id == 0 && response.text("command") == "clear_queue") return;
  if (id == 0) return odd_.note("an answer to nothing", text);
  on_other(id, response, text);
}

void PiProtocol::on_other(std::uint64_t id, const JsonNode& response, std::string_view text) {
  if (id >= next_id_) return odd_.note("an answer to a question nobody asked", text);
  if (!run_) return;
  // The end of the run is told before; if it was not, there was none to abort, or it comes.
  if (id == run_->abort_id) return run_->over ? settle() : confirm();
  if (id == run_->confirm_id) {
    run_->confirm_id = 0;
    const JsonNode state = response["data"];
    const bool works = state.flag("isStreaming") || state.flag("isCompacting");
    if (run_->cancelled && !works) return settle();
    const bool ended = run_->over ? !settles_ : run_->slash && !run_->started;
    if (ended && !works && !run_->waiting) finish();
    return;
  }
  for (auto steer = run_->steers.begin(); steer != run_->steers.end(); ++steer) {
    if (steer->id != id) continue;
    const RunId queued = steer->queued;
    run_->steers.erase(steer);
    if (response.flag("success") && !run_->cancelled) sink_.steered(queued, run_->id);
    return;
  }
}

void PiProtocol::on_step(const JsonNode& response) {
  const Step step = step_;
  step_ = Step::none;
  const bool success = response.flag("success") && !response["data"].flag("cancelled");
  const std::string error(response.text("error"));
  if (step == Step::greeting) {
    if (!success) return odd_.fault("It does not say how it stands: " + error);
    adopt_state(response["data"]);
    first_model_ = model_;
    first_thinking_level_ = thinking_level_;
    return sink_.ready({});
  }
  if (!run_) return;
  if (step == Step::looking && success) adopt_state(response["data"]);
  if (step == Step::model && success) model_ = model_name(response["data"]);
  if (step == Step::thinking && success) thinking_level_ = run_->thinking_level;
  if (step == Step::prompting) return on_prompted(success, error);
  if (step == Step::switching || step == Step::opening) return on_opened(step, success, error);
  if (run_->cancelled) return settle();
  if (step == Step::looking) {
    if (!success) return fail(fb::RunErrorKind::unknown, "Pi does not say how it stands: " + error);
    bind();
    return choose_model();
  }
  if (step == Step::model) {
    if (success) return choose_thinking_level();
    return fail(
        fb::RunErrorKind::unknown,
        fmt::format("Pi cannot use the model that is wished for: {}. Choose another one, or "
                    "add it to Pi's models.json.",
                    error));
  }
  if (!success) sink_.log("Pi does not take the thinking level: " + error);
  send_prompt();
}

void PiProtocol::on_opened(Step step, bool success, std::string_view error) {
  if (success) {
    fresh_ = step == Step::opening;
    return look();
  }
  if (run_->cancelled) return settle();
  if (step == Step::switching) {
    sink_.log(fmt::format("Pi does not go on with the conversation {}, which begins anew: {}",
                          run_->agent_session, error));
    return open_new_session();
  }
  fail(fb::RunErrorKind::unknown, fmt::format("Pi does not begin a conversation: {}", error));
}

void PiProtocol::on_prompted(bool success, std::string_view error) {
  if (!success) {
    if (run_->cancelled) return settle();
    return fail(classify_error(error), fmt::format("Pi did not take the prompt: {}", error));
  }
  run_->accepted = true;
  if (run_->cancelled) return send_abort();
  // A command of an extension is done without the model, and nothing more is said about it.
  if (run_->slash) confirm();
}

void PiProtocol::adopt_state(const JsonNode& state) {
  const std::string_view file = state.text("sessionFile");
  present_ = file.substr(file.rfind('/') + 1);
  model_ = model_name(state["model"]);
  thinking_level_ = state.text("thinkingLevel");
  const bool switched = run_ && !run_->agent_session.empty() && present_ == run_->agent_session;
  if (switched && state.number("messageCount") == 0) {
    sink_.log(fmt::format("Pi has nothing of the conversation {}: it begins anew", present_));
  }
}

void PiProtocol::bind() {
  fresh_ = false;
  if (present_.empty() || present_ == run_->agent_session) return;
  if (present_.size() > limits::kAgentSessionBytesMax) {
    sink_.log("Pi's name of the conversation is too long: it cannot be gone on with later");
    return;
  }
  sink_.bound(run_->id, present_);
}

}  // namespace spine::agents
