// Deliveries: in line, attempted, arrived, postponed, dead.
#include "engine/core/deliveries/evolve.h"

namespace spine::core {
namespace {

template <class Body>
std::uint32_t row_of(const Folding& fold) {
  return fold.tables.deliveries.find(DeliveryId{fold.body<Body>().delivery()});
}

// A text that somebody asked to be sent has arrived or is given up; 0 = it is under way again.
void end_send(const Folding& fold, std::uint32_t row, Seq ended) {
  const DeliveryRow& delivery = fold.tables.deliveries[row];
  if (row != 0 && delivery.purpose == fb::DeliveryPurpose::sent) {
    fold.tables.sends.end(delivery.id, ended);
  }
}

}  // namespace

void fold_delivery_requested(const Folding& fold) {
  const auto& body = fold.body<fb::DeliveryRequested>();
  Deliveries& deliveries = fold.tables.deliveries;
  if (deliveries.full()) return;
  const RecordHeader& header = fold.event.header;
  deliveries.add({.id = DeliveryId{fold.seq().value},
                  .channel = ChannelId{body.channel()},
                  .lane = body.lane(),
                  .queued = fold.seq(),
                  .session = fold.session(),
                  .run = RunId{body.run()},
                  .principal = PrincipalId{header.principal},
                  .correlation = header.correlation,
                  .expires_ms = body.expires_ms(),
                  .created_wall_ms = fold.wall_ms(),
                  .preview = Seq{body.preview()},
                  .purpose = body.purpose()});
}

void fold_delivery_attempted(const Folding& fold) {
  fold.tables.deliveries.attempt(row_of<fb::DeliveryAttempted>(fold), fold.seq());
}

void fold_delivery_confirmed(const Folding& fold) {
  const std::uint32_t row = row_of<fb::DeliveryConfirmed>(fold);
  end_send(fold, row, fold.seq());
  fold.tables.deliveries.remove(row);
}

void fold_delivery_failed(const Folding& fold) {
  const auto& body = fold.body<fb::DeliveryFailed>();
  fold.tables.deliveries.fail(row_of<fb::DeliveryFailed>(fold), body.pieces(),
                              body.kind() != fb::DeliveryFailure::not_ready);
}

void fold_delivery_scheduled(const Folding& fold) {
  const auto& body = fold.body<fb::DeliveryRetryScheduled>();
  fold.tables.deliveries.postpone(row_of<fb::DeliveryRetryScheduled>(fold), body.not_before_ms());
}

void fold_delivery_dead(const Folding& fold) {
  const auto& body = fold.body<fb::DeliveryDeadLettered>();
  const std::uint32_t row = row_of<fb::DeliveryDeadLettered>(fold);
  end_send(fold, row, fold.seq());
  fold.tables.deliveries.bury(row, fold.seq(), body.reason());
}

void fold_delivery_retry(const Folding& fold) {
  const auto& body = fold.body<fb::DeliveryRetryRequested>();
  const std::uint32_t row = row_of<fb::DeliveryRetryRequested>(fold);
  end_send(fold, row, Seq{});
  fold.tables.deliveries.revive(row, fold.seq(), body.expires_ms());
}

void fold_delivery_discarded(const Folding& fold) {
  fold.tables.deliveries.remove(row_of<fb::DeliveryDiscarded>(fold));
}

void fold_delivery_previewed(const Folding& fold) {
  const auto& body = fold.body<fb::DeliveryPreviewed>();
  Tables& tables = fold.tables;
  if (body.delivery() != 0) {
    return tables.deliveries.set_preview(row_of<fb::DeliveryPreviewed>(fold), fold.seq());
  }
  const RunId run{body.run()};
  if (tables.runs.find_running(run) == 0) return;
  tables.previews.set(run, fold.seq(), cut_bytes(body.platform_id()));
}

}  // namespace spine::core
