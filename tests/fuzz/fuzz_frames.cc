// Arbitrary bytes as frames of a client: nothing crashes, and what is answered is valid JSON.
// links: spine_net spine_http simdjson::simdjson
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/websocket/methods/channel_message.h"
#include "adapters/websocket/net/switchboard.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/queues/ingress.h"
#include "schemas/event_verify.h"

namespace {

using namespace spine;

void expect(bool condition) {
  if (!condition) std::abort();
}

// A connection that has said hello, without a socket and without an engine behind it.
class World {
 public:
  World() : gateway_(options_, shared_, ingress_.add_producer(nullptr, nullptr)) {
    shared_.phase.store(pipeline::Phase::ready);
    config_.agents = {config::AgentConfig{.id = "main"}};
    gateway_.begin_turn(1'000, 1'700'000'000'000);
    slot_ = gateway_.opened(nullptr, {.address = "127.0.0.1", .loopback = true}).slot;
    say_hello();
  }

  // What the fuzzer feeds: pieces of messages, then the end of the connection.
  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto control = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      const std::size_t length = std::min<std::size_t>(bytes.size(), std::size_t{control} * 8);
      const std::string_view piece = bytes.substr(0, length);
      bytes.remove_prefix(length);
      gateway_.received(slot_, {.bytes = piece, .last = (control & 1U) != 0});
      look_at_output();
    }
    gateway_.end_turn();
    look_at_inputs();
    gateway_.closed(slot_);
  }

 private:
  void say_hello() {
    net::Connections& table = gateway_.hub().table;
    table.stage[slot_] = net::Stage::open;
    table.scopes[slot_] = 0xFF;
    table.principal[slot_] = 1;
  }

  // Frames are whole, and those that hold text hold JSON.
  void look_at_output() {
    auto& out = gateway_.hub().table.out[slot_];
    if (out == nullptr || out->empty()) return;
    std::span<unsigned char> bytes = out->next(~std::size_t{0});
    while (!bytes.empty()) {
      const std::size_t frame = net::frame_bytes(bytes);
      expect(frame <= bytes.size());
      if ((bytes[0] & 0x0FU) == 1) check_json(bytes.first(frame));
      bytes = bytes.subspan(frame);
    }
    gateway_.hub().written(slot_, out->pending_bytes(), 0);
  }

  void check_json(std::span<const unsigned char> frame) {
    const std::size_t size = frame.size();
    const std::size_t header = size - 2 < 126 ? 2 : size - 4 < 65'536 ? 4 : 10;
    const std::string text{reinterpret_cast<const char*>(frame.data()) + header, size - header};
    expect(parser_.parse(text).error() == simdjson::SUCCESS);
  }

  // What was handed in is what the engine may trust without looking.
  void look_at_inputs() {
    std::vector<pipeline::IngressBlock*> blocks;
    ingress_.drain(blocks, ~std::size_t{0});
    for (pipeline::IngressBlock* block : blocks) {
      block->for_each([](const pipeline::InputHeader& header, ByteSpan body) {
        if (pipeline::input_kind::journalled(header.kind)) {
          expect(verify_event_body(header.kind, pipeline::take_apart(header, body).body));
        }
      });
      ingress_.recycle(block);
    }
  }

  config::Config config_{};
  net::NetOptions options_{.token = "t", .config = &config_, .version = "fuzz"};
  pipeline::Shared shared_{};
  pipeline::Ingress ingress_{};
  net::Switchboard gateway_;
  std::uint32_t slot_{};
  simdjson::dom::parser parser_{};
};

// A message the fast reader takes is read the same by the general one.
void compare_readers(std::string_view bytes) {
  static net::ChannelMessageReader fast;
  static net::RequestReader general;
  static PaddedText text;
  std::string_view id;
  net::ChannelMessage quick{};
  text.assign(bytes);
  if (!fast.read(text, id, quick)) return;
  PaddedText again;
  again.assign(bytes);
  net::Request request{};
  general.read(again, request);
  expect(request.fault == net::FrameFault::none && request.id == id);
  std::string problem;
  net::Params params{request.params, request.has_params, problem};
  net::ChannelMessage slow{};
  net::read_channel_message(params, slow);
  expect(problem.empty());
  flatbuffers::FlatBufferBuilder a;
  flatbuffers::FlatBufferBuilder b;
  channels::build_message(quick, Bits128{}, {}, a);
  channels::build_message(slow, Bits128{}, {}, b);
  const auto whole = [](const flatbuffers::FlatBufferBuilder& builder) {
    return std::string_view{reinterpret_cast<const char*>(builder.GetBufferPointer()),
                            builder.GetSize()};
  };
  expect(whole(a) == whole(b));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  compare_readers(bytes);
  World{}.feed(bytes);
  return 0;
}
