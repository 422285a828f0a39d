// Responses in JSON-RPC; files are read and written on another thread.
#include "adapters/agents/protocols/acp_asks.h"

#include <algorithm>

#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

constexpr int kInvalidParams = -32'602;
constexpr int kNotDone = -32'000;
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

}  // namespace

void AcpAsks::permission(const JsonNode& params, std::string id, RunId run, std::string_view tool) {
  const JsonNode call = params["toolCall"];
  Ask ask{.number = next_ask_, .request = std::move(id)};
  Permission permission{.ask = ask.number, .kind = fb::ApprovalKind::exec};
  const std::string_view title = call.text("title");
  params["options"].each([&](const JsonNode& option) {
    const std::string_view option_id = option.text("optionId");
    if (option_id.empty() || permission.options.size() >= kOptionsMax) return;
    const fb::ApprovalDecision decision = decision_of(option.text("kind"));
    // Without a title a user cannot tell what would be allowed for ever.
    if (decision == fb::ApprovalDecision::allow_always && title.empty()) return;
    permission.options.push_back({option_id, option.text("name"), decision});
    // reject_always is never chosen: the agent would remember it, outside of the gateway's control.
    if (option.text("kind") == "reject_always") return;
    ask.options.push_back({std::string(option_id), decision});
  });
  if (!run || asks_.size() >= limits::kAgentAsksMax) return cancelled(ask.request);
  ++next_ask_;
  ask.run = run;
  std::string detail = detail_of(call);
  // A lasting permission is stored by tool and detail, so the detail must not be empty.
  if (detail.empty()) detail = title;
  permission.tool = tool;
  permission.title = title;
  permission.detail = detail;
  permission.cwd = profile_.workspace;
  asks_.push_back(std::move(ask));
  events_.asked(run, permission);
}

void AcpAsks::answer(std::uint64_t number, fb::ApprovalDecision decision) {
  const auto found = std::ranges::find(asks_, number, &Ask::number);
  if (found == asks_.end()) return;
  const Ask ask = std::move(*found);
  asks_.erase(found);
  const auto option_for = [&ask](fb::ApprovalDecision wanted) {
    const auto option = std::ranges::find(ask.options, wanted, &Option::decision);
    return option == ask.options.end() ? nullptr : &*option;
  };
  const bool allows = decision == fb::ApprovalDecision::allow_once ||
                      decision == fb::ApprovalDecision::allow_always;
  const Option* option = option_for(allows ? decision : fb::ApprovalDecision::deny);
  // allow_always falls back to allow_once if that is the only option; never the other way round.
  if (decision == fb::ApprovalDecision::allow_always && option == nullptr) {
    option = option_for(fb::ApprovalDecision::allow_once);
  }
  if (option == nullptr) return cancelled(ask.request);
  host_.write(response(ask.request, json_object([&](JsonWriter& json) {
                         json.object("outcome", [&] {
                           json.member("outcome", "selected");
                           json.member("optionId", option->id);
                         });
                       })));
}

void AcpAsks::read_file(const JsonNode& params, const std::string& id) {
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
  host_.run_on_file_thread(work, path.text().size());
}

void AcpAsks::write_file(const JsonNode& params, const std::string& id) {
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
  host_.run_on_file_thread(work, path.text().size() + content.text().size());
}

void AcpAsks::refuse(const std::string& id, int code, std::string_view message) {
  host_.write(refusal(id, code, message));
}

void AcpAsks::cancelled(const std::string& id) {
  host_.write(response(id, R"({"outcome":{"outcome":"cancelled"}})"));
}

void AcpAsks::withdraw(RunId run) {
  const auto is_of = [run](const Ask& ask) { return ask.run == run; };
  for (const Ask& ask : asks_) {
    if (is_of(ask)) cancelled(ask.request);
  }
  std::erase_if(asks_, is_of);
}

}  // namespace spine::agents
