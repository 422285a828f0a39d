// Dispatcher: lanes, the bound of what one channel is given, dead letters.
#include "engine/core/deliveries/dispatcher.h"

#include <algorithm>
#include <string>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/phrases.h"
#include "schemas/vocab/siphash.h"

namespace spine::core {
namespace {

// What an agent says that has nothing to say.
constexpr std::string_view kNoReply = "NO_REPLY";
// Of a failure of which nothing more is known.
constexpr std::string_view kNoReason = "the agent failed.";
// Deliveries that one decision attempts or gives up: their events fit what is reserved for one.
constexpr std::size_t kTurnsPerDecision = 256;

}  // namespace

DeliveryRoute route_to(const Tables& tables, std::string_view channel,
                       const fb::MessageReceived& message) {
  const ChannelRow* row = tables.channels.find(channel, text_of(message.account()));
  if (row == nullptr) return {};
  const std::string_view conversation = text_of(message.conversation_id());
  return route_to(tables, *row, conversation.empty() ? text_of(message.sender_id()) : conversation);
}

DeliveryRoute route_to(const Tables& tables, const ChannelRow& channel,
                       std::string_view conversation_id) {
  // What it was called first, so that what waits from then stays in line before it.
  const std::string_view first =
      tables.migrations.first(channel.name, channel.account, conversation_id);
  const Bits128 hash = siphash128(tables.meta.fingerprint_key, as_bytes(first));
  // Two conversations with one hash wait for one another, and no more than that.
  return {channel.id, hash.lo ^ channel.id.value};
}

DeliveryAddress address_of(const fb::Address* to) {
  if (to == nullptr) return {};
  return {.conversation = to->conversation(),
          .conversation_id = text_of(to->conversation_id()),
          .thread = text_of(to->thread()),
          .reply_to = text_of(to->reply_to())};
}

DeliveryRoute route_to(const Tables& tables, const fb::DeliveryTarget& target) {
  const ChannelRow* row =
      tables.channels.find(text_of(target.channel()), text_of(target.account()));
  if (row == nullptr || target.to() == nullptr) return {};
  return route_to(tables, *row, text_of(target.to()->conversation_id()));
}

bool Dispatcher::has_room(const Tables& tables) {
  return tables.deliveries.count() + tables.runs.routed_count() < limits::kDeliveriesMax;
}

bool Dispatcher::is_silent(std::string_view text) {
  const std::string_view words = trimmed(text);
  return words.empty() || words == kNoReply;
}

bool Dispatcher::taken(std::uint32_t row) const {
  return std::find(taken_.begin(), taken_.end(), row) != taken_.end();
}

bool Dispatcher::is_first(const DeliveryRoute& route) const {
  // What is in line and ends with this decision is followed by what stood behind it.
  const bool in_line = tables_.deliveries.first_of(route.channel, route.lane) != 0;
  return !in_line && std::none_of(requested_.begin(), requested_.end(), [&](const auto& other) {
    return other.channel == route.channel && other.lane == route.lane;
  });
}

std::uint32_t Dispatcher::room(const ChannelRow& channel) const {
  const auto count = [&](const std::vector<ChannelId>& list) {
    return static_cast<std::uint32_t>(std::count(list.begin(), list.end(), channel.id));
  };
  const std::uint32_t held =
      tables_.deliveries.in_flight(channel.id) + count(started_) - count(freed_);
  return held < limits::kDeliveriesInFlightMax ? limits::kDeliveriesInFlightMax - held : 0;
}

Why Dispatcher::why_of(std::uint32_t row, Seq cause) const {
  const DeliveryRow& delivery = tables_.deliveries[row];
  return Why{.cause = cause.value,
             .correlation = delivery.correlation,
             .principal = delivery.principal.value,
             .session = delivery.session.value};
}

Seq Dispatcher::request(const DeliveryDraft& draft, const Why& why) {
  const ChannelRow* channel = tables_.channels.find(draft.route.channel);
  // The room of answers is kept while their runs are open.
  const std::size_t kept = draft.run ? 0 : tables_.runs.routed_count();
  if (channel == nullptr ||
      tables_.deliveries.count() + requested_.size() + kept >= limits::kDeliveriesMax) {
    return {};
  }
  const bool now = channel->usable() && room(*channel) != 0 && is_first(draft.route);
  const std::uint64_t expires_ms = now_ms_ + tables_.policy.delivery_rules(channel->name).ttl_ms;
  BodyBuilder& builder = drafter_.builder();
  const TextOffset text = put_text(builder, draft.text);
  const TextOffset place = put_text(builder, draft.to.conversation_id);
  const TextOffset thread = put_text(builder, draft.to.thread);
  const TextOffset reply_to = put_text(builder, draft.to.reply_to);
  const auto to = draft.to.conversation_id.empty()
                      ? flatbuffers::Offset<fb::Address>{}
                      : fb::CreateAddress(builder, draft.to.conversation, place, thread, reply_to);
  const Seq seq =
      drafter_.add(why, fb::CreateDeliveryRequested(builder, channel->id.value, draft.route.lane,
                                                    draft.message.value, to, draft.body.value, text,
                                                    draft.run.value, draft.purpose, expires_ms, {},
                                                    draft.preview.value));
  requested_.push_back(draft.route);
  if (!now) return seq;
  started_.push_back(channel->id);
  Why attempt = why;
  attempt.cause = seq.value;
  drafter_.add(attempt, fb::CreateDeliveryAttempted(drafter_.builder(), seq.value, 1));
  return seq;
}

void Dispatcher::request_answer(const Run& run, Seq ended, const fb::RunFinished& answer,
                                const Why& why) {
  if (!run.channel) return;
  const Preview preview = tables_.previews.find(run.id);
  const bool has_files = answer.files() != nullptr && answer.files()->size() != 0;
  if (!has_files && is_silent(text_of(answer.text()))) {
    if (!preview.platform_id.empty()) request_removal(run, preview.previewed, why);
    return;
  }
  request({.route = {run.channel, run.lane},
           .message = run.message,
           .body = ended,
           .run = run.id,
           .purpose = fb::DeliveryPurpose::answer,
           .preview = preview.previewed},
          why);
}

void Dispatcher::request_removal(const Run& run, Seq previewed, const Why& why) {
  request({.route = {run.channel, run.lane},
           .message = run.message,
           .run = run.id,
           .purpose = fb::DeliveryPurpose::removal,
           .preview = previewed},
          why);
}

void Dispatcher::tell_failure(const Run& run, std::string_view reason, const Why& why) {
  if (!run.channel) return;
  const std::string_view words = trimmed(reason);
  const std::string text = filled(tables_.policy.phrase(Phrase::answer_failed),
                                  {{"reason", words.empty() ? kNoReason : words}});
  request({.route = {run.channel, run.lane},
           .message = run.message,
           .text = text,
           .run = run.id,
           .purpose = fb::DeliveryPurpose::failure,
           .preview = tables_.previews.find(run.id).previewed},
          why);
}

// Attempts the delivery, which is the first of its lane and due; one that has expired goes to the
// dead letters, and the next of the lane takes its turn. Row of the one that was attempted; 0 =
// none.
std::uint32_t Dispatcher::take_turn(std::uint32_t row, Seq cause) {
  const Deliveries& deliveries = tables_.deliveries;
  for (; row != 0; row = deliveries.next(row)) {
    const DeliveryRow& delivery = deliveries[row];
    if (delivery.not_before_ms > now_ms_ || taken(row)) return 0;
    if (taken_.size() >= kTurnsPerDecision) return 0;
    taken_.push_back(row);
    if (delivery.expires_ms <= now_ms_) {
      bury(row, fb::DeadLetterReason::expired, cause);
      continue;
    }
    started_.push_back(delivery.channel);
    const auto attempt =
        static_cast<std::uint16_t>(delivery.attempts == 0xffff ? 0xffff : delivery.attempts + 1);
    drafter_.add(why_of(row, cause),
                 fb::CreateDeliveryAttempted(drafter_.builder(), delivery.id.value, attempt));
    return row;
  }
  return 0;
}

void Dispatcher::dispatch(const ChannelRow& channel, Seq cause) {
  const std::set<Deadline>* ready = tables_.deliveries.ready(channel.id);
  if (ready == nullptr) return;
  for (const Deadline& deadline : *ready) {
    if (deadline.due_ms > now_ms_ || taken_.size() >= kTurnsPerDecision || room(channel) == 0) {
      return;
    }
    take_turn(deadline.row, cause);
  }
}

void Dispatcher::expire(Seq cause) {
  for (const Deadline& deadline : tables_.deliveries.expiries()) {
    if (deadline.due_ms > now_ms_ || taken_.size() >= kTurnsPerDecision) return;
    if (taken(deadline.row)) continue;
    taken_.push_back(deadline.row);
    bury(deadline.row, fb::DeadLetterReason::expired, cause);
  }
}

void Dispatcher::dispatch_all(Seq cause) {
  for (const ChannelRow& channel : tables_.channels) {
    if (channel.usable()) dispatch(channel, cause);
  }
}

void Dispatcher::freed(std::uint32_t row, Seq cause) {
  const DeliveryRow& delivery = tables_.deliveries[row];
  freed_.push_back(delivery.channel);
  taken_.push_back(row);
  const ChannelRow* channel = tables_.channels.find(delivery.channel);
  if (channel != nullptr && channel->usable()) dispatch(*channel, cause);
}

void Dispatcher::ended(std::uint32_t row, Seq cause) {
  const std::size_t before = started_.size();
  // Others have waited for a free place: theirs come first, the next of this lane is ready then.
  freed(row, cause);
  if (started_.size() != before) return;
  const ChannelRow* channel = tables_.channels.find(tables_.deliveries[row].channel);
  if (channel != nullptr && channel->usable() && room(*channel) != 0) {
    take_turn(tables_.deliveries.next(row), cause);
  }
}

void Dispatcher::revived(std::uint32_t row, Seq cause) {
  const DeliveryRow& delivery = tables_.deliveries[row];
  const ChannelRow* channel = tables_.channels.find(delivery.channel);
  if (channel == nullptr || !channel->usable() || room(*channel) == 0 ||
      !is_first({delivery.channel, delivery.lane})) {
    return;
  }
  started_.push_back(channel->id);
  drafter_.add(why_of(row, cause),
               fb::CreateDeliveryAttempted(drafter_.builder(), delivery.id.value, 1));
}

void Dispatcher::bury(std::uint32_t row, fb::DeadLetterReason reason, Seq cause) {
  drafter_.add(why_of(row, cause),
               fb::CreateDeliveryDeadLettered(drafter_.builder(),
                                              tables_.deliveries.id_of(row).value, reason));
  ++buried_;
  make_room(cause);
}

// The oldest dead letter goes when there are too many with the one just added.
void Dispatcher::make_room(Seq cause) {
  const Deliveries& deliveries = tables_.deliveries;
  if (deliveries.dead_count() + buried_ <= limits::kDeadLettersKept) return;
  const std::uint32_t row =
      discarded_ == 0 ? deliveries.oldest_dead() : deliveries.next(discarded_);
  if (row == 0) return;
  discarded_ = row;
  drafter_.add(why_of(row, cause),
               fb::CreateDeliveryDiscarded(drafter_.builder(), deliveries.id_of(row).value, true));
}

std::uint64_t next_dispatch_ms(const Tables& tables) {
  const std::set<Deadline>& expiries = tables.deliveries.expiries();
  std::uint64_t due = expiries.empty() ? 0 : std::max<std::uint64_t>(expiries.begin()->due_ms, 1);
  for (const ChannelRow& channel : tables.channels) {
    const std::set<Deadline>* ready = tables.deliveries.ready(channel.id);
    if (!channel.usable() || ready == nullptr || ready->empty() ||
        tables.deliveries.in_flight(channel.id) >= limits::kDeliveriesInFlightMax) {
      continue;
    }
    const std::uint64_t first = std::max<std::uint64_t>(ready->begin()->due_ms, 1);
    if (due == 0 || first < due) due = first;
  }
  return due;
}

}  // namespace spine::core
