// Spine's protocol 4 as the load generator speaks it.
#include "bench/load/spine_protocol.h"

#include <chrono>
#include <fmt/format.h>

#include "adapters/client/rpc_client.h"
#include "schemas/vocab/frames.h"

namespace spine::bench {
namespace {

constexpr std::string_view kDigitPlaces = "##########";
static_assert(kDigitPlaces.size() == FrameTemplate::kDigits);

// Different per connection, the same for all its frames.
std::uint32_t mask_of(std::uint32_t index) {
  return (index + 1) * 2654435761U | 0x01010101U;
}

std::int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string own_session(const Options& options, std::uint32_t index) {
  return fmt::format("agent:main:{}-{}", options.run_id, index);
}

std::string own_prefix(const Options& options, std::uint32_t index) {
  return fmt::format("{}-{}-", options.run_id, index);
}

std::string ingest_frame(const Options& options, std::uint32_t index) {
  const auto senders = options.senders == 0 ? options.connections : options.senders;
  const std::string sender = fmt::format("s{}", index % senders);
  std::string json = R"({"type":"req","id":")";
  json += kDigitPlaces;
  json += R"(","method":"channel.message","params":{"channel":")" + options.channel;
  json += R"(","sender":{"id":")" + sender + R"("},"conversation":{"kind":"direct","id":")";
  json += sender + R"("},"externalId":")" + own_prefix(options, index);
  json += kDigitPlaces;
  json += R"(","content":{"text":")" + sample_text(options.bytes, index);
  json += R"("},"timestamp":)" + std::to_string(wall_ms()) + "}}";
  return json;
}

std::string roundtrip_frame(const Options& options, std::uint32_t index) {
  const bool agent = options.method == "agent";
  std::string json = R"({"type":"req","id":")";
  json += kDigitPlaces;
  json += R"(","method":")";
  json += agent ? "agent" : "chat.send";
  json += R"(","params":{"sessionKey":")" + own_session(options, index);
  json += R"(","message":")" + sample_text(options.bytes, index);
  json += R"(","idempotencyKey":")" + own_prefix(options, index);
  json += kDigitPlaces;
  json += R"("}})";
  return json;
}

std::string_view until_quote(std::string_view text) {
  return text.substr(0, text.find('"'));
}

constexpr std::string_view kScopes = R"(["operator.admin","operator.read","operator.write"])";

}  // namespace

SpineProtocol::SpineProtocol(const Options& options, std::uint32_t index)
    : options_(options),
      index_(index),
      greeter_(options.host, options.port, options.token, kScopes, mask_of(index)) {}

void SpineProtocol::start(std::string& out) {
  out += greeter_.upgrade;
}

std::size_t SpineProtocol::greet(std::string_view in, std::string& out, Answers& answers) {
  if (greeting_.done()) return take_setup(in, out, answers);
  std::string error;
  const std::size_t used = greeting_.take(greeter_, in, out, error);
  if (!error.empty()) {
    answers.fail(error);
  } else if (greeting_.done()) {
    ready_ = !setup(out);
  }
  return used;
}

std::size_t SpineProtocol::take_setup(std::string_view in, std::string& out, Answers& answers) {
  const Frame frame = parse_frame(in);
  if (frame.head.opcode == Opcode::ping && frame.bytes != 0) {
    append_pong(out, frame.payload, mask());
  }
  if (frame.payload.find(R"("id":"setup")") == std::string_view::npos) return frame.bytes;
  ready_ = frame.payload.find(R"("ok":true)") != std::string_view::npos;
  if (!ready_) answers.fail(shortened("The set-up was refused", frame.payload));
  return frame.bytes;
}

bool SpineProtocol::setup(std::string& /*out*/) {
  return false;
}

void SpineProtocol::append_subscribe(std::string& out, std::string_view session_key) const {
  append_text_frame(out,
                    client::request_frame("setup", "sessions.messages.subscribe",
                                          fmt::format(R"({{"key":"{}"}})", session_key)),
                    mask());
}

void SpineProtocol::compose(std::uint64_t /*id*/, std::string& /*out*/) {}

void SpineProtocol::take(std::string_view /*payload*/, Answers& /*answers*/) {}

std::size_t SpineProtocol::parse(std::string_view in, std::string& out, Answers& answers) {
  std::size_t used = 0;
  while (!answers.fatal) {
    const Frame frame = parse_frame(in.substr(used));
    if (frame.bytes == 0) break;
    used += frame.bytes;
    if (frame.head.opcode == Opcode::text && frame.head.final) {
      take(frame.payload, answers);
    } else if (frame.head.opcode == Opcode::ping) {
      append_pong(out, frame.payload, mask());
    } else if (frame.head.opcode == Opcode::close) {
      answers.fail(shortened("The server closed", close_reason_of(frame.payload)));
    } else if (frame.head.opcode != Opcode::pong) {
      answers.fail("A frame that no Spine sends: in pieces, or binary.");
    }
  }
  return used;
}

IngestProtocol::IngestProtocol(const Options& options, std::uint32_t index)
    : SpineProtocol(options, index), frame_(ingest_frame(options, index), mask()) {}

void IngestProtocol::take(std::string_view payload, Answers& answers) {
  if (!payload.starts_with(R"({"type":"res")")) return;  // an event: tick, presence
  const auto id = id_.after(payload);
  const auto seq = number_of(seq_.after(payload));
  if (ok_.after(payload).empty() || id.empty() || seq == 0) {
    return answers.refuse(shortened("Refused", payload));
  }
  if (seq <= last_seq_) return answers.fail(shortened("seq does not grow", payload));
  last_seq_ = seq;
  answers.ids.push_back(number_of(id));
}

RoundTripProtocol::RoundTripProtocol(const Options& options, std::uint32_t index)
    : SpineProtocol(options, index),
      session_key_(own_session(options, index)),
      key_prefix_(own_prefix(options, index)),
      agent_(options.method == "agent"),
      frame_(roundtrip_frame(options, index), mask()) {}

bool RoundTripProtocol::setup(std::string& out) {
  if (agent_) return false;
  append_subscribe(out, session_key_);
  return true;
}

void RoundTripProtocol::take(std::string_view payload, Answers& answers) {
  if (payload.starts_with(R"({"type":"res")")) return take_answer(payload, answers);
  if (!agent_ && payload.find(R"("event":"chat")") != std::string_view::npos) {
    take_final(payload, answers);
  }
}

void RoundTripProtocol::take_answer(std::string_view payload, Answers& answers) {
  if (payload.find(R"("ok":true)") == std::string_view::npos) {
    return answers.refuse(shortened("Refused", payload));
  }
  if (!agent_ || payload.find(R"("status":"accepted")") != std::string_view::npos) return;
  const auto id = payload.find(R"("id":")");
  if (id == std::string_view::npos || payload.find("echo: ") == std::string_view::npos) {
    return answers.refuse(shortened("The run ended without the echo agent's reply", payload));
  }
  answers.ids.push_back(number_of(payload.substr(id + 6)));
}

void RoundTripProtocol::take_final(std::string_view payload, Answers& answers) {
  const bool final = payload.find(R"("state":"final")") != std::string_view::npos;
  if (!final) {
    if (payload.find(R"("state":"error")") != std::string_view::npos) {
      answers.refuse(shortened("The run failed", payload));
    }
    return;
  }
  const auto run = payload.find(R"("runId":")");
  if (run == std::string_view::npos) return answers.fail(shortened("No runId", payload));
  const auto key = until_quote(payload.substr(run + 9));
  if (!key.starts_with(key_prefix_)) return;  // somebody else's run
  if (payload.find("echo: ") == std::string_view::npos) {
    return answers.refuse(shortened("Not the echo agent's reply", payload));
  }
  answers.ids.push_back(number_of(key.substr(key_prefix_.size())));
}

}  // namespace spine::bench
