// Requests of the Agent Client Protocol, and updates.
#include "bench/agents/acp_wire.h"

#include <fmt/format.h>
#include <iterator>

namespace spine::bench {

void AcpWire::answer(std::string_view id, std::string_view result) {
  fmt::format_to(std::back_inserter(out_),
                 R"({{"jsonrpc":"2.0","id":{},"result":{}}})"
                 "\n",
                 id, result);
}

void AcpWire::take(std::string_view line) {
  const std::string_view method = text_after(line, "method");
  const std::string_view id = value_after(line, "id");
  if (method == "initialize") {
    return answer(id, R"({"protocolVersion":1,"authMethods":[],"agentCapabilities":{},)"
                      R"("agentInfo":{"name":"bench","version":"1"}})");
  }
  if (method == "session/new") {
    const std::string name = fmt::format("{}-{}", mark_, counts_.size() + 1);
    counts_[name] = 0;
    return answer(id, fmt::format(R"({{"sessionId":"{}"}})", name));
  }
  if (method != "session/prompt") return;
  const std::string conversation(text_after(line, "sessionId"));
  const Order order = order_in(text_after(line, "text"));
  begin({.id = conversation, .request = std::string(id)}, order, ++counts_[conversation]);
}

void AcpWire::write_piece(Stream& stream, std::string_view piece) {
  fmt::format_to(std::back_inserter(out_),
                 R"({{"jsonrpc":"2.0","method":"session/update","params":{{"sessionId":"{}",)"
                 R"("update":{{"sessionUpdate":"agent_message_chunk","content":)"
                 R"({{"type":"text","text":"{}"}}}}}}}})"
                 "\n",
                 stream.id, piece);
}

void AcpWire::write_end(Stream& stream) {
  answer(stream.request, R"({"stopReason":"end_turn"})");
}

}  // namespace spine::bench
