// Frames: a channel.message from JSON to the body of its event, and an answer to its frame.
#include <benchmark/benchmark.h>
#include <charconv>
#include <string>

#include "adapters/websocket/methods/channel_message.h"
#include "adapters/websocket/protocol/frame_buffer.h"
#include "adapters/websocket/protocol/request.h"
#include "bench/support/bodies.h"

namespace spine::bench {
namespace {

std::string sample_frame(std::string_view text) {
  std::string json =
      R"({"type":"req","id":"0000000001","method":"channel.message","params":{"channel":"bench",)"
      R"("sender":{"id":"s1"},"conversation":{"kind":"direct","id":"s1"},)"
      R"("externalId":"rabcdefgh-1-0000000001","content":{"text":")";
  json += text;
  json += R"("},"timestamp":1790000000000}})";
  return json;
}

std::string plain_text() {
  std::string text;
  while (text.size() < kMessageBytes)
    text += "please look at the report from yesterday; ";
  text.resize(kMessageBytes);
  return text;
}

// 256 B of JSON text with an escape or a multi-byte character every few words.
std::string escaped_text() {
  std::string text;
  while (text.size() + 32 < kMessageBytes)
    text += R"(say \"hello\" to J\u00fcrgen\n)";
  text.resize(kMessageBytes, '.');
  return text;
}

// What the net thread does to a message of a channel: copy with padding, read, build the table.
void parse(benchmark::State& run, const std::string& text) {
  const std::string frame = sample_frame(text);
  PaddedText padded;
  net::ChannelMessageReader reader;
  flatbuffers::FlatBufferBuilder builder{1024};
  std::uint64_t number = 0;
  for (auto _ : run) {
    std::string_view id;
    net::ChannelMessage message;
    padded.assign(frame);
    if (!reader.read(padded, id, message)) {
      run.SkipWithError("the frame was not read");
      return;
    }
    channels::build_message(message, {++number, 1}, {PrincipalId{2}}, builder);
    benchmark::DoNotOptimize(builder.GetBufferPointer());
  }
  run.SetItemsProcessed(run.iterations());
  run.SetBytesProcessed(run.iterations() * static_cast<std::int64_t>(frame.size()));
}
BENCHMARK_CAPTURE(parse, plain, plain_text())->Name("frames/parse_plain");
BENCHMARK_CAPTURE(parse, escaped, escaped_text())->Name("frames/parse_escaped");

// Any other request: the whole document, checked strictly.
void parse_general(benchmark::State& run) {
  const std::string frame = sample_frame(plain_text());
  PaddedText padded;
  net::RequestReader reader;
  net::Request request;
  for (auto _ : run) {
    padded.assign(frame);
    reader.read(padded, request);
    if (request.fault != net::FrameFault::none) {
      run.SkipWithError("the frame was not read");
      return;
    }
    benchmark::DoNotOptimize(request.params);
  }
  run.SetItemsProcessed(run.iterations());
}
BENCHMARK(parse_general)->Name("frames/parse_general");

// 16 answers framed into a connection's buffer and taken out in one piece.
void write(benchmark::State& run) {
  net::FrameBuffer buffer;
  std::uint64_t seq = 1'000'000;
  for (auto _ : run) {
    for (int i = 0; i < 16; ++i) {
      std::string& out = buffer.begin_frame();
      out += R"({"type":"res","id":"0000000001","ok":true,"payload":{"seq":)";
      char digits[20];
      const auto end = std::to_chars(digits, digits + sizeof digits, ++seq);
      out.append(digits, end.ptr);
      out += R"(,"sessionKey":"agent:none:bench:direct:s000001"}})";
      buffer.end_frame();
    }
    const auto frames = buffer.next(std::size_t{128} * 1024);
    benchmark::DoNotOptimize(frames.data());
    buffer.consumed(frames.size());
  }
  run.SetItemsProcessed(run.iterations() * 16);
}
BENCHMARK(write)->Name("frames/write");

}  // namespace
}  // namespace spine::bench
