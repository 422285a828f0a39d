// Reports: the inputs, built one after the other.
#include "adapters/channels/interface/reports.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/pipeline/clock.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/utf8.h"

namespace spine::channels {
namespace {

constexpr auto kSource = static_cast<std::uint16_t>(Source::channel);

}  // namespace

Reports::Reports(pipeline::IngressProducer& producer, std::string channel, std::string account)
    : producer_(producer), channel_(std::move(channel)), account_(std::move(account)) {}

template <class Table>
void Reports::push(flatbuffers::Offset<Table> table) {
  builder_.Finish(table);
  const auto kind = static_cast<std::uint16_t>(fb::EventBodyTraits<Table>::enum_value);
  producer_.push({.kind = kind, .source = kSource}, finished(builder_));
  builder_.Clear();
}

Reports::Text Reports::text(std::string_view value, std::size_t bytes_max) {
  return put_text(builder_, cut_text(value, bytes_max));
}

Reports::Texts Reports::texts(std::span<const std::string> values) {
  std::vector<Text> list;
  for (const std::string& value : values.first(std::min(values.size(), limits::kPlatformIdsMax)))
    list.push_back(builder_.CreateString(value.substr(0, limits::kNameBytesMax)));
  return builder_.CreateVector(list);
}

void Reports::remember(std::string identity, std::string position, std::string position_of) {
  now_.identity = std::move(identity);
  now_.position = std::move(position);
  now_.position_of = std::move(position_of);
}

void Reports::received(Message message) {
  message.channel = channel_;
  message.account = account_;
  if (message.text.size() > limits::kTextBytesMax) {
    message.too_large = message.text.size();
    message.text = {};
  }
  build_message(message, pipeline::random128(), Bridge{.vouches = true}, builder_);
  producer_.push({.kind = kind_number(fb::EventBody::MessageReceived), .source = kSource},
                 finished(builder_));
  builder_.Clear();
}

void Reports::migrated(std::string_view from, std::string_view to) {
  const Text channel = text(channel_, limits::kNameBytesMax);
  const Text account = text(account_, limits::kNameBytesMax);
  const Text before = put_text(builder_, from);
  push(fb::CreateConversationMigrated(builder_, channel, account, before, put_text(builder_, to)));
}

void Reports::read_up_to(std::string_view identity, std::string_view position) {
  const Text channel = text(channel_, limits::kNameBytesMax);
  const Text account = text(account_, limits::kNameBytesMax);
  const Text of = text(identity, limits::kNameBytesMax);
  push(
      fb::CreateChannelRead(builder_, channel, account, of, text(position, limits::kNameBytesMax)));
}

void Reports::state(fb::ChannelState state, std::string_view problem, std::string_view identity) {
  const std::string_view shown = cut_text(problem, limits::kKeyBytesMax);
  const bool renamed = !identity.empty() && identity != now_.identity;
  const bool known = now_.since_wall_ms != 0;
  if (known && state == now_.state && shown == now_.problem && !renamed) return;
  if (!known || state != now_.state) now_.since_wall_ms = pipeline::wall_now_ms();
  now_.state = state;
  now_.problem = shown;
  if (renamed) now_.identity = identity;
  const Text channel = text(channel_, limits::kNameBytesMax);
  const Text account = text(account_, limits::kNameBytesMax);
  const Text why = text(shown, limits::kKeyBytesMax);
  const Text who = text(identity, limits::kNameBytesMax);
  push(fb::CreateChannelStateChanged(builder_, channel, account, state, why, who));
}

void Reports::exchanged() {
  now_.last_exchange_wall_ms = pipeline::wall_now_ms();
}

void Reports::confirmed(DeliveryId delivery, EffectId effect,
                        std::span<const std::string> platform_ids) {
  open_.erase(delivery.value);
  push(
      fb::CreateDeliveryConfirmed(builder_, delivery.value, effect.seq.value, texts(platform_ids)));
}

void Reports::failed(DeliveryId delivery, EffectId effect, const Failure& failure) {
  open_.erase(delivery.value);
  const Text reason = text(failure.reason, limits::kAgentMessageBytesMax);
  const Texts ids = texts(failure.platform_ids);
  push(fb::CreateDeliveryFailed(builder_, delivery.value, effect.seq.value, failure.kind, reason,
                                failure.retry_after_ms, failure.pieces, ids));
}

void Reports::previewed(RunId run, std::string_view platform_id) {
  const std::string_view id = cut_text(platform_id, limits::kNameBytesMax);
  // One that is told of after its run has ended stays: the oldest goes.
  if (previews_.size() >= limits::kPreviewsMax) previews_.erase(previews_.begin());
  previews_[run.value] = id;
  const Text shown = text(id, limits::kNameBytesMax);
  push(fb::CreateDeliveryPreviewed(builder_, run.value, shown));
}

const std::string* Reports::preview_of(RunId run) const {
  const auto found = previews_.find(run.value);
  return found == previews_.end() ? nullptr : &found->second;
}

}  // namespace spine::channels
