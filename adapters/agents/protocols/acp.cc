// What an agent of the Agent Client Protocol is asked, up to the prompt.
#include "adapters/agents/protocols/acp.h"

#include <algorithm>
#include <fmt/format.h>

#include "adapters/agents/protocols/plain_prompt.h"
#include "adapters/agents/protocols/skills_block.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {

std::vector<std::string> AcpProtocol::command_line(std::string_view command,
                                                   const ProtocolPrompt*) const {
  std::vector<std::string> line{std::string(command)};
  line.insert(line.end(), profile_.args.begin(), profile_.args.end());
  return line;
}

// `params` is the content of the member of that name.
std::uint64_t AcpProtocol::request(std::string_view method, JsonOut& params) {
  JsonOut out;
  out.text("jsonrpc", "2.0").number("id", next_request_).text("method", method);
  sink_.write(out.raw("params", params.line()).line());
  return next_request_++;
}

void AcpProtocol::begin() {
  JsonOut params;
  params.number("protocolVersion", 1).object("clientCapabilities").object("fs");
  params.flag("readTextFile", files_ != nullptr).flag("writeTextFile", files_ != nullptr);
  params.end_object().flag("terminal", false).end_object();
  params.object("clientInfo").text("name", "spine").text("title", "Spine").text("version", "1");
  params.end_object();
  greeting_ = request("initialize", params);
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
  if (conversation(run.conversation) != nullptr) return send_prompt(run, false);
  if (loads_) return load(run);
  sink_.log(fmt::format("the agent cannot go on with the conversation {}, which begins anew",
                        run.conversation));
  open(run);
}

void AcpProtocol::open(Run& run) {
  run.step = Step::opening;
  run.conversation.clear();
  JsonOut params;
  params.text("cwd", profile_.workspace).array("mcpServers").end_array();
  run.request = request("session/new", params);
}

void AcpProtocol::load(Run& run) {
  run.step = Step::loading;
  JsonOut params;
  params.text("sessionId", run.conversation).text("cwd", profile_.workspace);
  params.array("mcpServers").end_array();
  run.request = request("session/load", params);
}

void AcpProtocol::send_prompt(Run& run, bool first) {
  run.step = Step::prompting;
  std::string text;
  Conversation* known = conversation(run.conversation);
  if (first || (known != nullptr && known->skills_version != profile_.skills_version)) {
    text = skills_block(profile_.skills);
    if (known != nullptr) known->skills_version = profile_.skills_version;
  }
  text += run.text;
  run.text = std::string{};
  JsonOut params;
  params.text("sessionId", run.conversation).array("prompt").object();
  params.text("type", "text").text("text", text).end_object().end_array();
  run.request = request("session/prompt", params);
}

void AcpProtocol::cancel(RunId id) {
  const auto run =
      std::find_if(runs_.begin(), runs_.end(), [id](const Run& open) { return open.id == id; });
  if (odd_.faulted() || run == runs_.end() || run->cancelled) return;
  run->cancelled = true;
  // Before the prompt there is nothing to cancel: the next response is waited for.
  if (run->step != Step::prompting) return;
  JsonOut params;
  params.text("sessionId", run->conversation);
  JsonOut out;
  out.text("jsonrpc", "2.0").text("method", "session/cancel");
  sink_.write(out.raw("params", params.line()).line());
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
    return run.step == Step::prompting && run.conversation == id;
  });
  return found == runs_.end() ? nullptr : &*found;
}

void AcpProtocol::line(std::string_view text) {
  if (odd_.faulted() || text.empty()) return;
  const JsonNode message = in_.read_object(text);
  const std::string_view method = message.text("method");
  if (message.text("jsonrpc") != "2.0") return odd_.note("no message of JSON-RPC", text);
  if (method.empty()) return on_response(message, text);
  if (message["id"].there()) return on_request(method, message);
  if (method == "session/update") return on_update(message["params"], text);
  odd_.skip(method);
}

std::unique_ptr<Protocol> make_acp_protocol(const AgentProfile& profile, ProtocolSink& sink) {
  // What was written by strangers moves no hand of the gateway's.
  std::unique_ptr<FileAccess> files;
  if (profile.trust == fb::Trust::trusted) {
    files = make_workspace_files(profile.workspace, {profile.uid, profile.gid, profile.hidden});
  }
  return std::make_unique<AcpProtocol>(profile, sink, std::move(files));
}

}  // namespace spine::agents
