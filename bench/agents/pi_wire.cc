// Pi's commands and events.
#include "bench/agents/pi_wire.h"

#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <utility>

namespace spine::bench {

PiWire::PiWire(std::string directory) : directory_(std::move(directory)) {
  ::mkdir(directory_.c_str(), 0700);
  new_conversation();
}

void PiWire::new_conversation() {
  file_ = fmt::format("{}/{}-{}.jsonl", directory_, mark_, ++made_);
  count_ = 0;
}

bool PiWire::switch_to(const std::string& path) {
  std::ifstream in(path);
  std::uint64_t count = 0;
  if (!(in >> count)) return false;
  ++switches_;
  file_ = path;
  count_ = count;
  return true;
}

void PiWire::keep_count() const {
  std::ofstream(file_) << count_ << '\n';
}

void PiWire::answer(std::string_view id, std::string_view command, std::string_view rest) {
  fmt::format_to(std::back_inserter(out_),
                 R"({{"type":"response","id":"{}","command":"{}",{}}})"
                 "\n",
                 id, command, rest);
}

void PiWire::take(std::string_view line) {
  const std::string_view id = text_after(line, "id");
  const std::string_view type = text_after(line, "type");
  if (type == "prompt") return prompt(id, text_after(line, "message"));
  if (type == "get_state") {
    return answer(id, type,
                  fmt::format(R"("success":true,"data":{{"isStreaming":false,"isCompacting":false,)"
                              R"("messageCount":{},"thinkingLevel":"off","sessionFile":"{}",)"
                              R"("model":{{"provider":"bench","id":"none"}}}})",
                              2 * count_, file_));
  }
  if (type == "switch_session" && !switch_to(std::string(text_after(line, "sessionPath")))) {
    return answer(id, type, R"("success":false,"error":"there is no such file")");
  }
  if (type == "new_session") new_conversation();
  answer(id, type, R"("success":true,"data":{"cancelled":false})");
}

void PiWire::prompt(std::string_view id, std::string_view message) {
  ++count_;
  keep_count();
  answer(id, "prompt", R"("success":true)");
  out_ += R"({"type":"agent_start"})"
          "\n"
          R"({"type":"turn_start"})"
          "\n";
  for (const std::string_view type : {"message_start", "message_end"}) {
    fmt::format_to(
        std::back_inserter(out_),
        R"({{"type":"{}","message":{{"role":"user","content":[{{"type":"text","text":"{}"}}]}}}})"
        "\n",
        type, message);
  }
  out_ += R"({"type":"message_start","message":{"role":"assistant","content":[]}})"
          "\n";
  begin({}, order_in(message), count_);
}

void PiWire::write_piece(Stream& /*stream*/, std::string_view piece) {
  out_ += R"({"type":"message_update","assistantMessageEvent":{"type":"text_delta",)"
          R"("contentIndex":0,"delta":")";
  out_ += piece;
  out_ += "\"}}\n";
}

void PiWire::write_end(Stream& stream) {
  const std::string message = fmt::format(
      R"({{"role":"assistant","content":[{{"type":"text","text":"{}"}}],"stopReason":"stop",)"
      R"("provider":"bench","model":"none","usage":{{"input":3,"output":5}}}})",
      stream.text);
  fmt::format_to(std::back_inserter(out_),
                 R"({{"type":"message_end","message":{0}}})"
                 "\n"
                 R"({{"type":"turn_end","message":{0},"toolResults":[]}})"
                 "\n"
                 R"({{"type":"agent_end","messages":[{0}],"willRetry":false}})"
                 "\n"
                 R"({{"type":"agent_settled"}})"
                 "\n",
                 message);
}

}  // namespace spine::bench
