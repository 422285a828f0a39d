// Histories, ends of runs, since when runs wait, and deliveries.
#include "engine/core/questions/journal_answers.h"

#include <vector>

#include "engine/core/model/views.h"
#include "engine/core/questions/delivery_answers.h"
#include "schemas/fields.h"

namespace spine::core {

Status JournalAnswers::answer(const JournalRead& read, AnswerSink& sink) {
  switch (read.kind) {
    case JournalRead::Kind::history: {
      HistoryReader reader{state_, source_};
      SPINE_TRY(const HistoryItem item,
                reader.read(read.session, read.before, read.limit, read.lines));
      sink.emit(item);
      return ok();
    }
    case JournalRead::Kind::run_end: {
      SPINE_TRY(const RunItem item, read_end(read.run));
      sink.emit(item);
      return ok();
    }
    case JournalRead::Kind::runs: {
      SPINE_TRY(const RunsItem item, read_runs(read.limit, read.ended));
      sink.emit(item);
      return ok();
    }
    case JournalRead::Kind::send_end: {
      SPINE_TRY(const SendItem item, read_send(read.before));
      sink.emit(item);
      return ok();
    }
    case JournalRead::Kind::deliveries:
    case JournalRead::Kind::delivery: {
      DeliveryAnswers deliveries{state_, source_};
      SPINE_TRY(DeliveriesItem item, read.kind == JournalRead::Kind::delivery
                                         ? deliveries.one(read.deliveries)
                                         : deliveries.page(read.deliveries));
      item.total = read.total;
      sink.emit(item);
      return ok();
    }
  }
  return ok();
}

Result<RunItem> JournalAnswers::read_end(RunId id) {
  RunItem item{};
  item.found = view_run(state_, id, item.run);
  if (!item.found) return item;
  SessionView session{};
  if (view_session(state_, item.run.session, session)) item.session_key = session.key;
  if (item.run.ended) {
    SPINE_TRY(item.end, source_.event_at(item.run.ended));
    item.has_end = true;
  }
  return item;
}

Result<SendItem> JournalAnswers::read_send(Seq end) {
  SendItem item{.found = true, .has_end = true};
  SPINE_TRY(item.end, source_.event_at(end));
  const Seq cause{item.end.header.cause};
  if (!cause || !is_kind(item.end, fb::EventBody::DeliveryDeadLettered)) return item;
  SPINE_TRY(item.failure, source_.event_at(cause));
  item.has_failure = is_kind(item.failure, fb::EventBody::DeliveryFailed);
  return item;
}

// Of open ones the oldest `limit`, of ended ones the latest. The state does not keep since when a
// run waits: the event that queued it, whose seq is its id, knows.
Result<RunsItem> JournalAnswers::read_runs(std::uint64_t limit, bool ended) {
  RunsItem item{};
  std::vector<RunId> ids;
  const auto list = ended ? list_ended_runs : list_open_runs;
  item.total = list(state_, static_cast<std::size_t>(limit), ids);
  for (const RunId id : ids) {
    ListedRun& listed = item.runs.emplace_back();
    view_run(state_, id, listed.run);
    SessionView session{};
    if (view_session(state_, listed.run.session, session)) {
      listed.session_key = session.key;
      if (!ended && session.active_run != id) listed.behind_run_key = session.active_run_key;
    }
    SPINE_TRY(const EventView queued, source_.event_at(Seq{id.value}));
    listed.queued_wall_ms = queued.header.wall_ms;
  }
  return item;
}

}  // namespace spine::core
