// What Pi is told: its command line, and the commands of a run up to the prompt.
#include "adapters/agents/protocols/pi.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "adapters/agents/protocols/plain_prompt.h"
#include "engine/core/agent_rules.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

std::string comma_separated(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words)
    joined.append(joined.empty() ? "" : ",").append(word);
  return joined;
}

// The tools Pi has without extensions: entries such as "b*" mean those of them that fit.
constexpr std::array<std::string_view, 7> kOwnTools{"read", "bash", "edit", "write",
                                                    "grep", "find", "ls"};

// The names in a list of denied tools: those that are taken back ("!read"), or the others.
std::vector<std::string> names_in(const std::vector<std::string>& denied, bool taken_back) {
  std::vector<std::string> names;
  for (const std::string& entry : denied) {
    if (entry.starts_with('!') != taken_back || entry == "*") continue;
    std::string name = entry.substr(taken_back ? 1 : 0);
    // Pi compares names letter by letter, rules do not.
    for (const std::string_view tool : kOwnTools) {
      if (core::match_tool({name}, tool).holds() && name != tool) names.emplace_back(tool);
    }
    if (!name.ends_with('*')) names.push_back(std::move(name));
  }
  return names;
}

// The name of a conversation is the name of a file and no path.
bool is_file_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
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

// Pi uses what it has without asking: what it is not to use, it does not get. Of its options the
// last counts, so these stand behind the configured ones, and with them.
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
      line.insert(line.end(), {"--tools", comma_separated(tools)});
    }
  }
  std::vector<std::string> without = names_in(denied, false);
  if (without.empty()) return;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    if (line[i] == "--exclude-tools" || line[i] == "-xt") without.push_back(line[i + 1]);
  }
  line.insert(line.end(), {"--exclude-tools", comma_separated(without)});
}

// A command with the members that `write` writes.
template <class Write>
void PiProtocol::send(std::string_view type, Write write) {
  sink_.write(json_object([&](JsonWriter& json) {
    json.member("id", std::to_string(next_id_));
    json.member("type", type);
    write(json);
  }));
  ++next_id_;
}

// A command whose response is the next step.
template <class Write>
void PiProtocol::await(Step step, std::string_view type, Write write) {
  step_ = step;
  awaited_command_ = type;
  awaited_id_ = next_id_;
  send(type, write);
}

void PiProtocol::send(std::string_view type) {
  send(type, [](JsonWriter&) {});
}

void PiProtocol::await(Step step, std::string_view type) {
  await(step, type, [](JsonWriter&) {});
}

void PiProtocol::begin() {
  await(Step::greeting, "get_state");
}

void PiProtocol::prompt(const ProtocolPrompt& prompt) {
  if (odd_.faulted()) return;
  run_.emplace();
  run_->id = prompt.run;
  run_->text = plain_prompt(profile_, prompt.text);
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
  if (wanted.empty()) return open_new_session();
  if (!is_file_name(wanted)) {
    sink_.log(
        fmt::format("\"{}\" is no name of a conversation of Pi: beginning a new one", wanted));
    return open_new_session();
  }
  await(Step::switching, "switch_session", [&](JsonWriter& json) {
    json.member("sessionPath", fmt::format("{}/sessions/{}", profile_.data_dir, wanted));
  });
}

void PiProtocol::open_new_session() {
  await(Step::opening, "new_session");
}

void PiProtocol::look() {
  await(Step::looking, "get_state");
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
  await(Step::prompting, "prompt", [&](JsonWriter& json) { json.member("message", text); });
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
  // Before it is accepted there is nothing to abort: the next response is waited for.
  if (run_->accepted) send_abort();
}

void PiProtocol::send_abort() {
  if (run_->abort_id != 0) return;
  clear_queue();
  run_->abort_id = next_id_;
  send("abort");
}

void PiProtocol::clear_queue() {
  send("clear_queue");
}

void PiProtocol::confirm() {
  run_->confirm_id = next_id_;
  send("get_state");
}

void PiProtocol::line(std::string_view text) {
  if (odd_.faulted() || text.empty()) return;
  const LineRead read = in_.read(text, [this, text](const JsonNode& object) {
    if (!odd_.faulted()) on_message(object, text);
  });
  if (read == LineRead::mended) odd_.mended(text);
  if (read == LineRead::unreadable) on_unreadable(text);
}

void PiProtocol::on_message(const JsonNode& object, std::string_view text) {
  const std::string_view type = object.text("type");
  if (type.empty()) return odd_.note("no message of Pi", text);
  if (type == "response") return on_response(object, text);
  if (type == "extension_ui_request") return on_ask(object);
  on_event(type, object);
}

std::unique_ptr<Protocol> make_pi_protocol(const AgentProfile& profile, ProtocolSink& sink) {
  return std::make_unique<PiProtocol>(profile, sink);
}

}  // namespace spine::agents
