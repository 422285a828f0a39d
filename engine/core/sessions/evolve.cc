// Sessions that are opened, changed, begun afresh and closed.
#include "engine/core/sessions/evolve.h"

#include <algorithm>
#include <utility>

#include "engine/core/runs/evolve.h"

namespace spine::core {

void append_history(const Folding& fold, std::uint32_t session_row, Seq seq) {
  SessionHot& hot = fold.tables.sessions.hot(session_row);
  if (!hot.history_first) hot.history_first = seq;
  hot.history_last = seq;
  ++hot.message_count;
  hot.updated_wall_ms = fold.wall_ms();
}

void append_reply(const Folding& fold, std::uint32_t session_row, Seq message) {
  if (in_history(fold.tables, session_row, message)) append_history(fold, session_row, fold.seq());
}

void clear_history(const Folding& fold, std::uint32_t session_row) {
  SessionHot& hot = fold.tables.sessions.hot(session_row);
  hot.history_first = {};
  hot.history_last = {};
  hot.message_count = 0;
  hot.updated_wall_ms = fold.wall_ms();
  fold.tables.histories.forget(fold.tables.sessions.id_of(session_row));
}

namespace {

// From now on the session's history is those parts up to a seq, and what is said from now on.
void continue_history(const Folding& fold, std::uint32_t session_row, HistoryParts parts, Seq upto,
                      std::uint64_t message_count) {
  // In what others wrote the seq may be one that has not been.
  parts = cut_history(std::move(parts), std::min(upto, fold.seq()));
  clear_history(fold, session_row);
  if (parts.empty()) return;
  SessionHot& hot = fold.tables.sessions.hot(session_row);
  hot.history_last = parts.back().last;
  hot.message_count = message_count;
  fold.tables.histories.set(fold.tables.sessions.id_of(session_row), parts);
}

// A fork has the history of the other session up to a seq, and what was wished for that one.
void begin_fork(const Folding& fold, std::uint32_t session_row, SessionId from, Seq upto,
                std::uint64_t message_count) {
  Sessions& sessions = fold.tables.sessions;
  const std::uint32_t other = sessions.find(from);
  if (other == 0) return;
  continue_history(fold, session_row, history_of(fold.tables, other), upto, message_count);
  const std::string thinking_level{sessions.text(sessions.cold(other).thinking_level)};
  const std::string model{sessions.text(sessions.cold(other).model)};
  sessions.set_thinking_level(session_row, thinking_level);
  sessions.set_model(session_row, model);
}

}  // namespace

void fold_session_opened(const Folding& fold) {
  const auto& body = fold.body<fb::SessionOpened>();
  Sessions& sessions = fold.tables.sessions;
  const std::string_view key = cut_bytes(body.key(), limits::kKeyBytesMax);
  if (sessions.full() || sessions.find_key(key) != 0) return;
  SessionRow opened{};
  opened.id = SessionId{fold.seq().value};
  opened.uuid = bits_of(body.uuid());
  opened.owner = PrincipalId{fold.event.header.principal};
  opened.started_wall_ms = fold.wall_ms();
  opened.key = key;
  opened.agent_id = cut_bytes(body.agent_id());
  opened.channel = cut_bytes(body.channel());
  opened.display_name = cut_bytes(body.display_name());
  opened.label = text_of(body.label());
  opened.conversation = body.conversation();
  const std::uint32_t row = sessions.open(opened);
  clear_history(fold, row);
  if (fold.has_cause()) append_history(fold, row, Seq{fold.event.header.cause});
  if (body.forked_from() != 0) {
    begin_fork(fold, row, SessionId{body.forked_from()}, Seq{body.forked_at()},
               body.message_count());
  }
  sessions.touch(row, fold.logical_ms(), fold.seq());
  const std::uint32_t owner = fold.tables.principals.find(opened.owner);
  if (owner != 0) {
    ++fold.tables.principals.hot(owner).sessions;
    fold.tables.principals.settle(owner);
  }
}

void fold_session_reset(const Folding& fold) {
  const auto& body = fold.body<fb::SessionReset>();
  Sessions& sessions = fold.tables.sessions;
  const std::uint32_t row = sessions.find(fold.session());
  if (row == 0) return;
  sessions.begin_life(row, bits_of(body.uuid()), fold.wall_ms());
  clear_history(fold, row);
  fold.tables.bursts.forget_unanswered(fold.session());
  // A reset by time, or by "/new <text>", was caused by the first message of the new life.
  if (body.reason() != fb::ResetReason::manual && fold.has_cause()) {
    append_history(fold, row, Seq{fold.event.header.cause});
  }
  sessions.touch(row, fold.logical_ms(), fold.seq());
}

void fold_session_rewound(const Folding& fold) {
  const auto& body = fold.body<fb::SessionRewound>();
  Sessions& sessions = fold.tables.sessions;
  const std::uint32_t row = sessions.find(fold.session());
  if (row == 0) return;
  continue_history(fold, row, history_of(fold.tables, row), Seq{body.to()}, body.message_count());
  sessions.begin_conversation(row, bits_of(body.uuid()));
  fold.tables.bursts.forget_unanswered(fold.session());
  sessions.touch(row, fold.logical_ms(), fold.seq());
}

bool names_field(const fb::SessionPatched& body, fb::SessionField field) {
  return (body.fields() & static_cast<std::uint32_t>(field)) != 0;
}

void fold_session_patched(const Folding& fold) {
  const auto& body = fold.body<fb::SessionPatched>();
  Sessions& sessions = fold.tables.sessions;
  const std::uint32_t row = sessions.find(fold.session());
  if (row == 0) return;
  if (names_field(body, fb::SessionField::label)) sessions.set_label(row, text_of(body.label()));
  if (names_field(body, fb::SessionField::thinking_level)) {
    sessions.set_thinking_level(row, text_of(body.thinking_level()));
  }
  if (names_field(body, fb::SessionField::model)) sessions.set_model(row, text_of(body.model()));
  constexpr struct {
    fb::SessionField field;
    fb::SessionMark mark;
  } kMarks[]{{fb::SessionField::archived, fb::SessionMark::archived},
             {fb::SessionField::pinned, fb::SessionMark::pinned},
             {fb::SessionField::unread, fb::SessionMark::unread}};
  for (const auto& [field, mark] : kMarks) {
    const bool set = (body.marks() & static_cast<std::uint32_t>(mark)) != 0;
    if (names_field(body, field)) sessions.set_mark(row, mark, set);
  }
}

void fold_session_closed(const Folding& fold) {
  Tables& tables = fold.tables;
  const std::uint32_t row = tables.sessions.find(fold.session());
  if (row == 0) return;
  // The RunAborted that follows finds them ended and takes their end over.
  if (const std::uint32_t running = tables.sessions.hot(row).running; running != 0) {
    end_run(fold, running, RunStatus::aborted);
  }
  while (tables.sessions.hot(row).waiting.first != 0) {
    end_run(fold, tables.sessions.hot(row).waiting.first, RunStatus::aborted);
  }
  const std::uint32_t owner = tables.principals.find(tables.sessions.cold(row).owner);
  tables.histories.forget(fold.session());
  tables.bursts.forget_unanswered(fold.session());
  tables.sessions.close(row);
  if (owner != 0) {
    --tables.principals.hot(owner).sessions;
    tables.principals.touch(owner, fold.logical_ms(), fold.seq());
  }
}

}  // namespace spine::core
