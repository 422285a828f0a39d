// Outcomes of deliveries, as inputs.
#include "tests/unit/websocket/scripted_channel.h"

#include <string>
#include <vector>

#include "schemas/fields.h"
#include "schemas/vocab/record.h"

namespace spine::test {

void ScriptedChannel::push(fb::EventBody kind) {
  producer_.push({.kind = static_cast<std::uint16_t>(kind),
                  .source = static_cast<std::uint16_t>(Source::channel)},
                 finished(builder_));
}

void ScriptedChannel::deliver(const pipeline::DeliverItem& item) {
  if (item.text.find("lose") != std::string_view::npos) return;
  builder_.Clear();
  const bool refuses = item.text.find("refuse") != std::string_view::npos;
  if (refuses && refused_.insert(item.delivery).second) {
    const auto reason = builder_.CreateString("chat not found\x1b[31m");
    builder_.Finish(fb::CreateDeliveryFailed(builder_, item.delivery.value, item.effect.seq.value,
                                             fb::DeliveryFailure::permanent, reason));
    return push(fb::EventBody::DeliveryFailed);
  }
  const auto ids = builder_.CreateVectorOfStrings(std::vector<std::string>{"p1"});
  builder_.Finish(
      fb::CreateDeliveryConfirmed(builder_, item.delivery.value, item.effect.seq.value, ids));
  push(fb::EventBody::DeliveryConfirmed);
}

}  // namespace spine::test
