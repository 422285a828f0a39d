// AcpProtocol: requests to the agent, its responses, its updates during a turn, and the detection
// of the end of a turn.
#include "adapters/agents/protocols/acp.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "schemas/vocab/check.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

constexpr int kParseError = -32'700;
constexpr int kMethodNotFound = -32'601;
constexpr std::size_t kRequestIdBytesMax = 256;
constexpr std::int64_t kAuthenticationRequired = -32'000;

// The message of a JSON-RPC error, with the details of its data.
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

constexpr std::uint64_t kUnknownMs = 250;  // quiet time while neither late_ nor punctual_
constexpr std::size_t kPastIdsMax = 64;

static_assert(kUnknownMs < limits::kLateUpdatesMs);

bool has(const std::vector<std::string>& ids, std::string_view id) {
  return std::ranges::find(ids, id) != ids.end();
}

// A JSON-RPC message, whose parameters `params` writes. With number 0 it is a notification.
template <class Params>
std::string message_of(std::string_view method, std::uint64_t number, Params params) {
  return json_object([&](JsonWriter& json) {
    json.member("jsonrpc", "2.0");
    if (number != 0) json.member("id", number);
    json.member("method", method);
    json.object("params", [&] { params(json); });
  });
}

// The result of a tool: the texts of its content, or else its raw output.
std::string result_of(const JsonNode& update) {
  std::string text;
  update["content"].each([&text](const JsonNode& part) { text += part["content"].text("text"); });
  if (!text.empty()) return text;
  const JsonNode raw = update["rawOutput"];
  return raw.is_text() ? std::string(raw.text()) : raw.json();
}

// Known kinds of updates that are no part of the answer; they are ignored.
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

template <class Params>
std::uint64_t AcpProtocol::request(std::string_view method, Params params) {
  host_.write(message_of(method, next_request_, params));
  return next_request_++;
}

void AcpProtocol::begin() {
  greeting_ = request("initialize", [&](JsonWriter& json) {
    json.member("protocolVersion", 1);
    json.object("clientCapabilities", [&] {
      json.object("fs", [&] {
        json.member("readTextFile", asks_.has_files());
        json.member("writeTextFile", asks_.has_files());
      });
      json.member("terminal", false);
    });
    json.object("clientInfo", [&] {
      json.member("name", "spine");
      json.member("title", "Spine");
      json.member("version", "1");
    });
  });
}

void AcpProtocol::prompt(const ProtocolPrompt& prompt) {
  if (odd_.faulted()) return;
  SPINE_CHECK(runs_.size() < kAcpRunsAtOnce);
  if (!prompt.model.empty()) {
    host_.log("the Agent Client Protocol has no way to wish for a model: the agent uses its own");
  }
  Run& run = runs_.emplace_back();
  run.id = prompt.run;
  run.text = plain_prompt(profile_, prompt.text);
  if (sees_) run.images = prompt.images;
  run.conversation = prompt.agent_session;
  if (run.conversation.empty()) return open(run);
  if (const Conversation* known = conversation(run.conversation)) {
    if (known->quiet_token == 0) return send_prompt(run, false);
    run.step = Step::waiting;
    return;
  }
  if (loads_) return load(run);
  host_.log(fmt::format("the agent cannot go on with the conversation {}, which begins anew",
                        run.conversation));
  open(run);
}

void AcpProtocol::open(Run& run) {
  run.step = Step::opening;
  run.conversation.clear();
  run.request = request("session/new", [&](JsonWriter& json) {
    json.member("cwd", profile_.workspace);
    json.member_raw("mcpServers", "[]");
  });
}

void AcpProtocol::load(Run& run) {
  run.step = Step::loading;
  run.request = request("session/load", [&](JsonWriter& json) {
    json.member("sessionId", run.conversation);
    json.member("cwd", profile_.workspace);
    json.member_raw("mcpServers", "[]");
  });
}

void AcpProtocol::send_prompt(Run& run, bool first) {
  run.step = Step::prompting;
  std::string text;
  Conversation* known = conversation(run.conversation);
  if (known != nullptr) known->dropped = 0;
  if (first || (known != nullptr && known->skills_version != profile_.skills_version)) {
    text = skills_block(profile_.skills);
    if (known != nullptr) known->skills_version = profile_.skills_version;
  }
  text += run.text;
  run.text = std::string{};
  const PromptImages images = std::exchange(run.images, nullptr);
  run.request = request("session/prompt", [&](JsonWriter& json) {
    json.member("sessionId", run.conversation);
    json.array("prompt", [&] {
      json.object([&] {
        json.member("type", "text");
        json.member("text", text);
      });
      if (images == nullptr) return;
      for (const PromptImage& image : *images) {
        json.object([&] {
          json.member("type", "image");
          json.member("mimeType", image.mime_type);
          json.member("data", image.base64);
        });
      }
    });
  });
}

void AcpProtocol::cancel(RunId id) {
  const auto run = std::ranges::find(runs_, id, &Run::id);
  if (odd_.faulted() || run == runs_.end() || run->cancelled) return;
  run->cancelled = true;
  // Only a sent prompt without a response can be cancelled; in other steps the run ends with the
  // next response or call back.
  if (run->step != Step::prompting) return;
  host_.write(message_of("session/cancel", 0,
                         [&](JsonWriter& json) { json.member("sessionId", run->conversation); }));
  asks_.withdraw(id);
}

AcpProtocol::Conversation* AcpProtocol::conversation(std::string_view id) {
  const auto found = std::ranges::find(conversations_, id, &Conversation::id);
  return found == conversations_.end() ? nullptr : &*found;
}

void AcpProtocol::know(std::string_view id, std::uint64_t skills_version) {
  if (conversation(id) != nullptr) return;
  if (conversations_.size() >= limits::kAgentConversationsMax) {
    conversations_.erase(conversations_.begin());
  }
  conversations_.push_back({.id = std::string(id), .skills_version = skills_version});
}

AcpProtocol::Run* AcpProtocol::run_of(std::string_view id) {
  const auto found = std::ranges::find_if(runs_, [id](const Run& run) {
    return (run.step == Step::prompting || run.step == Step::ending) && run.conversation == id;
  });
  return found == runs_.end() ? nullptr : &*found;
}

void AcpProtocol::on_message(const JsonNode& message, std::string_view text) {
  const std::string_view method = message.text("method");
  const bool answers = message["result"].there() || message["error"].there();
  // Some agents omit the version.
  const bool versioned = message["jsonrpc"].there() ? message.text("jsonrpc") == "2.0"
                                                    : answers || message["params"].there();
  if (!versioned) return on_unreadable(text);
  if (method.empty()) return on_response(message, text);
  // Requests that only a client sends: the program echoes its input.
  if (method == "initialize" || method == "session/new" || method == "session/load" ||
      method == "session/prompt" || method == "session/cancel") {
    return odd_.note("our own words", text);
  }
  if (message["id"].there()) return on_request(method, message);
  if (method == "session/update") return on_update(message["params"], text);
  odd_.skip(method);
}

// If this was the response that a run awaits, the run would wait for ever: it fails.
void AcpProtocol::on_unreadable(std::string_view text) {
  odd_.note("no message of JSON-RPC", text);
  if (odd_.faulted()) return;
  if (text.find("\"method\"") != text.npos) {
    // It was a request, so the agent waits for a response.
    if (const std::string id = id_in(text); !id.empty())
      asks_.refuse(id, kParseError, "Parse error");
    return;
  }
  const auto is_answer = [text](std::uint64_t id) {
    return id != 0 && names_value(text, "id", std::to_string(id));
  };
  if (is_answer(greeting_)) return odd_.fault("Its greeting cannot be read: " + odd_.last());
  const bool stops = text.find("\"stopReason\"") != text.npos && runs_.size() == 1;
  const auto run = std::ranges::find_if(runs_, [&](const Run& open) {
    return open.step != Step::waiting && open.step != Step::ending &&
           (is_answer(open.request) || (stops && open.step == Step::prompting));
  });
  if (run == runs_.end()) return;
  if (run->cancelled) return settle(*run);
  fail(*run, fb::RunErrorKind::unknown,
       fmt::format("The agent's answer cannot be read ({}).", odd_.last()));
}

std::unique_ptr<Protocol> make_acp_protocol(const AgentProfile& profile, ProtocolHost& host,
                                            RunEvents& events) {
  // Untrusted runs get no file access through the gateway.
  std::shared_ptr<FileAccess> files;
  if (profile.trust == fb::Trust::trusted) {
    files = make_workspace_files(profile.workspace, {profile.uid, profile.gid, profile.hidden});
  }
  return std::make_unique<AcpProtocol>(profile, host, events, std::move(files));
}

void AcpProtocol::on_response(const JsonNode& message, std::string_view text) {
  const std::uint64_t id = message["id"].our_id();
  const bool answers = message["result"].there() || message["error"].there();
  if (!answers) return on_unreadable(text);
  if (id == 0 || id >= next_request_) {
    return odd_.note("an answer to a question nobody asked", text);
  }
  if (id == greeting_) return on_greeting(message);
  const auto run = std::ranges::find(runs_, id, &Run::request);
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
  sees_ = result["agentCapabilities"]["promptCapabilities"].flag("image");
  const JsonNode info = result["agentInfo"];
  const std::string_view name = info.text("name");
  const std::string_view version = info.text("version");
  host_.ready(fmt::format("{}{}{}", name, name.empty() || version.empty() ? "" : " ", version));
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
    events_.bound(run.id, id);
  } else {
    host_.log("the agent's name of the conversation is too long: it cannot be gone on with later");
  }
  send_prompt(run, true);
}

void AcpProtocol::on_loaded(Run& run, const JsonNode& message) {
  if (!message["error"].there()) {
    know(run.conversation, profile_.skills_version);
    return run.cancelled ? settle(run) : send_prompt(run, false);
  }
  if (run.cancelled) return settle(run);
  host_.log(fmt::format("the agent does not go on with the conversation {}, which begins anew: {}",
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
  run.reply.stop_reason = result.text("stopReason");
  run.reply.input_tokens = result["usage"].number("inputTokens");
  run.reply.output_tokens = result["usage"].number("outputTokens");
  hold(run);
}

void AcpProtocol::stopped(Run& run) {
  if (run.cancelled) return settle(run);
  run.reply.text += run.pieces.rest();
  if (run.reply.stop_reason == "refusal") {
    return fail(run, fb::RunErrorKind::refusal,
                run.reply.text.empty() ? "The agent refused to answer this."
                                       : "The agent refused to answer this: " + run.reply.text);
  }
  if (run.reply.stop_reason == "cancelled") {
    return fail(run, fb::RunErrorKind::unknown,
                "The agent broke the answer off by itself. Send the message again.");
  }
  if (run.reply.stop_reason.empty()) {
    return fail(run, fb::RunErrorKind::unknown,
                "The agent ended the run without saying whether it is done.");
  }
  if (run.reply.text.empty() && !run.unread.empty()) {
    return fail(
        run, fb::RunErrorKind::unknown,
        fmt::format("The agent answered in a way that is not understood ({}).", run.unread));
  }
  if (run.reply.text.empty() && run.reply.stop_reason != "end_turn") {
    return fail(run, fb::RunErrorKind::unknown,
                fmt::format("The agent stopped before it answered ({}). Send the message again.",
                            cut_text(run.reply.stop_reason, 64)));
  }
  finish(run);
}

void AcpProtocol::finish(Run& run) {
  odd_.forgive();
  asks_.withdraw(run.id);
  close_turn(run);
  Run done = std::move(run);
  forget(done);
  if (done.reply.stop_reason == "end_turn") done.reply.stop_reason = "stop";
  events_.finished(done.id, done.reply.finished());
}

void AcpProtocol::fail(Run& run, fb::RunErrorKind kind, std::string_view message) {
  const RunId id = run.id;
  asks_.withdraw(id);
  close_turn(run);
  const std::string why(message);  // `message` may borrow from the run
  forget(run);
  events_.failed(id, kind, why);
}

void AcpProtocol::settle(Run& run) {
  const RunId id = run.id;
  asks_.withdraw(id);
  close_turn(run);
  forget(run);
  events_.settled(id);
}

void AcpProtocol::forget(const Run& gone) {
  const RunId id = gone.id;
  std::erase_if(runs_, [id](const Run& run) { return run.id == id; });
}

std::uint64_t AcpProtocol::call_back(std::uint64_t ms) {
  host_.call_back(next_token_, ms);
  return next_token_++;
}

std::uint64_t AcpProtocol::quiet_ms() const {
  if (late_) return limits::kLateUpdatesMs;
  return punctual_ ? 0 : kUnknownMs;
}

// The response came. Waits for late updates: longer if the answer looks unfinished.
void AcpProtocol::hold(Run& run) {
  run.step = Step::ending;
  const bool unfinished = !run.calls.empty() || (run.reply.text.empty() && !run.used_tools);
  run.held_ms = unfinished ? limits::kLateUpdatesMs : quiet_ms();
  run.token = call_back(run.held_ms);
}

void AcpProtocol::called_back(std::uint64_t token) {
  if (odd_.faulted()) return;
  for (Run& run : runs_) {
    if (run.step != Step::ending || run.token != token) continue;
    if (late_ && run.held_ms < limits::kLateUpdatesMs && !run.cancelled) {
      run.token = call_back(limits::kLateUpdatesMs - run.held_ms);
      run.held_ms = limits::kLateUpdatesMs;
      return;
    }
    return stopped(run);
  }
  for (Conversation& known : conversations_) {
    if (known.past_token == token) {
      known.past_token = 0;
      known.past.clear();
      return;
    }
    if (known.quiet_token == token) return let_in(known);
  }
}

// From now on updates belong to the next turn: sends the prompt that waits for this.
void AcpProtocol::let_in(Conversation& known) {
  known.quiet_token = 0;
  if (known.quiet_proves) punctual_ = !late_;
  const auto run = std::ranges::find_if(runs_, [&known](const Run& open) {
    return open.step == Step::waiting && open.conversation == known.id;
  });
  if (run == runs_.end()) return;
  if (run->cancelled) return settle(*run);
  send_prompt(*run, false);
}

// The run ends: late updates of it are dropped from now on, for a while by their ids.
void AcpProtocol::close_turn(const Run& run) {
  Conversation* known = conversation(run.conversation);
  if (known == nullptr || (run.step != Step::prompting && run.step != Step::ending)) return;
  const bool broken_off = run.cancelled || run.step == Step::prompting;
  std::uint64_t ms = late_ || !punctual_ ? limits::kLateUpdatesMs - run.held_ms : 0;
  // Punctual after complete answers need not mean punctual after cancelled or failed ones.
  if (broken_off && ms == 0 && !late_) ms = kUnknownMs;
  if (broken_off && !late_) ms = std::min(ms, kUnknownMs);
  known->quiet_proves = !broken_off;
  if (ms != 0) known->quiet_token = call_back(ms);
  if (ms == 0 && run.held_ms == limits::kLateUpdatesMs) punctual_ = !late_;
  if (run.ids.empty()) return;
  for (const std::string& id : run.ids)
    known->past.push_back(id);
  if (known->past.size() > kPastIdsMax) {
    known->past.erase(known->past.begin(), known->past.end() - kPastIdsMax);
  }
  known->past_token = call_back(limits::kLateUpdatesMs);
}

// The process ended, or a fault follows: runs that have their response are finished now.
void AcpProtocol::tell_ended() {
  for (;;) {
    const auto run = std::ranges::find(runs_, Step::ending, &Run::step);
    if (run == runs_.end()) return;
    stopped(*run);
  }
}

void AcpProtocol::ended(bool, std::string_view) {
  if (!odd_.faulted()) tell_ended();
  runs_.clear();
}

// Whether an update is of an earlier turn: by its id, or because no turn is open.
bool AcpProtocol::is_late(const Conversation* known, const Run* run, std::string_view id) const {
  if (run == nullptr) return true;
  return known != nullptr && !id.empty() && has(known->past, id) && !has(run->ids, id);
}

// REQUIRES: the update is a piece of an answer or about a tool.
void AcpProtocol::drop_late(Conversation* known, std::string_view kind, const JsonNode& update) {
  if (known == nullptr) return odd_.pass_over("an update of a conversation that was not opened");
  const bool loads = std::ranges::any_of(runs_, [known](const Run& run) {
    return run.step == Step::loading && run.conversation == known->id;
  });
  if (loads) return;  // session/load replays the history
  late_ = true;
  punctual_ = false;
  if (known->dropped++ != 0) return;
  const std::string said = update["content"].text("text").empty()
                               ? update.json()
                               : std::string(update["content"].text("text"));
  host_.log(
      fmt::format("it told of a turn that had ended, too late by more than {} ms, and that is "
                  "dropped ({}): {}",
                  quiet_ms(), kind, cut_text(said, 160)));
}

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
  // An update of a cancelled or abandoned prompt.
  if ((run != nullptr && run->cancelled) || (known != nullptr && known->stray_request != 0)) return;
  const std::string own_id = update.their_id(piece ? "messageId" : "toolCallId");
  if (is_late(known, run, own_id)) return drop_late(known, kind, update);
  if (run->step == Step::ending) late_ = true;
  constexpr std::size_t kIdsMax = 64;
  if (!own_id.empty() && run->ids.size() < kIdsMax && !has(run->ids, own_id)) {
    run->ids.push_back(own_id);
  }
  if (piece) return on_chunk(*run, update, text);
  on_tool(*run, update);
}

// Remembers the update: if the answer stays empty, the run fails because of it.
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
  if (run.reply.text.size() + piece.size() > limits::kTextBytesMax) {
    return give_up(run, "The agent wrote more than 8 MiB without an end, and was stopped.");
  }
  run.reply.text += piece;
  events_.delta(run.id, piece);
}

void AcpProtocol::on_tool(Run& run, const JsonNode& update) {
  const std::string call_id = update.their_id("toolCallId");
  if (call_id.empty()) return odd_.pass_over("a tool without toolCallId");
  run.used_tools = true;
  auto call = std::ranges::find(run.calls, call_id, &Call::id);
  const std::string_view status = update.text("status");
  const bool over = status == "completed" || status == "failed";
  if (call == run.calls.end()) {
    if (run.calls.size() >= limits::kAgentCallsOpenMax) {
      return give_up(run, "The agent had more than 1,024 tools in use at once, and was stopped.");
    }
    run.calls.push_back({std::string(call_id), kind_of(run, update)});
    call = std::prev(run.calls.end());
    const std::string arguments = update["rawInput"].json();
    events_.tool_called(run.id, {.call_id = call_id,
                                 .name = call->name,
                                 .title = update.text("title"),
                                 .arguments = arguments.empty() ? "{}" : arguments});
  }
  // A later update may name the tool's kind.
  if (const std::string kind = kind_of(run, update); kind != "other") call->name = kind;
  if (!over) return;
  const std::string name = std::move(call->name);
  run.calls.erase(call);
  const std::string result = result_of(update);
  events_.tool_returned(
      run.id, {.call_id = call_id, .name = name, .result = result, .is_error = status == "failed"});
}

void AcpProtocol::give_up(Run& run, std::string_view message) {
  const RunId id = run.id;
  if (Conversation* known = conversation(run.conversation)) known->stray_request = run.request;
  cancel(id);
  fail(*std::ranges::find(runs_, id, &Run::id), fb::RunErrorKind::unknown, message);
}

void AcpProtocol::on_request(std::string_view method, const JsonNode& message) {
  std::string id = message["id"].json();
  if (id.size() > kRequestIdBytesMax || message["id"].is_object() || message["id"].is_array()) {
    return odd_.note("a question with a strange id", method);
  }
  const JsonNode params = message["params"];
  if (method == "session/request_permission") {
    const Run* run = run_of(params.text("sessionId"));
    const bool asks = run != nullptr && run->step == Step::prompting && !run->cancelled;
    return asks_.permission(params, std::move(id), asks ? run->id : RunId{},
                            asks ? kind_of(*run, params["toolCall"]) : std::string{});
  }
  if (method == "fs/read_text_file" && asks_.has_files()) {
    return asks_.read_file(params, id);
  }
  if (method == "fs/write_text_file" && asks_.has_files()) {
    return asks_.write_file(params, id);
  }
  asks_.refuse(id, kMethodNotFound, fmt::format("\"Method not found\": {}", method.substr(0, 128)));
}

// The name by which policy rules match a tool. A permission request may omit the kind: then it is
// that of the tool call, and anything with a command line counts as a command, so that a rule for
// commands does not miss one.
std::string AcpProtocol::kind_of(const Run& run, const JsonNode& call) {
  std::string kind(call.text("kind"));
  const std::string call_id = call.their_id("toolCallId");
  const auto open = std::ranges::find(run.calls, call_id, &Call::id);
  if (kind.empty() && open != run.calls.end()) kind = open->name;
  const bool unnamed = kind.empty() || kind == "other";
  if (unnamed && call["rawInput"]["command"].there()) return "execute";
  return unnamed ? "other" : kind;
}

}  // namespace spine::agents
