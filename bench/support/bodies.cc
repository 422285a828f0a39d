// Bodies: FlatBuffers of the inputs that benchmarks feed.
#include "bench/support/bodies.h"

#include <cstring>

#include "event_generated.h"

namespace spine::bench {
namespace {

void put_digits(std::string& text, std::size_t at, std::size_t count, std::uint64_t number) {
  for (std::size_t i = count; i-- > 0; number /= 10) {
    text[at + i] = static_cast<char>('0' + number % 10);
  }
}

constexpr std::size_t kNumberDigits = 12;
constexpr std::size_t kSenderDigits = 6;

}  // namespace

ByteSpan AlignedBody::copy(const flatbuffers::FlatBufferBuilder& builder) {
  const std::size_t bytes = builder.GetSize();
  words_.resize(align8(bytes) / 8);
  std::memcpy(words_.data(), builder.GetBufferPointer(), bytes);
  return {reinterpret_cast<const std::byte*>(words_.data()), bytes};
}

MessageBuilder::MessageBuilder() : external_id_("bench-"), sender_("s") {
  external_id_.append(kNumberDigits, '0');
  sender_.append(kSenderDigits, '0');
  static constexpr std::string_view kSentence =
      "please look at the report from yesterday, then tell Maria that we meet at half past nine; ";
  while (text_.size() < kMessageBytes)
    text_ += kSentence;
  text_.resize(kMessageBytes);
}

ByteSpan MessageBuilder::build(const MessageIds& ids) {
  put_digits(external_id_, external_id_.size() - kNumberDigits, kNumberDigits, ids.number);
  put_digits(sender_, 1, kSenderDigits, ids.sender);
  builder_.Clear();
  const auto channel = builder_.CreateString("bench", 5);
  const auto sender = builder_.CreateString(sender_);
  const auto conversation = builder_.CreateString(sender_);
  const auto external = builder_.CreateString(external_id_);
  const auto text = builder_.CreateString(text_);
  const fb::Bits128 entropy{ids.entropy.hi, ids.entropy.lo};
  fb::MessageReceivedBuilder message{builder_};
  message.add_via(fb::MessageVia::channel);
  message.add_channel(channel);
  message.add_sender_id(sender);
  message.add_conversation(fb::ConversationKind::direct);
  message.add_conversation_id(conversation);
  message.add_external_id(external);
  message.add_text(text);
  message.add_platform_ms(1'790'000'000'000);
  message.add_entropy(&entropy);
  builder_.Finish(message.Finish());
  return body_.copy(builder_);
}

void build_journal_created(flatbuffers::FlatBufferBuilder& builder, Bits128 epoch) {
  builder.Clear();
  const fb::Bits128 id{epoch.hi, epoch.lo};
  const fb::Bits128 key{0x9E3779B97F4A7C15ULL, 0xD1B54A32D192ED03ULL};
  builder.Finish(fb::CreateJournalCreated(builder, &id, &key, builder.CreateString(SPINE_VERSION)));
}

void build_engine_started(flatbuffers::FlatBufferBuilder& builder) {
  builder.Clear();
  const fb::Bits128 boot{1, 1};
  builder.Finish(
      fb::CreateEngineStarted(builder, builder.CreateString(SPINE_VERSION), &boot, 1, false, 1));
}

void build_policy(flatbuffers::FlatBufferBuilder& builder) {
  builder.Clear();
  const auto main_agent = builder.CreateString("main");
  const auto agents = builder.CreateVector(&main_agent, 1);
  const auto none = builder.CreateString("none");
  const auto channel = builder.CreateString("bench");
  fb::BindingBuilder binding{builder};
  binding.add_agent_id(none);
  binding.add_channel(channel);
  const auto binding_table = binding.Finish();
  const auto bindings = builder.CreateVector(&binding_table, 1);
  const auto main_key = builder.CreateString("main");
  const auto default_agent = builder.CreateString("main");
  fb::ConfigAppliedBuilder policy{builder};
  policy.add_main_key(main_key);
  policy.add_default_agent(default_agent);
  policy.add_agents(agents);
  policy.add_bindings(bindings);
  policy.add_messages_per_minute(0);
  policy.add_default_dm_policy(fb::DmPolicy::open);
  builder.Finish(policy.Finish());
}

}  // namespace spine::bench
