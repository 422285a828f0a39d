// Deliveries: when one is tried again, and when it is a dead letter.
#include "engine/core/deliveries/decide.h"

#include <algorithm>

#include "engine/core/deliveries/dispatcher.h"
#include "engine/core/runs/decide.h"

namespace spine::core {
namespace {

bool good_ids(const IdTexts* ids) {
  if (ids == nullptr) return true;
  return ids->size() <= limits::kPlatformIdsMax &&
         std::all_of(ids->begin(), ids->end(), [](const flatbuffers::String* id) {
           return id->size() <= limits::kNameBytesMax;
         });
}

// The outcome of the attempt, as the first event. Row, 0 = refused.
template <class Body>
std::uint32_t add_outcome(const Tables& tables, const Body& body, bool fits, Drafter& drafter,
                          Decision& decision) {
  const std::uint32_t row = tables.deliveries.find(DeliveryId{body.delivery()});
  const DeliveryRow& delivery = tables.deliveries[row];
  if (row == 0 || delivery.status != DeliveryStatus::attempted ||
      delivery.attempted.value != body.attempted()) {
    decision.refuse(ReplyCode::not_found);
    return 0;
  }
  if (!fits) {
    decision.refuse(ReplyCode::rejected);
    return 0;
  }
  decision.reply.session = delivery.session;
  decision.reply.run = delivery.run;
  decision.reply.seq = drafter.add_input(Why{.cause = delivery.attempted.value,
                                             .correlation = delivery.correlation,
                                             .principal = delivery.principal.value,
                                             .session = delivery.session.value});
  return row;
}

// Doubled with each attempt that counts.
std::uint64_t retry_ms(std::uint16_t attempts) {
  const unsigned doublings = std::min<unsigned>(attempts == 0 ? 0 : attempts - 1, 16);
  return std::min(limits::kDeliveryRetryMs << doublings, limits::kDeliveryRetryMsMax);
}

// A platform may say anything.
constexpr std::uint64_t kRateLimitMsMax = 24ULL * 3600 * 1000;

// How long to wait before another try of that delivery.
std::uint64_t wait_ms(const fb::DeliveryFailed& failed, const DeliveryRow& delivery,
                      std::uint64_t ttl_ms, std::uint64_t now_ms) {
  const std::uint64_t begun_ms = delivery.expires_ms - std::min(ttl_ms, delivery.expires_ms);
  switch (failed.kind()) {
    case fb::DeliveryFailure::not_ready:
      // The longer it has waited, the later it is asked again.
      return std::clamp((now_ms - std::min(begun_ms, now_ms)) / 8, limits::kDeliveryNotReadyMs,
                        limits::kDeliveryNotReadyMsMax);
    case fb::DeliveryFailure::rate_limited:
      return std::clamp<std::uint64_t>(failed.retry_after_ms(), limits::kDeliveryNotReadyMs,
                                       kRateLimitMsMax);
    default:
      return retry_ms(delivery.attempts);
  }
}

}  // namespace

void decide_delivery_confirmed(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::DeliveryConfirmed>(input.body);
  Drafter drafter(tables, input, decision);
  const std::uint32_t row =
      add_outcome(tables, body, good_ids(body.platform_ids()), drafter, decision);
  if (row != 0) Dispatcher(tables, input.now, drafter).ended(row, decision.reply.seq);
}

void decide_delivery_failed(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::DeliveryFailed>(input.body);
  const bool fits =
      good_ids(body.platform_ids()) && fit(limits::kAgentMessageBytesMax, body.reason());
  Drafter drafter(tables, input, decision);
  const std::uint32_t row = add_outcome(tables, body, fits, drafter, decision);
  if (row == 0) return;
  const Seq failed = decision.reply.seq;
  const std::uint64_t now_ms = input.now.logical_ms;
  const DeliveryRow& delivery = tables.deliveries[row];
  Dispatcher dispatcher(tables, input.now, drafter);
  const ChannelRow* channel = tables.channels.find(delivery.channel);
  const DeliveryRules rules =
      channel == nullptr ? DeliveryRules{} : tables.policy.delivery_rules(channel->name);
  const bool permanent = body.kind() == fb::DeliveryFailure::permanent;
  if (permanent || (body.kind() == fb::DeliveryFailure::unknown && !rules.at_least_once)) {
    dispatcher.bury(
        row, permanent ? fb::DeadLetterReason::permanent : fb::DeadLetterReason::unknown, failed);
    return dispatcher.ended(row, failed);
  }
  drafter.add(
      Why{.cause = failed.value,
          .correlation = delivery.correlation,
          .principal = delivery.principal.value,
          .session = delivery.session.value},
      fb::CreateDeliveryRetryScheduled(drafter.builder(), delivery.id.value,
                                       now_ms + wait_ms(body, delivery, rules.ttl_ms, now_ms)));
  // The place it had is free for another conversation.
  dispatcher.freed(row, failed);
}

void decide_delivery_retry(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::DeliveryRetryRequested>(input.body);
  const std::uint32_t row = tables.deliveries.find(DeliveryId{body.delivery()});
  const DeliveryRow& delivery = tables.deliveries[row];
  if (row == 0 || delivery.status != DeliveryStatus::dead) {
    return decision.refuse(ReplyCode::not_found);
  }
  const ChannelRow* channel = tables.channels.find(delivery.channel);
  if (channel == nullptr) return decision.refuse(ReplyCode::not_found);
  Drafter drafter(tables, input, decision);
  const Why why{.cause = delivery.ended.value,
                .correlation = delivery.correlation,
                .principal = input.principal.value,
                .session = delivery.session.value};
  const std::uint64_t expires_ms =
      input.now.logical_ms + tables.policy.delivery_rules(channel->name).ttl_ms;
  decision.reply.session = delivery.session;
  decision.reply.run = delivery.run;
  decision.reply.seq = drafter.add_input(
      why, fb::CreateDeliveryRetryRequested(drafter.builder(), delivery.id.value, expires_ms));
  Dispatcher(tables, input.now, drafter).revived(row, decision.reply.seq);
}

void decide_delivery_discard(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::DeliveryDiscarded>(input.body);
  const std::uint32_t row = tables.deliveries.find(DeliveryId{body.delivery()});
  const DeliveryRow& delivery = tables.deliveries[row];
  if (row == 0 || delivery.status != DeliveryStatus::dead || body.for_room()) {
    return decision.refuse(ReplyCode::not_found);
  }
  Drafter drafter(tables, input, decision);
  decision.reply.session = delivery.session;
  decision.reply.seq = drafter.add_input(Why{.cause = delivery.ended.value,
                                             .correlation = delivery.correlation,
                                             .principal = input.principal.value,
                                             .session = delivery.session.value});
}

// While the run is worked on it is the run's. Later it is that of the answer which waits; where
// there is none, as nothing is to be said, it goes.
void decide_delivery_previewed(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::DeliveryPreviewed>(input.body);
  const std::string_view platform_id = text_of(body.platform_id());
  const std::uint32_t row = tables.runs.find(RunId{body.run()});
  const Run& run = tables.runs[row];
  const bool running = row != 0 && run.status == RunStatus::running;
  const bool shown = running || (row != 0 && run.ended && run.status != RunStatus::aborted);
  if (!shown || !run.channel) return decision.refuse(ReplyCode::not_found);
  if (!fit(limits::kNameBytesMax, body.platform_id()) ||
      (running && !tables.previews.has_room(run.id))) {
    return decision.refuse(ReplyCode::rejected);
  }
  Why why = why_of(run);
  if (!running) why.cause = run.ended.value;
  const std::uint32_t answer = running ? 0 : tables.deliveries.find_answer(run.id);
  Drafter drafter(tables, input, decision);
  BodyBuilder& builder = drafter.builder();
  const TextOffset id = put_text(builder, platform_id);
  decision.reply.run = run.id;
  decision.reply.session = run.session;
  decision.reply.seq =
      drafter.add_input(why, fb::CreateDeliveryPreviewed(builder, run.id.value, id,
                                                         tables.deliveries.id_of(answer).value));
  const bool answered = running || answer != 0 || platform_id.empty();
  if (answered || !Dispatcher::has_room(tables)) return;
  why.cause = decision.reply.seq.value;
  Dispatcher(tables, input.now, drafter).request_removal(run, decision.reply.seq, why);
}

}  // namespace spine::core
