// Protocol: what is said to one process of an agent, and what is understood of what it writes.
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
  bool model_invocable{true};  // else only by name, by the user
};

// What a protocol knows about the agent it speaks to. Outlives the protocol.
struct AgentProfile {
  std::string agent_id{};
  std::string workspace{};  // absolute; its working directory, and all it may read and write
  std::string data_dir{};   // absolute; the agent's own: conversations, caches. Writable
  std::string model{};      // "provider/model"; empty = the agent's own choice
  std::string preset{};     // jsonl
  std::vector<std::string> args{};             // configured ones
  fb::Trust trust{};                           // whose runs this process works on
  std::vector<std::string> untrusted_tools{};  // all it may use when trust is untrusted
  std::vector<std::string> denied{};           // AgentConfig::deny; core::match_tool reads it
  std::vector<SkillHandOver> skills{};
  std::uint64_t skills_version{};
  std::uint32_t uid{};  // whom its processes run as; 0 = whoever owns the workspace
  std::uint32_t gid{};
  std::vector<std::string> hidden{};  // absolute; files of the gateway's it never gets
};

// A prompt as a protocol gets it: its run, session, conversation, wishes and text. Borrowed for the
// call.
using ProtocolPrompt = pipeline::PromptItem;

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
  std::string_view tool{};  // what rules name: "bash", "edit", "execute"
  std::string_view title{};
  std::string_view detail{};
  std::string_view cwd{};
  std::vector<PermissionOption> options{};
};

// An answer as far as it is known.
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

// What is told of runs. Texts are borrowed for the call. Of one run exactly one finished() or
// failed() comes, unless the protocol has found a fault or its process ends first; after cancel() a
// settled() instead. Called only from within calls to a protocol.
class RunEvents {
 public:
  virtual ~RunEvents() = default;
  virtual void bound(RunId run, std::string_view agent_session) = 0;
  virtual void delta(RunId run, std::string_view piece) = 0;
  virtual void tool_called(RunId run, const ToolCall& call) = 0;
  virtual void tool_returned(RunId run, const ToolResult& result) = 0;
  virtual void asked(RunId run, const Permission& permission) = 0;  // till the run's end
  virtual void steered(RunId queued, RunId into) = 0;               // it took the message
  virtual void finished(RunId run, const Finished& answer) = 0;
  virtual void failed(RunId run, fb::RunErrorKind kind, std::string_view message) = 0;
  virtual void settled(RunId run) = 0;  // a cancelled run is over: the session may be prompted
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
  // Does `work` on another thread and writes the line that it returns, in the order of the calls;
  // an agent with much of it open is not read meanwhile. Files are read and written so, and never
  // on this thread: all sessions would wait. `bytes`: what `work` holds.
  virtual void do_apart(std::function<std::string()> work, std::size_t bytes) = 0;
  // What it wrote cannot be understood, so nothing it says is believed any more: the process is to
  // be ended. At most once; nothing is reported afterwards.
  virtual void fault(std::string_view why) = 0;
  virtual void log(std::string_view text) = 0;  // for the log: odd, and of no consequence
};

struct ProtocolTraits {
  bool one_shot{};                    // a process works on one prompt and ends
  std::uint32_t sessions_at_once{1};  // runs of different sessions a process works on together
  bool steers{};
  bool skills_at_start{};  // its processes learn of skills when they start; else with a prompt
};

// One per process. Pure: no I/O, clock or thread of its own.
class Protocol {
 public:
  virtual ~Protocol() = default;
  // Program and arguments, before what the sandbox puts in front. `first` is the prompt a one-shot
  // process is started for, null otherwise.
  virtual std::vector<std::string> command_line(std::string_view command,
                                                const ProtocolPrompt* first) const = 0;
  // The process runs: greet it. A protocol without a greeting reports ready() at once.
  virtual void begin() = 0;
  // REQUIRES: ready was reported, fewer than sessions_at_once runs are open, none of this session.
  virtual void prompt(const ProtocolPrompt& prompt) = 0;
  // REQUIRES: its traits say that it steers. Nothing is reported if the agent does not take it.
  virtual void steer(RunId, RunId, std::string_view) {}
  virtual void cancel(RunId run) = 0;
  virtual void answer(std::uint64_t, fb::ApprovalDecision) {}
  // One line of its output, without the LF. Anything may come.
  virtual void line(std::string_view text) = 0;
  virtual void called_back(std::uint64_t) {}
  // Its output has ended. What was answered before is told here at the latest. A one-shot run that
  // has not finished is over, or fails; `why`: how the process ended, in words. Not called for one
  // whose process crashed in the middle of it: whether that is tried again is not decided here.
  virtual void ended(bool clean_exit, std::string_view why) = 0;
  // What it named as the reason of its failing, before it ended; empty = nothing.
  virtual std::string trouble() const { return {}; }
  // The last line it wrote that is no message; empty = there was none since the last answer. Some
  // programs say there why they end.
  virtual std::string odd_line() const { return {}; }
  // Whether a conversation can be gone on with in another process of the agent. REQUIRES: ready.
  virtual bool conversations_move() const { return true; }
};

// One protocol, or one of its dialects: a row of the table in protocol.cc.
struct ProtocolKind {
  config::Driver driver{};
  std::string_view preset{};  // of jsonl: its name; empty = any other
  ProtocolTraits traits{};
  // What is referred to outlives it.
  std::unique_ptr<Protocol> (*make)(const AgentProfile& profile, ProtocolHost& host,
                                    RunEvents& events){};
};
// REQUIRES: a driver that is a program.
const ProtocolKind& protocol_kind(config::Driver driver, std::string_view preset = {});

// What "why" it failed tells: rate limits, context lengths, refusals and time-outs by their words.
fb::RunErrorKind classify_error(std::string_view text);

// `text` as it is told to an agent: programs take a prompt that begins with "/" for a command of
// theirs, and with "!" for one of the shell. People who are not trusted must not give any: what
// they write that begins so, blanks aside, is told with "Message: " in front. Others may.
std::string plain_prompt(const AgentProfile& profile, std::string_view text);

// The skills of an agent as words before a prompt: an <available_skills> block and what it is for,
// ending in an empty line; empty without skills.
std::string skills_block(const std::vector<SkillHandOver>& skills);

}  // namespace spine::agents
