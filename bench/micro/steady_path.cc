// SteadyPath: the parts of net thread and engine thread, one after the other.
#include "bench/micro/steady_path.h"

#include <charconv>
#include <string_view>

#include "schemas/fields.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::bench {
namespace {

constexpr std::size_t kDigits = 12;
constexpr std::uint32_t kSenders = 64;
constexpr std::uint64_t kWarmBatch = 4096;
constexpr std::uint64_t kWarmMessages = 5 * kWarmBatch;

void no_wake(void* /*context*/) {}

}  // namespace

SteadyPath::SteadyPath() : outbox_(no_wake, nullptr) {
  auto opened = journal::Journal::open(dir_.path() / "journal", kBenchEpoch);
  SPINE_CHECK(opened.has_value());
  journal_ = std::move(*opened);
  input_ = &ingress_.add_producer(nullptr, nullptr);
  output_ = &outbox_.add_producer();
  frame_ = R"({"type":"req","id":"1","method":"channel.message","params":{"channel":"bench",)"
           R"("sender":{"id":"s000001"},"conversation":{"kind":"direct","id":"s000001"},)"
           R"("timestamp":1790000000000,"content":{"text":")";
  frame_.append(kMessageBytes, 'x');
  frame_ += R"("},"externalId":"frame-)";
  id_at_ = frame_.size();
  frame_.append(kDigits, '0');
  frame_ += "\"}}";
  batch_.begin(Seq{1});
  feed_.begin(kBenchEpoch);
  SPINE_CHECK(journal_->ensure_space(batch_.bytes(), journal::SpaceClass::intake).has_value());
  SPINE_CHECK(journal_->commit(batch_).has_value());
}

void SteadyPath::warm() {
  std::uint64_t made = 0;
  while (made < kWarmMessages) {
    batch_.begin(next(journal_->last()));
    for (std::uint64_t i = 0; i < kWarmBatch; ++i) {
      ++made;
      feed_.message({.number = made,
                     .sender = static_cast<std::uint32_t>(made % kSenders),
                     .entropy = {made * 0x9E3779B97F4A7C15ULL, made}});
    }
    SPINE_CHECK(journal_->ensure_space(batch_.bytes(), journal::SpaceClass::intake).has_value());
    SPINE_CHECK(journal_->commit(batch_).has_value());
  }
}

void SteadyPath::turn(std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i)
    receive();
  input_->flush();
  decide_all();
  answer();
}

void SteadyPath::receive() {
  std::uint64_t digits = ++number_;
  for (std::size_t i = kDigits; i-- > 0; digits /= 10) {
    frame_[id_at_ + i] = static_cast<char>('0' + digits % 10);
  }
  padded_.assign(frame_);
  std::string_view id;
  net::ChannelMessage message;
  SPINE_CHECK(reader_.read(padded_, id, message));
  channels::build_message(message, {number_ * 0x9E3779B97F4A7C15ULL, number_}, {}, builder_);
  input_->push({.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived),
                .source = static_cast<std::uint16_t>(Source::websocket),
                .connection = {1, 1},
                .request = number_},
               finished(builder_));
}

void SteadyPath::decide_all() {
  blocks_.clear();
  ingress_.drain(blocks_, limits::kDrainBytesMax);
  batch_.begin(next(journal_->last()));
  for (auto* block : blocks_) {
    block->for_each([this](const pipeline::InputHeader& header, ByteSpan body) {
      item_.reply = feed_.feed(header.kind, body);
      SPINE_CHECK(item_.reply.code == core::ReplyCode::accepted);
      item_.session_key = "agent:none:bench:direct:s000001";
      pipeline::write(*output_, header.connection, header.request, item_);
    });
    ingress_.recycle(block);
  }
  SPINE_CHECK(journal_->ensure_space(batch_.bytes(), journal::SpaceClass::intake).has_value());
  SPINE_CHECK(journal_->commit(batch_).has_value());
  output_->flush();
}

void SteadyPath::answer() {
  while (pipeline::OutBlock* block = outbox_.poll()) {
    block->for_each([this](const pipeline::OutHeader& /*header*/, ByteSpan payload) {
      pipeline::read(payload, item_);
      std::string& out = frames_.begin_frame();
      out += R"({"type":"res","id":"1","ok":true,"payload":{"seq":)";
      char digits[20];
      out.append(digits, std::to_chars(digits, digits + sizeof digits, item_.reply.seq.value).ptr);
      out += R"(,"sessionKey":")";
      out += item_.session_key;
      out += R"("}})";
      frames_.end_frame();
      ++answered_;
    });
    outbox_.release(block);
  }
  const auto bytes = frames_.next(limits::kBufferedBytesMax);
  frames_.consumed(bytes.size());
}

}  // namespace spine::bench
