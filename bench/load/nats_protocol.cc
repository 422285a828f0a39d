// NATS JetStream: publish with acknowledgement over the text protocol.
#include <fmt/format.h>

#include "bench/load/converse.h"
#include "bench/load/peer_protocols.h"

namespace spine::bench {
namespace {

constexpr std::string_view kConnect =
    "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":false,\"name\":\"spine-load\","
    "\"lang\":\"c++\",\"version\":\"0.1.0\"}\r\n";

}  // namespace

NatsProtocol::NatsProtocol(const Options& options, std::uint32_t index)
    : inbox_(fmt::format("_INBOX.{}.{}.", options.run_id, index)),
      head_(fmt::format("PUB bench.{} {}", index, inbox_)),
      tail_(fmt::format(" {}\r\n{}\r\n", options.bytes, sample_text(options.bytes, index))) {}

std::size_t NatsProtocol::greet(std::string_view in, std::string& out, Answers& answers) {
  const auto line = in.find("\r\n");
  if (line == std::string_view::npos) return 0;
  const auto text = in.substr(0, line);
  if (text.starts_with("INFO") && !said_connect_) {
    out += kConnect;
    out += "SUB " + inbox_ + "* 1\r\nPING\r\n";
    said_connect_ = true;
  } else if (text.starts_with("PONG")) {
    ready_ = true;
  } else if (text.starts_with("-ERR")) {
    answers.fail(text);
  }
  return line + 2;
}

void NatsProtocol::compose(std::uint64_t id, std::string& out) {
  const auto digits = digits_of(id);
  out += head_;
  out.append(digits.data(), digits.size());
  out += tail_;
}

// "MSG <inbox><id> 1 <bytes>\r\n{"stream":"BENCH", "seq":N}\r\n"; PING wants a PONG.
std::size_t NatsProtocol::parse(std::string_view in, std::string& out, Answers& answers) {
  std::size_t used = 0;
  while (!answers.fatal) {
    const auto rest = in.substr(used);
    const auto line = rest.find("\r\n");
    if (line == std::string_view::npos) break;
    const auto text = rest.substr(0, line);
    if (!text.starts_with("MSG ")) {
      if (text.starts_with("PING")) out += "PONG\r\n";
      if (text.starts_with("-ERR")) answers.fail(text);
      used += line + 2;
      continue;
    }
    const auto bytes = number_of(text.substr(text.rfind(' ') + 1));
    if (rest.size() < line + 2 + bytes + 2) break;
    const auto body = rest.substr(line + 2, bytes);
    used += line + 2 + bytes + 2;
    const auto seq = body.find("\"seq\":");
    const auto number = seq == body.npos ? 0 : number_of(body.substr(seq + 6));
    if (number == 0 || body.find("\"error\"") != body.npos || text.size() < 4 + inbox_.size()) {
      answers.refuse(body);
      continue;
    }
    if (number <= last_seq_) answers.fail("The stream's sequence does not grow.");
    last_seq_ = number;
    answers.ids.push_back(number_of(text.substr(4 + inbox_.size())));
  }
  return used;
}

Status prepare_nats(const Options& options) {
  const std::string config =
      "{\"name\":\"BENCH\",\"subjects\":[\"bench.>\"],\"storage\":\"file\",\"retention\":"
      "\"limits\","
      "\"max_consumers\":-1,\"max_msgs\":-1,\"max_bytes\":-1,\"max_age\":0,\"num_replicas\":1}";
  const std::string ask = fmt::format(
      "{}SUB _INBOX.setup 1\r\nPUB $JS.API.STREAM.CREATE.BENCH _INBOX.setup {}\r\n{}\r\n", kConnect,
      config.size(), config);
  SPINE_TRY(auto answer, converse(options.host, options.port, ask, "stream_create_response"));
  const bool exists = answer.find("already in use") != std::string::npos;
  if (answer.find("\"error\"") != std::string::npos && !exists) {
    return Error{Errc::unavailable, "NATS did not make the stream: " + answer};
  }
  return ok();
}

}  // namespace spine::bench
