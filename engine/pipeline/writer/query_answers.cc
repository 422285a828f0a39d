// What each question is answered: here what is about the process, the rest by the core.
#include "engine/pipeline/writer/query_answers.h"

#include <algorithm>
#include <cstring>

#include "engine/core/model/views.h"
#include "engine/pipeline/items/journal_page.h"
#include "engine/pipeline/items/outbox_sink.h"
#include "schemas/vocab/check.h"

namespace spine::pipeline {

void QueryAnswers::answer(const InputHeader& header, std::string_view text, Instant now) {
  if (header.kind == input_kind::kQueryStatus) return answer_status(header, now);
  if (header.kind == input_kind::kQueryGap) {
    ask_follower(header, ReadRequest::Kind::gap).from = Seq{std::max<std::uint64_t>(header.a, 1)};
    return;
  }
  if (header.kind == input_kind::kQueryJournal) return answer_journal(header, text);
  if (header.kind == input_kind::kQueryPast) {
    // Others answer it; it goes this way so that it sees what was decided before it.
    return write(out_.loop, header.connection, header.request, PastQuestionItem{text});
  }
  SPINE_CHECK(core::StateAnswers::kind_of_answer(header.kind).has_value());
  OutboxSink sink{out_.net, header.connection, header.request};
  const core::Question question{header.kind, text, header.a, header.b};
  const auto read = answers_.answer(question, now, sink);
  if (read) ask_follower(header, ReadRequest::Kind::answer).read = *read;
}

// Asks the follower, as of this moment.
ReadRequest& QueryAnswers::ask_follower(const InputHeader& header, ReadRequest::Kind kind) {
  return out_.reads.emplace_back(ReadRequest{.kind = kind,
                                             .connection = header.connection,
                                             .request = header.request,
                                             .as_of = state_.applied()});
}

void QueryAnswers::answer_journal(const InputHeader& header, std::string_view text) {
  JournalAsk ask{.start = static_cast<JournalStart>(header.a), .at = header.b};
  SPINE_CHECK(text.size() >= kFollowedKeyAt);
  std::memcpy(ask.kinds.data(), text.data(), sizeof(ask.kinds));
  std::memcpy(&ask.session.value, text.data() + kFollowedSessionAt, sizeof(ask.session.value));
  text.remove_prefix(kFollowedKeyAt);
  if (!ask.session && !text.empty()) {
    core::KeyBuffer key;
    if (core::find_typed_key(state_, text, key))
      ask.session = core::find_session(state_, key.view());
    if (!ask.session) return out_.answer(header, JournalPageItem{.no_session = true});
  }
  ReadRequest& read = ask_follower(header, ReadRequest::Kind::journal);
  if (ask.start == JournalStart::next) read.as_of = Seq{ask.at};
  read.journal = ask;
}

void QueryAnswers::answer_status(const InputHeader& header, Instant now) {
  const Metrics& metrics = shared_.metrics;
  StatusItem item{};
  item.state = answers_.counts(now);
  item.durable = journal_.durable();
  item.follower_applied = Seq{metrics.follower_applied_seq.get()};
  item.indexed = Seq{metrics.index_applied_seq.get()};
  item.snapshot = Seq{metrics.snapshot_seq.get()};
  item.journal_bytes = journal_.file_bytes();
  out_.answer(header, item);
}

void QueryAnswers::forward_delta(const InputHeader& header, std::string_view piece) {
  core::RunView run{};
  if (!core::view_run(state_, RunId{header.a}, run)) return;
  if (run.status != core::RunStatus::running) return;
  if (run.channel) {
    write(out_.loop, DeltaItem{.run = run.id,
                               .attempt = run.attempt,
                               .piece = piece,
                               .behind = core::is_behind(state_, run)});
  }
  if (shared_.event_interest.load(std::memory_order_seq_cst) == 0) return;
  core::SessionView session{};
  core::view_session(state_, run.session, session);
  write(out_.net, DeltaItem{.run = run.id,
                            .attempt = run.attempt,
                            .run_key = run.key,
                            .session_key = session.key,
                            .agent_id = run.agent_id,
                            .piece = piece});
}

}  // namespace spine::pipeline
