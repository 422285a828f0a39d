// The echo server's protocol: what was sent comes back.
#include "adapters/client/ws_client.h"
#include "bench/load/greeting.h"
#include "bench/load/peer_protocols.h"
#include "schemas/vocab/frames.h"

namespace spine::bench {
namespace {

std::string echo_payload(const Options& options, std::uint32_t index) {
  std::string payload = "{\"id\":\"##########\",\"text\":\"";
  if (options.bytes > payload.size() + 2) {
    payload += sample_text(options.bytes - payload.size() - 2, index);
  }
  return payload + "\"}";
}

constexpr std::size_t kIdOffset = 7;  // behind {"id":"

}  // namespace

EchoProtocol::EchoProtocol(const Options& options, std::uint32_t index)
    : options_(options), frame_(echo_payload(options, index), (index + 1) * 2654435761U) {}

void EchoProtocol::start(std::string& out) {
  out += upgrade_text(options_.host, options_.port);
}

std::size_t EchoProtocol::greet(std::string_view in, std::string& /*out*/, Answers& answers) {
  const client::UpgradeAnswer answer = client::parse_upgrade_answer(in);
  if (answer.bytes != 0 && !answer.switched) answers.fail("The upgrade was refused.");
  ready_ = answer.bytes != 0;
  return answer.bytes;
}

std::size_t EchoProtocol::parse(std::string_view in, std::string& /*out*/, Answers& answers) {
  std::size_t used = 0;
  while (true) {
    const Frame frame = parse_frame(in.substr(used));
    if (frame.bytes == 0) return used;
    used += frame.bytes;
    if (frame.head.opcode != Opcode::text ||
        frame.payload.size() < kIdOffset + FrameTemplate::kDigits) {
      answers.fail("Something else than the echo of a message came back.");
      return used;
    }
    answers.ids.push_back(number_of(frame.payload.substr(kIdOffset, FrameTemplate::kDigits)));
  }
}

}  // namespace spine::bench
