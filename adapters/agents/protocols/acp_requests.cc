// AcpProtocol: what the agent asks (permissions, files of its workspace) and what it tells of a
// turn.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "adapters/agents/protocols/acp.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

constexpr int kMethodNotFound = -32'601;
constexpr int kInvalidParams = -32'602;
constexpr int kNotDone = -32'000;
constexpr std::size_t kRequestIdBytesMax = 256;
constexpr std::size_t kOptionsMax = 16;

fb::ApprovalDecision decision_of(std::string_view kind) {
  if (kind == "allow_once") return fb::ApprovalDecision::allow_once;
  if (kind == "allow_always") return fb::ApprovalDecision::allow_always;
  return fb::ApprovalDecision::deny;
}

// What the permission is about, for people: the command, the path, or all of it.
std::string detail_of(const JsonNode& call) {
  const JsonNode input = call["rawInput"];
  for (const std::string_view key : {"command", "path", "file_path", "url"}) {
    const JsonNode value = input[key];
    if (value.is_text() && !value.text().empty()) return std::string(value.text());
    if (value.is_array()) return value.json();
  }
  if (input.is_object() && input.json() != "{}") return input.json();
  std::string paths;
  call["locations"].each([&paths](const JsonNode& location) {
    paths.append(paths.empty() ? "" : ", ").append(location.text("path"));
  });
  return paths;
}

std::string response(const std::string& id, std::string_view result) {
  return json_object([&](JsonWriter& json) {
    json.member("jsonrpc", "2.0");
    json.member_raw("id", id);
    json.member_raw("result", result);
  });
}

std::string refusal(const std::string& id, int code, std::string_view message) {
  return json_object([&](JsonWriter& json) {
    json.member("jsonrpc", "2.0");
    json.member_raw("id", id);
    json.object("error", [&] {
      json.member("code", code);
      json.member("message", message);
    });
  });
}

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

void AcpProtocol::on_request(std::string_view method, const JsonNode& message) {
  std::string id = message["id"].json();
  if (id.size() > kRequestIdBytesMax || message["id"].is_object() || message["id"].is_array()) {
    return odd_.note("a question with a strange id", method);
  }
  const JsonNode params = message["params"];
  if (method == "session/request_permission") return on_permission(params, std::move(id));
  if (method == "fs/read_text_file" && files_) return on_read(params, id);
  if (method == "fs/write_text_file" && files_) return on_write(params, id);
  refuse(id, kMethodNotFound, fmt::format("\"Method not found\": {}", method.substr(0, 128)));
}

// What rules name a tool by. A question need not say it: then it is what was said when the tool was
// called, and what has a command line is a command. A rule for commands must not miss one because
// nobody called it so.
std::string AcpProtocol::kind_of(const Run& run, const JsonNode& call) {
  std::string kind(call.text("kind"));
  const std::string call_id = call.their_id("toolCallId");
  const auto open = std::find_if(run.calls.begin(), run.calls.end(),
                                 [&call_id](const Call& known) { return known.id == call_id; });
  if (kind.empty() && open != run.calls.end()) kind = open->name;
  const bool unnamed = kind.empty() || kind == "other";
  if (unnamed && call["rawInput"]["command"].there()) return "execute";
  return unnamed ? "other" : kind;
}

void AcpProtocol::on_permission(const JsonNode& params, std::string id) {
  const Run* run = run_of(params.text("sessionId"));
  const JsonNode call = params["toolCall"];
  Ask ask{.number = next_ask_, .request = std::move(id)};
  Permission permission{.ask = ask.number, .kind = fb::ApprovalKind::exec};
  const std::string_view title = call.text("title");
  params["options"].each([&](const JsonNode& option) {
    const std::string_view option_id = option.text("optionId");
    if (option_id.empty() || permission.options.size() >= kOptionsMax) return;
    const fb::ApprovalDecision decision = decision_of(option.text("kind"));
    // Nobody can tell what would be allowed for ever.
    if (decision == fb::ApprovalDecision::allow_always && title.empty()) return;
    permission.options.push_back({option_id, option.text("name"), decision});
    // A lasting no is nobody's to give: it would be the agent's to remember.
    if (option.text("kind") == "reject_always") return;
    ask.options.push_back({std::string(option_id), decision});
  });
  if (run == nullptr || run->step != Step::prompting || run->cancelled ||
      asks_.size() >= limits::kAgentAsksMax) {
    return answer_cancelled(ask.request);
  }
  ++next_ask_;
  ask.run = run->id;
  std::string detail = detail_of(call);
  // What is allowed for ever is remembered by tool and detail.
  if (detail.empty()) detail = title;
  const std::string kind = kind_of(*run, call);
  permission.tool = kind;
  permission.title = title;
  permission.detail = detail;
  permission.cwd = profile_.workspace;
  const RunId asking = run->id;
  asks_.push_back(std::move(ask));
  sink_.asked(asking, permission);
}

void AcpProtocol::answer(std::uint64_t number, fb::ApprovalDecision decision) {
  const auto found = std::find_if(asks_.begin(), asks_.end(),
                                  [number](const Ask& ask) { return ask.number == number; });
  if (odd_.faulted() || found == asks_.end()) return;
  const Ask ask = std::move(*found);
  asks_.erase(found);
  const auto option_for = [&ask](fb::ApprovalDecision wanted) {
    const auto option = std::find_if(ask.options.begin(), ask.options.end(),
                                     [wanted](const Option& o) { return o.decision == wanted; });
    return option == ask.options.end() ? nullptr : &*option;
  };
  const bool allows = decision == fb::ApprovalDecision::allow_once ||
                      decision == fb::ApprovalDecision::allow_always;
  const Option* option = option_for(allows ? decision : fb::ApprovalDecision::deny);
  // Leave for ever is given for this once when that is all there is; never the other way round.
  if (decision == fb::ApprovalDecision::allow_always && option == nullptr) {
    option = option_for(fb::ApprovalDecision::allow_once);
  }
  if (option == nullptr) return answer_cancelled(ask.request);
  respond(ask.request, json_object([&](JsonWriter& json) {
            json.object("outcome", [&] {
              json.member("outcome", "selected");
              json.member("optionId", option->id);
            });
          }));
}

void AcpProtocol::on_read(const JsonNode& params, const std::string& id) {
  const JsonNode path = params["path"];
  if (!path.is_text()) return refuse(id, kInvalidParams, "path must be a string");
  const auto work = [files = files_, id, path = std::string(path.text()),
                     line = params.number("line"), limit = params.number("limit")] {
    const Result<std::string> content = files->read(path, line, limit);
    if (!content) return refusal(id, kNotDone, content.error().message);
    std::string answer =
        response(id, json_object([&](JsonWriter& json) { json.member("content", *content); }));
    if (answer.size() <= limits::kAgentInputBytesMax / 2) return answer;
    return refusal(id, kNotDone, path + " is too large once it is written as JSON.");
  };
  sink_.do_apart(work, path.text().size());
}

void AcpProtocol::on_write(const JsonNode& params, const std::string& id) {
  const JsonNode path = params["path"];
  const JsonNode content = params["content"];
  if (!path.is_text() || !content.is_text()) {
    return refuse(id, kInvalidParams, "path and content must be strings");
  }
  const auto work = [files = files_, id, path = std::string(path.text()),
                     content = std::string(content.text())] {
    const Status written = files->write(path, content);
    return written ? response(id, "null") : refusal(id, kNotDone, written.error().message);
  };
  sink_.do_apart(work, path.text().size() + content.text().size());
}

void AcpProtocol::respond(const std::string& id, std::string_view result) {
  sink_.write(response(id, result));
}

void AcpProtocol::refuse(const std::string& id, int code, std::string_view message) {
  sink_.write(refusal(id, code, message));
}

void AcpProtocol::answer_cancelled(const std::string& id) {
  respond(id, R"({"outcome":{"outcome":"cancelled"}})");
}

void AcpProtocol::withdraw_asks(RunId run) {
  std::vector<Ask> gone;
  for (Ask& ask : asks_) {
    if (ask.run == run) gone.push_back(std::move(ask));
  }
  std::erase_if(asks_, [run](const Ask& ask) { return ask.run == run; });
  for (const Ask& ask : gone) {
    answer_cancelled(ask.request);
    sink_.withdrawn(run, ask.number);
  }
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
