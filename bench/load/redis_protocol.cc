// Redis: pipelined XADD over RESP.
#include "bench/load/converse.h"
#include "bench/load/peer_protocols.h"

namespace spine::bench {
namespace {

void append_bulk(std::string& out, std::string_view text) {
  out += '$';
  out += std::to_string(text.size());
  out += "\r\n";
  out += text;
  out += "\r\n";
}

std::string stream_name(const Options& options) {
  return "bench." + options.run_id;
}

}  // namespace

RedisProtocol::RedisProtocol(const Options& options, std::uint32_t index) {
  command_ = "*5\r\n";
  append_bulk(command_, "XADD");
  append_bulk(command_, stream_name(options));
  append_bulk(command_, "*");
  append_bulk(command_, "d");
  append_bulk(command_, sample_text(options.bytes, index));
}

void RedisProtocol::compose(std::uint64_t /*id*/, std::string& out) {
  out += command_;
}

// Answers are "$<n>\r\n<milliseconds>-<number>\r\n" or "-ERR ...\r\n"; in order by definition.
std::size_t RedisProtocol::parse(std::string_view in, std::string& /*out*/, Answers& answers) {
  std::size_t used = 0;
  while (!answers.fatal) {
    const auto rest = in.substr(used);
    const auto line = rest.find("\r\n");
    if (line == std::string_view::npos) break;
    if (rest[0] == '-') {
      answers.refuse(rest.substr(0, line));
      used += line + 2;
      continue;
    }
    if (rest[0] != '$') {
      answers.fail("Redis answered something else than an entry's id.");
      break;
    }
    const auto bytes = number_of(rest.substr(1, line - 1));
    if (rest.size() < line + 2 + bytes + 2) break;
    const auto text = rest.substr(line + 2, bytes);
    const auto dash = text.find('-');
    const std::pair id{number_of(text), dash == text.npos ? 0 : number_of(text.substr(dash + 1))};
    if (id <= last_) answers.fail("Entry ids do not grow.");
    last_ = id;
    answers.ids.push_back(++answered_);
    used += line + 2 + bytes + 2;
  }
  return used;
}

Status prepare_redis(const Options& options) {
  std::string ask = "*1\r\n";
  append_bulk(ask, "PING");
  SPINE_TRY(auto pong, converse(options.host, options.port, ask, "\r\n"));
  if (!pong.starts_with("+PONG")) return Error{Errc::unavailable, "Redis said: " + pong};
  return ok();
}

}  // namespace spine::bench
