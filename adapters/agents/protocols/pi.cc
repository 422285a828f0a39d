// PiProtocol: the command line, commands to Pi, and handling of its lines.
#include "adapters/agents/protocols/pi.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "engine/core/model/policy.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

// Pi's built-in tools: patterns such as "b*" are expanded to the ones that match.
constexpr std::array<std::string_view, 7> kOwnTools{"read", "bash", "edit", "write",
                                                    "grep", "find", "ls"};

// The names in a list of denied tools: the exceptions ("!read") if `taken_back`, else the others.
std::vector<std::string> names_in(const std::vector<std::string>& denied, bool taken_back) {
  std::vector<std::string> names;
  for (const std::string& entry : denied) {
    if (entry.starts_with('!') != taken_back || entry == "*") continue;
    std::string name = entry.substr(taken_back ? 1 : 0);
    // Pi compares names exactly; policy rules do not.
    for (const std::string_view tool : kOwnTools) {
      if (core::match_tool({name}, tool).holds() && name != tool) names.emplace_back(tool);
    }
    if (!name.ends_with('*')) names.push_back(std::move(name));
  }
  return names;
}

// Whether a conversation's name is a plain file name, and no path.
bool is_file_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

std::string model_name(const JsonNode& model) {
  const std::string_view provider = model.text("provider");
  const std::string_view id = model.text("id");
  return id.empty() ? std::string{} : fmt::format("{}/{}", provider, id);
}

bool is_known_event(std::string_view type) {
  constexpr std::array<std::string_view, 7> kPrefixes{"agent_", "turn_",       "message_",  "tool_",
                                                      "auto_",  "compaction_", "extension_"};
  return std::ranges::any_of(kPrefixes,
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

constexpr std::size_t kPiToolBytesMax = 64;

// The decision that an option of a list stands for, by its first words.
fb::ApprovalDecision meaning_of(std::string_view option) {
  constexpr std::array<std::string_view, 8> kAllowing{"allow",  "yes", "approve", "accept",
                                                      "permit", "ok",  "proceed", "run"};
  const std::string lower = lower_case(option.substr(0, 256));
  const bool allows = std::ranges::any_of(kAllowing, [&](std::string_view word) {
    return lower.starts_with(word) &&
           (lower.size() == word.size() || lower[word.size()] < 'a' || lower[word.size()] > 'z');
  });
  if (!allows) return fb::ApprovalDecision::deny;
  return lower.find("always") != std::string::npos ? fb::ApprovalDecision::allow_always
                                                   : fb::ApprovalDecision::allow_once;
}

// The name policy rules match: "pi:" and the dialog's title, so a permission is for one dialog.
std::string tool_of_dialog(std::string_view title) {
  if (title.empty()) return "pi";
  return std::string(cut_text(fmt::format("pi:{}", title), kPiToolBytesMax));
}

}  // namespace

std::vector<std::string> PiProtocol::command_line(std::string_view command_name,
                                                  const ProtocolPrompt*) const {
  std::vector<std::string> line{std::string(command_name.empty() ? "pi" : command_name),
                                "--mode",
                                "rpc",
                                "--session-dir",
                                profile_.data_dir + "/sessions",
                                "--no-skills"};
  for (const SkillHandOver& skill : profile_.skills) {
    line.insert(line.end(), {"--skill", skill.directory});
  }
  const std::size_t slash = profile_.model.find('/');
  if (slash != std::string::npos) {
    line.insert(line.end(), {"--provider", profile_.model.substr(0, slash), "--model",
                             profile_.model.substr(slash + 1)});
  } else if (!profile_.model.empty()) {
    line.insert(line.end(), {"--model", profile_.model});
  }
  line.insert(line.end(), profile_.args.begin(), profile_.args.end());
  append_tools(line);
  return line;
}

// Pi uses its tools without asking, so forbidden ones are taken away. The last of repeated options
// wins, so these follow the configured ones and include them.
void PiProtocol::append_tools(std::vector<std::string>& line) const {
  const bool untrusted = profile_.trust == fb::Trust::untrusted;
  const std::vector<std::string>& denied = profile_.denied;
  const bool nothing_else = std::ranges::find(denied, "*") != denied.end();
  if (untrusted || nothing_else) {
    std::vector<std::string> tools;
    for (const std::string& tool : untrusted ? profile_.untrusted_tools : names_in(denied, true)) {
      if (!core::match_tool(denied, tool).holds()) tools.push_back(tool);
    }
    if (tools.empty()) {
      line.emplace_back("--no-tools");
    } else {
      line.insert(line.end(), {"--tools", fmt::format("{}", fmt::join(tools, ","))});
    }
  }
  std::vector<std::string> without = names_in(denied, false);
  if (without.empty()) return;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    if (line[i] == "--exclude-tools" || line[i] == "-xt") without.push_back(line[i + 1]);
  }
  line.insert(line.end(), {"--exclude-tools", fmt::format("{}", fmt::join(without, ","))});
}

void PiProtocol::send(std::string_view type, const Write& write) {
  host_.write(json_object([&](JsonWriter& json) {
    json.member("id", std::to_string(next_id_));
    json.member("type", type);
    if (write) write(json);
  }));
  ++next_id_;
}

void PiProtocol::await(Step step, std::string_view type, const Write& write) {
  step_ = step;
  awaited_command_ = type;
  awaited_id_ = next_id_;
  send(type, write);
}

void PiProtocol::begin() {
  await(Step::greeting, "get_state");
}

void PiProtocol::prompt(const ProtocolPrompt& prompt) {
  if (odd_.faulted()) return;
  run_.emplace();
  run_->id = prompt.run;
  run_->text = plain_prompt(profile_, prompt.text);
  run_->images = prompt.images;
  run_->agent_session = prompt.agent_session;
  run_->model = prompt.model;
  run_->thinking_level = prompt.thinking_level;
  open_session();
}

void PiProtocol::open_session() {
  const std::string& wanted = run_->agent_session;
  if (wanted.empty() ? fresh_ : wanted == present_) {
    bind();
    return choose_model();
  }
  if (wanted.empty()) return await(Step::opening, "new_session");
  if (!is_file_name(wanted)) {
    host_.log(
        fmt::format("\"{}\" is no name of a conversation of Pi: beginning a new one", wanted));
    return await(Step::opening, "new_session");
  }
  await(Step::switching, "switch_session", [&](JsonWriter& json) {
    json.member("sessionPath", fmt::format("{}/sessions/{}", profile_.data_dir, wanted));
  });
}

void PiProtocol::choose_model() {
  const std::string& configured = profile_.model.empty() ? first_model_ : profile_.model;
  const std::string& wish = run_->model.empty() ? configured : run_->model;
  const std::size_t slash = wish.find('/');
  if (wish.empty() || wish == model_ || (slash == std::string::npos && run_->model.empty())) {
    return choose_thinking_level();
  }
  if (slash == std::string::npos) {
    return fail(fb::RunErrorKind::unknown,
                fmt::format("\"{}\" names no model: write provider/model.", wish));
  }
  await(Step::model, "set_model", [&](JsonWriter& json) {
    json.member("provider", wish.substr(0, slash));
    json.member("modelId", wish.substr(slash + 1));
  });
}

void PiProtocol::choose_thinking_level() {
  const std::string& wish =
      run_->thinking_level.empty() ? first_thinking_level_ : run_->thinking_level;
  if (wish.empty() || wish == thinking_level_) return send_prompt();
  await(Step::thinking, "set_thinking_level",
        [&](JsonWriter& json) { json.member("level", wish); });
}

void PiProtocol::send_prompt() {
  fresh_ = false;
  const std::string text = std::exchange(run_->text, {});
  run_->slash = text.starts_with('/');
  const PromptImages images = std::exchange(run_->images, nullptr);
  await(Step::prompting, "prompt", [&](JsonWriter& json) {
    json.member("message", text);
    if (images == nullptr || images->empty()) return;
    json.array("images", [&] {
      for (const PromptImage& image : *images) {
        json.object([&] {
          json.member("type", "image");
          json.member("data", image.base64);
          json.member("mimeType", image.mime_type);
        });
      }
    });
  });
}

void PiProtocol::steer(RunId queued, RunId into, std::string_view text) {
  const bool works = run_ && run_->id == into && run_->accepted && !run_->cancelled;
  if (odd_.faulted() || !works) return;
  run_->steers.push_back({next_id_, queued});
  run_->steered = true;
  send("steer", [&](JsonWriter& json) { json.member("message", plain_prompt(profile_, text)); });
}

void PiProtocol::cancel(RunId run) {
  if (odd_.faulted() || !run_ || run_->id != run || run_->cancelled) return;
  run_->cancelled = true;
  withdraw_asks();
  // A prompt that is not accepted cannot be aborted: the next response ends the run.
  if (run_->accepted) send_abort();
}

void PiProtocol::send_abort() {
  if (run_->abort_id != 0) return;
  send("clear_queue");
  run_->abort_id = next_id_;
  send("abort");
}

void PiProtocol::confirm() {
  run_->confirm_id = next_id_;
  send("get_state");
}

void PiProtocol::on_message(const JsonNode& object, std::string_view text) {
  const std::string_view type = object.text("type");
  if (type.empty()) return odd_.note("no message of Pi", text);
  if (type == "response") return on_response(object, text);
  if (type == "extension_ui_request") return on_ask(object);
  on_event(type, object);
}

std::unique_ptr<Protocol> make_pi_protocol(const AgentProfile& profile, ProtocolHost& host,
                                           RunEvents& events) {
  return std::make_unique<PiProtocol>(profile, host, events);
}

// If the awaited response was lost, it is not known whether Pi works on the prompt: the run fails
// and the process is ended. After a lost end of a run Pi is idle, and is kept.
void PiProtocol::on_unreadable(std::string_view text) {
  odd_.note("no message of Pi", text);
  if (odd_.faulted()) return;
  if (names_value(text, "type", "extension_ui_request")) {
    // It was a request, so Pi waits for an answer.
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
    // Older versions omit the id when they do not know a command.
    const bool nameless = !response["id"].there() && !response.flag("success") &&
                          response.text("command") == awaited_command_;
    if (id == awaited_id_ || nameless) return on_step(response);
  }
  // Older versions have no clear_queue.
  if (id == 0 && response.text("command") == "clear_queue") return;
  if (id == 0) return odd_.note("an answer to nothing", text);
  on_other(id, response, text);
}

void PiProtocol::on_other(std::uint64_t id, const JsonNode& response, std::string_view text) {
  if (id >= next_id_) return odd_.note("an answer to a question nobody asked", text);
  if (!run_) return;
  // The run's end is reported before this response; if not, ask whether Pi still works on it.
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
    if (response.flag("success") && !run_->cancelled) events_.steered(queued, run_->id);
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
    return host_.ready({});
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
  if (!success) host_.log("Pi does not take the thinking level: " + error);
  send_prompt();
}

void PiProtocol::on_opened(Step step, bool success, std::string_view error) {
  if (success) {
    fresh_ = step == Step::opening;
    return await(Step::looking, "get_state");
  }
  if (run_->cancelled) return settle();
  if (step == Step::switching) {
    host_.log(fmt::format("Pi does not go on with the conversation {}, which begins anew: {}",
                          run_->agent_session, error));
    return await(Step::opening, "new_session");
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
  // An extension's command runs without the model, and Pi reports no end of it: ask.
  if (run_->slash) confirm();
}

void PiProtocol::adopt_state(const JsonNode& state) {
  const std::string_view file = state.text("sessionFile");
  present_ = file.substr(file.rfind('/') + 1);
  model_ = model_name(state["model"]);
  thinking_level_ = state.text("thinkingLevel");
  const bool switched = run_ && !run_->agent_session.empty() && present_ == run_->agent_session;
  if (switched && state.number("messageCount") == 0) {
    host_.log(fmt::format("Pi has nothing of the conversation {}: it begins anew", present_));
  }
}

void PiProtocol::bind() {
  fresh_ = false;
  if (present_.empty() || present_ == run_->agent_session) return;
  if (present_.size() > limits::kAgentSessionBytesMax) {
    host_.log("Pi's name of the conversation is too long: it cannot be gone on with later");
    return;
  }
  events_.bound(run_->id, present_);
}

void PiProtocol::on_event(std::string_view type, const JsonNode& event) {
  if (type == "agent_settled") settles_ = true;
  if (type == "extension_error") {
    host_.log(fmt::format("an extension of Pi failed: {}", event.text("error").substr(0, 512)));
  }
  if (!is_known_event(type)) odd_.skip(type);
  if (!run_ || odd_.faulted()) return;
  // Earlier events are about the previous run, which was cancelled.
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
  if (run_->breaks) events_.delta(run_->id, "\n\n");
  run_->breaks = false;
  run_->piece_bytes += piece.size();
  events_.delta(run_->id, piece);
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
  if (!text.empty()) run.reply.text = std::move(text);
  run.reply.stop_reason = message.text("stopReason");
  run.error = message.text("errorMessage");
  run.reply.provider = message.text("provider");
  run.reply.model = message.text("model");
  run.reply.input_tokens = message["usage"].number("input");
  run.reply.output_tokens = message["usage"].number("output");
}

void PiProtocol::on_tool(std::string_view type, const JsonNode& event) {
  const std::string call_id = event.their_id("toolCallId");
  const std::string_view name = event.text("toolName");
  if (run_->cancelled || call_id.empty()) return;
  if (type == "tool_execution_start") {
    const std::string arguments = event["args"].json();
    return events_.tool_called(run_->id,
                               {.call_id = call_id, .name = name, .arguments = arguments});
  }
  const JsonNode result = event["result"];
  std::string text = joined_text(result["content"]);
  if (text.empty()) text = result.json();
  events_.tool_returned(
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
  if (run.reply.stop_reason == "error") {
    return fail(classify_error(run.error), run.error.empty()
                                               ? "The model failed, and Pi does not say why."
                                               : "The model failed: " + run.error);
  }
  if (run.reply.stop_reason == "aborted") {
    return fail(fb::RunErrorKind::unknown,
                "Pi broke the answer off by itself. Send the message again.");
  }
  if (run.reply.text.empty() && !run.slash && !run.unread.empty()) {
    return fail(fb::RunErrorKind::unknown,
                fmt::format("Pi answered in a way that is not understood ({}).", run.unread));
  }
  if (!run.answered && !run.slash) {
    return fail(fb::RunErrorKind::unknown, "Pi ended the run without an answer of the model.");
  }
  // The stop reason says that the answer is incomplete.
  if (run.reply.text.empty() &&
      (run.reply.stop_reason == "toolUse" || run.reply.stop_reason == "length")) {
    return fail(fb::RunErrorKind::unknown,
                fmt::format("Pi stopped before it answered ({}). Send the message again.",
                            run.reply.stop_reason));
  }
  withdraw_asks();
  if (run.steered && !run.steers.empty()) send("clear_queue");
  odd_.forgive();
  PiRun done = std::move(*run_);
  run_.reset();
  if (done.reply.stop_reason.empty()) done.reply.stop_reason = "stop";
  events_.finished(done.id, done.reply.finished());
}

void PiProtocol::fail(fb::RunErrorKind kind, std::string_view message) {
  withdraw_asks();
  if (run_->steered) send("clear_queue");
  const RunId id = run_->id;
  const std::string why(message);  // `message` may borrow from the run
  run_.reset();
  step_ = Step::none;
  events_.failed(id, kind, why);
}

void PiProtocol::settle() {
  withdraw_asks();
  const RunId id = run_->id;
  run_.reset();
  step_ = Step::none;
  events_.settled(id);
}

void PiProtocol::on_ask(const JsonNode& request) {
  const std::string_view method = request.text("method");
  const bool asks =
      method == "select" || method == "confirm" || method == "input" || method == "editor";
  if (!asks || request.their_id("id").empty()) return;
  const std::string id = request["id"].json();
  if (!run_ || !run_->accepted || run_->cancelled || asks_.size() >= limits::kAgentAsksMax) {
    return refuse_ask(id);
  }
  PiAsk ask{.number = next_ask_, .id = id, .method = std::string(method)};
  if (method == "editor") ask.once = request.text("prefill");
  if (method == "select") {
    request["options"].each([&ask](const JsonNode& option) {
      const fb::ApprovalDecision meaning = meaning_of(option.text());
      if (meaning == fb::ApprovalDecision::deny) return;
      std::string& value = meaning == fb::ApprovalDecision::allow_once ? ask.once : ask.always;
      if (value.empty()) value = option.text();
    });
    if (ask.once.empty() && ask.always.empty()) {
      host_.log(
          fmt::format("Pi wants one of a list chosen, none of which says yes, and gets none: "
                      "{}",
                      request.text("title").substr(0, 256)));
      return refuse_ask(id);
    }
  }
  put_ask(ask, request);
}

void PiProtocol::put_ask(const PiAsk& ask, const JsonNode& request) {
  ++next_ask_;
  const std::string tool = tool_of_dialog(request.text("title"));
  Permission permission{.ask = ask.number,
                        .kind = fb::ApprovalKind::plugin,
                        .tool = tool,
                        .title = request.text("title"),
                        .detail = request.text("message"),
                        .cwd = profile_.workspace};
  std::string_view once = "Allow";
  if (ask.method == "select") once = ask.once;
  if (ask.method == "input") once = "Answer with an empty text";
  if (ask.method == "editor") {
    once = "Take the text as it stands";
    permission.detail = ask.once;
  }
  // The tool's name holds only the start of a long title: a lasting permission needs all of it.
  if (permission.detail.empty()) permission.detail = permission.title;
  if (!once.empty()) {
    permission.options.push_back({"allow", once, fb::ApprovalDecision::allow_once});
  }
  if (!ask.always.empty()) {
    permission.options.push_back({"always", ask.always, fb::ApprovalDecision::allow_always});
  }
  permission.options.push_back({"deny", "Refuse", fb::ApprovalDecision::deny});
  asks_.push_back(ask);
  events_.asked(run_->id, permission);
}

void PiProtocol::refuse_ask(std::string_view id) {
  host_.write(json_object([&](JsonWriter& json) {
    json.member("type", "extension_ui_response");
    json.member_raw("id", id);
    json.member("cancelled", true);
  }));
}

void PiProtocol::answer(std::uint64_t number, fb::ApprovalDecision decision) {
  const auto found = std::ranges::find(asks_, number, &PiAsk::number);
  if (odd_.faulted() || found == asks_.end()) return;
  const PiAsk ask = std::move(*found);
  asks_.erase(found);
  const bool always = decision == fb::ApprovalDecision::allow_always;
  const bool allows = always || decision == fb::ApprovalDecision::allow_once;
  // allow_always falls back to allow_once if that is the only option; never the other way round.
  const std::string& value = always && !ask.always.empty() ? ask.always : ask.once;
  const bool chooses = ask.method == "select";
  if (ask.method != "confirm" && (!allows || (chooses && value.empty()))) {
    return refuse_ask(ask.id);
  }
  host_.write(json_object([&](JsonWriter& json) {
    json.member("type", "extension_ui_response");
    json.member_raw("id", ask.id);
    if (ask.method == "confirm") {
      json.member("confirmed", allows);
    } else {
      json.member("value", value);
    }
  }));
}

void PiProtocol::withdraw_asks() {
  for (const PiAsk& ask : asks_)
    refuse_ask(ask.id);
  asks_.clear();
}

}  // namespace spine::agents
