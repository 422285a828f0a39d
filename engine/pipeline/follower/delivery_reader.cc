// DeliveryReader: the state's row of the attempt, and its content.
#include "engine/pipeline/follower/delivery_reader.h"

#include "engine/core/model/views.h"
#include "schemas/fields.h"

namespace spine::pipeline {

Status DeliveryReader::read_preview(Seq previewed) {
  preview_id_.clear();
  if (!previewed) return ok();
  SPINE_TRY(const EventView event, events_.event_at(previewed));
  if (is_kind(event, fb::EventBody::DeliveryPreviewed)) {
    preview_id_ = text_of(root_of<fb::DeliveryPreviewed>(event).platform_id());
  }
  return ok();
}

bool DeliveryReader::read_work(RunId id, EffectId effect) {
  core::RunView run{};
  if (!core::view_run(state_, id, run) || run.status != core::RunStatus::running ||
      run.started != effect.seq) {
    return false;
  }
  const Result<EventView> message = events_.event_at(run.message);
  return message && work_.begins(state_, run, *message);
}

bool DeliveryReader::read(DeliveryId id, EffectId effect) {
  core::DeliveryView delivery{};
  if (!core::view_delivery(state_, id, delivery) || delivery.attempted != effect.seq ||
      delivery.status != core::DeliveryStatus::attempted ||
      !core::view_channel(state_, delivery.channel, channel_)) {
    return false;
  }
  const Result<bool> requested = content_.read(events_, id);
  problem_.clear();
  if (!requested) {
    problem_ = requested.error().message;
  } else if (!*requested) {
    problem_ = "The journal does not say what was to be sent.";
  }
  if (const Status preview = read_preview(delivery.preview); !preview) {
    problem_ = preview.error().message;
  }
  const std::string_view address =
      core::conversation_now(state_, channel_, content_.conversation_id);
  item_ = DeliverItem{.effect = effect,
                      .delivery = id,
                      .run = delivery.run,
                      .attempt = delivery.attempts,
                      .pieces = delivery.pieces,
                      .purpose = delivery.purpose,
                      .conversation = content_.conversation,
                      .channel = channel_.name,
                      .account = channel_.account,
                      .conversation_id = address,
                      .thread = content_.thread,
                      .reply_to = content_.reply_to,
                      .preview_id = preview_id_,
                      .text = content_.text,
                      .problem = problem_};
  for (const core::DeliveryFile& file : content_.files) {
    item_.files.push_back({.name = file.name,
                           .mime_type = file.mime_type,
                           .sha256 = file.sha256,
                           .bytes = file.bytes,
                           .kind = file.kind});
  }
  return true;
}

}  // namespace spine::pipeline
