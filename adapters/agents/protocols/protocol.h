// Protocol: the messages to one process of an agent, and the interpretation of its output.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/answers.h"
#include "engine/config/settings/agent_config.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/vocab/ids.h"

#include "event_generated.h"

namespace spine::agents {

// A skill an agent is given.
struct SkillHandOver {
  std::string name{};
  std::string description{};
  std::string directory{};     // absolute, as the agent sees it
  bool model_invocable{true};  // false: only the user may invoke it, by name
};

// What a protocol knows about the agent it speaks to. Outlives the protocol.
struct AgentProfile {
  std::string agent_id{};
  std::string workspace{};  // absolute; its working directory, and all it may read and write
  std::string data_dir{};   // absolute; the agent's own: conversations, caches. Writable
  std::string model{};      // "provider/model"; empty = the agent's own choice
  std::string preset{};     // jsonl
  std::vector<std::string> args{};             // configured ones
  fb::Trust trust{};                           // trust of the runs of this process
  std::vector<std::string> untrusted_tools{};  // all it may use when trust is untrusted
  std::vector<std::string> denied{};           // AgentConfig::deny; core::match_tool reads it
  std::vector<SkillHandOver> skills{};
  std::uint64_t skills_version{};
  std::uint32_t uid{};  // user its processes run as; 0 = the owner of the workspace
  std::uint32_t gid{};
  std::vector<std::string> hidden{};  // absolute; files of the gateway that are refused
};

// An image of a prompt.
struct PromptImage {
  std::string mime_type{};  // "image/png"
  std::string base64{};
};
using PromptImages = std::shared_ptr<const std::vector<PromptImage>>;

// A prompt. Texts are borrowed for the call.
struct ProtocolPrompt {
  RunId run{};
  std::string_view agent_session{};   // the agent's own name of the conversation; empty = a new one
  std::string_view model{};           // wished for; empty = the agent's own
  std::string_view thinking_level{};  // the same
  std::string_view text{};            // names every file that came with it, and where it lies
  PromptImages images{};  // those of the files that an agent may be shown; null = there are none
};

struct ToolCall {
  std::string_view call_id{};
  std::string_view name{};
  std::string_view title{};      // may be empty
  std::string_view arguments{};  // JSON
};
struct ToolResult {
  std::string_view call_id{};
  std::string_view name{};
  std::string_view result{};  // text or JSON
  bool is_error{};
};

struct PermissionOption {
  std::string_view id{};
  std::string_view name{};
  fb::ApprovalDecision decision{};  // deny, allow_once or allow_always
};
struct Permission {
  std::uint64_t ask{};  // the protocol's own number of the question, for answer()
  fb::ApprovalKind kind{};
  std::string_view tool{};  // the name rules match: "bash", "edit", "execute"
  std::string_view title{};
  std::string_view detail{};
  std::string_view cwd{};
  std::vector<PermissionOption> options{};
};

// An answer, as far as it has come.
struct Reply {
  std::string text{};
  std::string stop_reason{"stop"};
  std::string provider{};
  std::string model{};
  std::uint64_t input_tokens{};
  std::uint64_t output_tokens{};

  // Borrows from here.
  Finished finished() const {
    return {.text = text,
            .stop_reason = stop_reason,
            .provider = provider,
            .model = model,
            .input_tokens = input_tokens,
            .output_tokens = output_tokens};
  }
};

// Reports about runs. Texts are borrowed for the call. Each run gets exactly one finished() or
// failed(), or after cancel() one settled(), unless a fault is found or the process ends before.
// Called only from within calls to a protocol.
class RunEvents {
 public:
  virtual ~RunEvents() = default;
  virtual void bound(RunId run, std::string_view agent_session) = 0;
  virtual void delta(RunId run, std::string_view piece) = 0;
  virtual void tool_called(RunId run, const ToolCall& call) = 0;
  virtual void tool_returned(RunId run, const ToolResult& result) = 0;
  virtual void asked(RunId run, const Permission& permission) = 0;  // open until the run ends
  virtual void steered(RunId queued, RunId into) = 0;               // the message was accepted
  virtual void finished(RunId run, const Finished& answer) = 0;
  virtual void failed(RunId run, fb::RunErrorKind kind, std::string_view message) = 0;
  virtual void settled(RunId run) = 0;  // a cancelled run is over: its session is free
};

// The process a protocol is spoken with. Called only from within calls to the protocol.
class ProtocolHost {
 public:
  virtual ~ProtocolHost() = default;
  virtual void write(std::string_view line) = 0;  // one line to its input; LF is added
  virtual void close_input() = 0;                 // nothing more will be written
  virtual void ready(std::string_view version) = 0;
  // Calls called_back(token) after that many milliseconds, unless the process has ended by then.
  virtual void call_back(std::uint64_t token, std::uint64_t ms) = 0;
  // Runs `work` on another thread and writes the line that it returns, in the order of the calls.
  // For file access, which would block all sessions on this thread. While too much is queued, the
  // agent's output is not read. `bytes`: memory that `work` holds.
  virtual void run_on_file_thread(std::function<std::string()> work, std::size_t bytes) = 0;
  // Its output breaks the protocol, so nothing further is trusted: the process is to be ended. At
  // most once; nothing is reported afterwards.
  virtual void fault(std::string_view why) = 0;
  virtual void log(std::string_view text) = 0;  // for the log only; has no other effect
};

struct ProtocolTraits {
  bool one_shot{};                    // a process works on one prompt and ends
  std::uint32_t sessions_at_once{1};  // runs of different sessions a process works on together
  bool steers{};
  bool skills_at_start{};  // skills are passed at the start of a process; else with a prompt
  bool sees_images{};      // some agents that speak it take the images of a prompt
};

// One per process. Pure: no I/O, clock or thread of its own.
class Protocol {
 public:
  virtual ~Protocol() = default;
  // Program and arguments, before what the sandbox puts in front. `first` is the prompt a one-shot
  // process is started for, null otherwise.
  virtual std::vector<std::string> command_line(std::string_view command,
                                                const ProtocolPrompt* first) const = 0;
  // The process was started: begins the handshake. Without one, ready() is reported at once.
  virtual void begin() = 0;
  // REQUIRES: ready was reported, fewer than sessions_at_once runs are open, none of this session.
  virtual void prompt(const ProtocolPrompt& prompt) = 0;
  // REQUIRES: traits.steers. Nothing is reported if the agent does not accept the message.
  virtual void steer(RunId, RunId, std::string_view) {}
  virtual void cancel(RunId run) = 0;
  virtual void answer(std::uint64_t, fb::ApprovalDecision) {}
  // One line of its output, without the LF. Untrusted: it may be anything.
  virtual void line(std::string_view text) = 0;
  virtual void called_back(std::uint64_t) {}
  // Its output has ended. Answers that are complete are reported here at the latest. An unfinished
  // one-shot run finishes or fails; `why`: how the process ended, in words. Not called if a
  // one-shot process crashed within its run, as that may be retried.
  virtual void ended(bool clean_exit, std::string_view why) = 0;
  // The error it reported before it ended; empty = none.
  virtual std::string trouble() const { return {}; }
  // The last line that was no valid message; empty = none since the last answer. Some programs
  // write there why they exit.
  virtual std::string odd_line() const { return {}; }
  // Whether another process of the agent can resume a conversation. REQUIRES: ready.
  virtual bool conversations_move() const { return true; }
};

// One protocol, or one of its dialects: a row of the table in protocol.cc.
struct ProtocolKind {
  config::Driver driver{};
  std::string_view preset{};  // of jsonl: its name; empty = any other preset
  ProtocolTraits traits{};
  // The arguments outlive the protocol.
  std::unique_ptr<Protocol> (*make)(const AgentProfile& profile, ProtocolHost& host,
                                    RunEvents& events){};
};
// REQUIRES: the driver is an external program.
const ProtocolKind& protocol_kind(config::Driver driver, std::string_view preset = {});

// The kind of failure by the words of its text: rate limits, context lengths, refusals, time-outs.
fb::RunErrorKind classify_error(std::string_view text);

// `text` as it is sent to an agent. Programs take a prompt that begins with "/" for one of their
// commands, and with "!" for a shell command. Untrusted senders must not give commands: their texts
// that begin so, blanks aside, get "Message: " in front.
std::string plain_prompt(const AgentProfile& profile, std::string_view text);

// The skills of an agent as text before a prompt: an <available_skills> block with an explanation,
// ending in an empty line; empty without skills.
std::string skills_block(const std::vector<SkillHandOver>& skills);

}  // namespace spine::agents
