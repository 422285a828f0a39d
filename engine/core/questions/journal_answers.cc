// Histories, ends of runs, and since when runs wait.
#include "engine/core/questions/journal_answers.h"

#include <vector>

#include "engine/core/model/views.h"

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
      SPINE_TRY(const RunsItem item, read_open(read.limit));
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

// The oldest `limit`. The state does not keep since when a run waits: the event that queued it,
// whose seq is its id, knows.
Result<RunsItem> JournalAnswers::read_open(std::uint64_t limit) {
  RunsItem item{};
  std::vector<RunId> ids;
  item.total = list_open_runs(state_, static_cast<std::size_t>(limit), ids);
  for (const RunId id : ids) {
    OpenRun& open = item.runs.emplace_back();
    view_run(state_, id, open.run);
    SessionView session{};
    if (view_session(state_, open.run.session, session)) {
      open.session_key = session.key;
      if (session.active_run != id) open.behind_run_key = session.active_run_key;
    }
    SPINE_TRY(const EventView queued, source_.event_at(Seq{id.value}));
    open.queued_wall_ms = queued.header.wall_ms;
  }
  return item;
}

}  // namespace spine::core
