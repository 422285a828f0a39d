// JsonlProtocol: programs that take one prompt, write lines of JSON about it, and end; in dialects.
//
// LinesProtocol is for any program that reads one line of JSON and writes some. It is told
//   {"type":"prompt","text":"what time is it","session":"...","run":"42","trust":"trusted"}
// and then its input ends; "session" is what it called the conversation before, and is missing in
// the first prompt of one. "trust" is "trusted", or "untrusted" when whoever wrote the text is not
// trusted: then there is "tools":["read"], too, all the tools that it may use for them (none when
// it is empty), and it is the program's part to keep to it; Spine holds it to its sandbox only.
// What it may write, a line each:
//   {"type":"session","id":"c1"}                     its name of the conversation, for next time
//   {"type":"delta","text":"It is "}                 a piece of the answer, shown at once
//   {"type":"text","text":"It is noon."}             a paragraph of the answer, whole
//   {"type":"tool_call","id":"t1","name":"bash","arguments":{"command":"date"}}
//   {"type":"tool_result","id":"t1","text":"noon","is_error":false}
//   {"type":"final","text":"It is noon."}            the answer; without text, what came before
//   {"type":"error","message":"no clock"}            there will be no answer
// A program that exits with 0 without a "final" has answered with its paragraphs, or else with its
// pieces; one that exits otherwise has crashed, whatever it wrote before. In a shell:  read -r
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
