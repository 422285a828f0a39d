// DeliveryExplainer: the delivery's events in the chain, and its row in the state.
#include "replay/trace/delivery_explainer.h"

#include <fmt/format.h>

#include "replay/timeline/moment.h"
#include "schemas/fields.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

using Body = fb::EventBody;

// The last event of that kind about the delivery; null = there is none.
const Step* last_step(const Chain& chain, DeliveryId delivery, Body kind) {
  const Step* found = nullptr;
  for (const Step& step : chain.steps())
    if (step.delivery == delivery && is_kind(step.header.kind, kind)) found = &step;
  return found;
}

}  // namespace

DeliveryId delivery_of_run(const Chain& chain, RunId run) {
  for (const Step& step : chain.steps())
    if (run && step.answers == run) return step.delivery;
  return {};
}

void DeliveryExplainer::explain(DeliveryId delivery, Explanation& out) const {
  for (const Step& step : chain_.steps()) {
    if (step.delivery != delivery) continue;
    out.add(step.seq,
            fmt::format("{}  {}  {}", utc_text(step.header.wall_ms), step.kind, step.summary));
  }
  out.delivery = fmt::to_string(delivery.value);
  core::DeliveryView row{};
  const Reason reason = core::view_delivery(state_, delivery, row) ? reason_of_row(row, out)
                                                                   : reason_of_end(delivery);
  const bool answered = out.reason == Reason::answered || out.reason == Reason::unknown;
  if (answered) out.reason = reason;
}

Reason DeliveryExplainer::reason_of_end(DeliveryId delivery) const {
  if (last_step(chain_, delivery, Body::DeliveryConfirmed) != nullptr) return Reason::delivered;
  return last_step(chain_, delivery, Body::DeliveryDiscarded) != nullptr
             ? Reason::delivery_discarded
             : Reason::unknown;
}

Reason DeliveryExplainer::reason_of_row(const core::DeliveryView& delivery,
                                        Explanation& out) const {
  switch (delivery.status) {
    case core::DeliveryStatus::dead:
      return reason_of(delivery.reason);
    case core::DeliveryStatus::attempted:
      return Reason::delivery_under_way;
    default:
      return waiting_reason(delivery, out);
  }
}

Reason DeliveryExplainer::waiting_reason(const core::DeliveryView& delivery,
                                         Explanation& out) const {
  const core::EngineMemory engine = core::view_engine(state_);
  if (engine.stopped) {
    out.add(engine.started, "the process that started here has stopped in order");
    return Reason::delivery_stopped;
  }
  core::ChannelView channel{};
  if (core::view_channel(state_, delivery.channel, channel) && !channel.usable()) {
    out.add(fmt::format("{} is {}{}", printable(channel.name),
                        fb::EnumNameChannelState(channel.state),
                        channel.problem.empty() ? "" : ": " + printable(channel.problem)));
    return Reason::delivery_channel_away;
  }
  const std::uint64_t now_ms = state_.now().logical_ms;
  if (delivery.not_before_ms <= now_ms) return Reason::delivery_in_line;
  out.add(fmt::format("it may be tried again in {}",
                      show_duration_ms(delivery.not_before_ms - now_ms)));
  const Step* failed = last_step(chain_, delivery.id, Body::DeliveryFailed);
  const bool limited = failed != nullptr && failed->rate_limited;
  return limited ? Reason::delivery_rate_limited : Reason::delivery_retried;
}

}  // namespace spine::replay
