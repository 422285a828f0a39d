// DeliveryAnswers: rows of the state, their requests, and what became of their attempts.
#include "engine/core/questions/delivery_answers.h"

#include <algorithm>
#include <utility>

#include "engine/core/model/views.h"
#include "engine/core/questions/delivery_content.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/utf8.h"

#include "event_generated.h"

namespace spine::core {
namespace {

using Body = fb::EventBody;

// Of the text of each delivery on a list.
constexpr std::size_t kListedTextBytes = 400;
// Of what happened to one delivery, the last.
constexpr std::size_t kHistoryEventsMax = 200;

bool is_of_deliveries(const EventView& event) {
  return event.header.kind >= static_cast<std::uint16_t>(Body::DeliveryRequested) &&
         event.header.kind <= static_cast<std::uint16_t>(Body::DeliveryRetryRequested);
}

// The wall clock's reading at that logical time, by today's difference of both.
std::int64_t wall_of(const State& state, std::uint64_t logical_ms) {
  const Instant now = state.now();
  return now.wall_ms + static_cast<std::int64_t>(logical_ms) -
         static_cast<std::int64_t>(now.logical_ms);
}

}  // namespace

DeliveryId delivery_of(const EventView& event) {
  switch (static_cast<Body>(event.header.kind)) {
    case Body::DeliveryRequested:
      return DeliveryId{event.seq.value};
    case Body::DeliveryAttempted:
      return DeliveryId{root_of<fb::DeliveryAttempted>(event).delivery()};
    case Body::DeliveryConfirmed:
      return DeliveryId{root_of<fb::DeliveryConfirmed>(event).delivery()};
    case Body::DeliveryFailed:
      return DeliveryId{root_of<fb::DeliveryFailed>(event).delivery()};
    case Body::DeliveryRetryScheduled:
      return DeliveryId{root_of<fb::DeliveryRetryScheduled>(event).delivery()};
    case Body::DeliveryDeadLettered:
      return DeliveryId{root_of<fb::DeliveryDeadLettered>(event).delivery()};
    case Body::DeliveryRetryRequested:
      return DeliveryId{root_of<fb::DeliveryRetryRequested>(event).delivery()};
    case Body::DeliveryDiscarded:
      return DeliveryId{root_of<fb::DeliveryDiscarded>(event).delivery()};
    default:
      return {};
  }
}

DeliveriesItem DeliveryAnswers::begin() const {
  DeliveriesItem item{};
  list_channel_loads(state_, item.channels);
  return item;
}

Result<DeliveriesItem> DeliveryAnswers::page(const std::vector<DeliveryId>& ids) {
  DeliveriesItem item = begin();
  for (const DeliveryId id : ids)
    SPINE_TRY_STATUS(add(id, kListedTextBytes, item));
  return item;
}

Result<DeliveriesItem> DeliveryAnswers::one(const std::vector<DeliveryId>& ids) {
  DeliveriesItem item = begin();
  for (const DeliveryId id : ids) {
    SPINE_TRY_STATUS(add(id, std::string::npos, item));
    DeliveryView delivery{};
    if (!view_delivery(state_, id, delivery)) continue;
    SPINE_TRY(item.history, history(delivery, kHistoryEventsMax, Seq{id.value}));
  }
  return item;
}

Status DeliveryAnswers::add(DeliveryId id, std::size_t text_max, DeliveriesItem& item) {
  ListedDelivery listed{};
  DeliveryView& delivery = listed.delivery;
  if (!view_delivery(state_, id, delivery)) return ok();
  const auto load = std::ranges::find(item.channels, delivery.channel, &ChannelLoad::id);
  if (load != item.channels.end()) {
    listed.channel = load->name;
    listed.account = load->account;
  }
  RunView run{};
  if (view_run(state_, delivery.run, run)) listed.run_key = run.key;
  SessionView session{};
  if (view_session(state_, delivery.session, session)) listed.session_key = session.key;
  if (delivery.status != DeliveryStatus::dead) {
    if (delivery.not_before_ms != 0)
      listed.not_before_wall_ms = wall_of(state_, delivery.not_before_ms);
    listed.expires_wall_ms = wall_of(state_, delivery.expires_ms);
  }
  DeliveryContent content{};
  SPINE_TRY_STATUS(content.read(source_, id));
  ChannelView channel{};
  if (view_channel(state_, delivery.channel, channel)) {
    content.conversation_id = conversation_now(state_, channel, content.conversation_id);
  }
  listed.conversation = content.conversation;
  listed.conversation_id = keep(std::move(content.conversation_id));
  listed.thread = keep(std::move(content.thread));
  listed.reply_to = keep(std::move(content.reply_to));
  for (const DeliveryFile& file : content.files)
    add_file_line(content.text, file.name, file.bytes);
  listed.text_bytes = content.text.size();
  listed.text = keep(std::string(cut_text(content.text, text_max)));
  SPINE_TRY_STATUS(find_failure(listed));
  item.deliveries.push_back(listed);
  return ok();
}

Status DeliveryAnswers::find_failure(ListedDelivery& listed) {
  if (!listed.delivery.attempted) return ok();
  SPINE_TRY(const std::vector<EventView> events,
            history(listed.delivery, kHistoryEventsMax, listed.delivery.attempted));
  for (const EventView& event : events) {
    if (!is_kind(event, Body::DeliveryFailed)) continue;
    const auto& failed = root_of<fb::DeliveryFailed>(event);
    listed.failed = event.seq;
    listed.failed_wall_ms = event.header.wall_ms;
    listed.failure = failed.kind();
    listed.problem = keep(std::string(text_of(failed.reason())));
  }
  return ok();
}

// What happened to it from `downto` on, ascending; of many events the last.
Result<std::vector<EventView>> DeliveryAnswers::history(const DeliveryView& delivery,
                                                        std::size_t events_max, Seq downto) {
  if (!delivery.session) return linked(delivery);
  const Seq last = delivery.ended ? delivery.ended : state_.applied();
  std::vector<EventView> events;
  SPINE_TRY_STATUS(source_.walk_back({.session = delivery.session, .first = downto, .last = last},
                                     [&](const EventView& event) -> Result<bool> {
                                       if (!is_of_deliveries(event)) return true;
                                       if (!event_is_readable(event))
                                         return unreadable_event(event);
                                       if (delivery_of(event) == delivery.id)
                                         events.push_back(source_.keep(event));
                                       return events.size() < events_max;
                                     }));
  if (events.empty()) return linked(delivery);  // the index may know less than the journal
  std::ranges::reverse(events);
  return events;
}

// Without a session there is no list of its events: those that its row and their causes name.
Result<std::vector<EventView>> DeliveryAnswers::linked(const DeliveryView& delivery) {
  std::vector<Seq> seqs{Seq{delivery.id.value}, delivery.queued, delivery.attempted};
  if (delivery.ended) {
    SPINE_TRY(const EventView dead, source_.event_at(delivery.ended));
    seqs.push_back(Seq{dead.header.cause});
    seqs.push_back(delivery.ended);
  }
  std::ranges::sort(seqs);
  seqs.erase(std::unique(seqs.begin(), seqs.end()), seqs.end());
  std::vector<EventView> events;
  for (const Seq seq : seqs) {
    if (!seq || seq > state_.applied()) continue;
    SPINE_TRY(const EventView event, source_.event_at(seq));
    if (delivery_of(event) == delivery.id) events.push_back(source_.keep(event));
  }
  return events;
}

}  // namespace spine::core
