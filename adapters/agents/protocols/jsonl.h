// JsonlProtocol: one-shot programs that take a prompt, write lines of JSON and exit; in dialects.
//
// LinesProtocol is for any program that reads one line of JSON and writes some. It is told
//   {"type":"prompt","text":"what time is it","session":"...","run":"42","trust":"trusted"}
// and then end of file. "session" is the program's own id of the conversation, absent in its first
// prompt. "trust" is "trusted", or "untrusted" when the sender of the text is not trusted: then
// "tools":["read"] lists all tools that it may use (none if empty). The program must enforce that
// itself; Spine enforces only the sandbox.
// What it may write, a line each:
//   {"type":"session","id":"c1"}                     its id of the conversation, for next time
//   {"type":"delta","text":"It is "}                 a piece of the answer, shown at once
//   {"type":"text","text":"It is noon."}             a paragraph of the answer, whole
//   {"type":"tool_call","id":"t1","name":"bash","arguments":{"command":"date"}}
//   {"type":"tool_result","id":"t1","text":"noon","is_error":false}
//   {"type":"final","text":"It is noon."}            the answer; without text, what came before
//   {"type":"error","message":"no clock"}            there will be no answer
// If it exits with 0 without a "final", its paragraphs, or else its pieces, are the answer. Any
// other exit is a crash, whatever it wrote before. An example in a shell:  read -r
// prompt; printf '{"type":"final","text":"%s"}\n' "$(date)"
#pragma once

#include <memory>

#include "adapters/agents/protocols/protocol.h"

namespace spine::agents {

std::unique_ptr<Protocol> make_claude_protocol(const AgentProfile& profile, ProtocolHost& host,
                                               RunEvents& events);
std::unique_ptr<Protocol> make_codex_protocol(const AgentProfile& profile, ProtocolHost& host,
                                              RunEvents& events);
std::unique_ptr<Protocol> make_lines_protocol(const AgentProfile& profile, ProtocolHost& host,
                                              RunEvents& events);

}  // namespace spine::agents
