// What an agent of the Agent Client Protocol is asked, up to the prompt.
#include "adapters/agents/protocols/acp.h"

#include <algorithm>
#include <fmt/format.h>

#include "adapters/agents/protocols/plain_prompt.h"
#include "adapters/agents/protocols/skills_block.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

constexpr int kParseError = -32'700;

}  // namespace

std::vector<std::string> AcpProtocol::command_line(std::string_view command,
                                                   const ProtocolPrompt*) const {
  std::vector<std::string> line{std::string(command)};
  line.insert(line.end(), profile_.args.begin(), profile_.args.end());
  return line;
}

namespace {

// A message with the method's parameters, which `params` writes. Without a number it is a
// notification.
template <class Params>
std::string message_of(std::string_view method, std::uint64_t number, Params params) {
  return json_object([&](JsonWriter& json) {
    json.member("jsonrpc", "2.0");
    if (number != 0) json.member("id", number);
    json.member("method", method);
    json.object("params", [&] { params(json); });
  });
}

}  // namespace

template <class Params>
std::uint64_t AcpProtocol::request(std::string_view method, Params params) {
  sink_.write(message_of(method, next_request_, params));
  return next_request_++;
}

void AcpProtocol::begin() {
  greeting_ = request("initialize", [&](JsonWriter& json) {
    json.member("protocolVersion", 1);
    json.object("clientCapabilities", [&] {
      json.object("fs", [&] {
        json.member("readTextFile", files_ != nullptr);
        json.member("writeTextFile", files_ != nullptr);
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
    sink_.log("the Agent Client Protocol has no way to wish for a model: the agent uses its own");
  }
  Run& run = runs_.emplace_back();
  run.id = prompt.run;
  run.text = plain_prompt(profile_, prompt.text);
  run.conversation = prompt.agent_session;
  if (run.conversation.empty()) return open(run);
  if (const Conversation* known = conversation(run.conversation)) {
    if (known->quiet_token == 0) return send_prompt(run, false);
    run.step = Step::waiting;
    return;
  }
  if (loads_) return load(run);
  sink_.log(fmt::format("the agent cannot go on with the conversation {}, which begins anew",
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
  run.request = request("session/prompt", [&](JsonWriter& json) {
    json.member("sessionId", run.conversation);
    json.array("prompt", [&] {
      json.object([&] {
        json.member("type", "text");
        json.member("text", text);
      });
    });
  });
}

void AcpProtocol::cancel(RunId id) {
  const auto run =
      std::find_if(runs_.begin(), runs_.end(), [id](const Run& open) { return open.id == id; });
  if (odd_.faulted() || run == runs_.end() || run->cancelled) return;
  run->cancelled = true;
  // Before the prompt there is nothing to cancel: the next response is waited for. Neither is there
  // after its response.
  if (run->step != Step::prompting) return;
  sink_.write(message_of("session/cancel", 0,
                         [&](JsonWriter& json) { json.member("sessionId", run->conversation); }));
  withdraw_asks(id);
}

AcpProtocol::Conversation* AcpProtocol::conversation(std::string_view id) {
  const auto found = std::find_if(conversations_.begin(), conversations_.end(),
                                  [id](const Conversation& known) { return known.id == id; });
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
  const auto found = std::find_if(runs_.begin(), runs_.end(), [id](const Run& run) {
    return (run.step == Step::prompting || run.step == Step::ending) && run.conversation == id;
  });
  return found == runs_.end() ? nullptr : &*found;
}

void AcpProtocol::line(std::string_view text) {
  if (odd_.faulted() || text.empty()) return;
  const LineRead read = in_.read(text, [this, text](const JsonNode& message) {
    if (!odd_.faulted()) on_message(message, text);
  });
  if (read == LineRead::mended) odd_.mended(text);
  if (read == LineRead::unreadable) on_unreadable(text);
}

void AcpProtocol::on_message(const JsonNode& message, std::string_view text) {
  const std::string_view method = message.text("method");
  const bool answers = message["result"].there() || message["error"].there();
  // Some leave the version away.
  const bool versioned = message["jsonrpc"].there() ? message.text("jsonrpc") == "2.0"
                                                    : answers || message["params"].there();
  if (!versioned) return on_unreadable(text);
  if (method.empty()) return on_response(message, text);
  // What is asked of agents comes back from one that repeats what it reads.
  if (method == "initialize" || method == "session/new" || method == "session/load" ||
      method == "session/prompt" || method == "session/cancel") {
    return odd_.note("our own words", text);
  }
  if (message["id"].there()) return on_request(method, message);
  if (method == "session/update") return on_update(message["params"], text);
  odd_.skip(method);
}

// A run whose response this was would wait for it in vain.
void AcpProtocol::on_unreadable(std::string_view text) {
  odd_.note("no message of JSON-RPC", text);
  if (odd_.faulted()) return;
  if (text.find("\"method\"") != text.npos) {
    // Whoever asks waits for the answer.
    if (const std::string id = id_in(text); !id.empty()) refuse(id, kParseError, "Parse error");
    return;
  }
  const auto is_answer = [text](std::uint64_t id) {
    return id != 0 && names_value(text, "id", std::to_string(id));
  };
  if (is_answer(greeting_)) return odd_.fault("Its greeting cannot be read: " + odd_.last());
  const bool stops = text.find("\"stopReason\"") != text.npos && runs_.size() == 1;
  const auto run = std::find_if(runs_.begin(), runs_.end(), [&](const Run& open) {
    return open.step != Step::waiting && open.step != Step::ending &&
           (is_answer(open.request) || (stops && open.step == Step::prompting));
  });
  if (run == runs_.end()) return;
  if (run->cancelled) return settle(*run);
  fail(*run, fb::RunErrorKind::unknown,
       fmt::format("The agent's answer cannot be read ({}).", odd_.last()));
}

std::unique_ptr<Protocol> make_acp_protocol(const AgentProfile& profile, ProtocolSink& sink) {
  // What was written by strangers moves no hand of the gateway's.
  std::shared_ptr<FileAccess> files;
  if (profile.trust == fb::Trust::trusted) {
    files = make_workspace_files(profile.workspace, {profile.uid, profile.gid, profile.hidden});
  }
  return std::make_unique<AcpProtocol>(profile, sink, std::move(files));
}

}  // namespace spine::agents
