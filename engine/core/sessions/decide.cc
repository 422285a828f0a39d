// What becomes of sessions that are opened, changed, reset or deleted on request.
#include "engine/core/sessions/decide.h"

#include "engine/core/runs/decide.h"
#include "engine/core/sessions/evolve.h"
#include "engine/core/sessions/histories.h"
#include "engine/core/sessions/session_key.h"
#include "schemas/vocab/utf8.h"
#include "schemas/vocab/uuid.h"

namespace spine::core {
namespace {

// The row of the session that the input is about; 0, and a reply that says so = there is none.
std::uint32_t find_session(const Tables& tables, const Input& input, Decision& decision) {
  const std::uint32_t row = tables.sessions.find(input.session);
  decision.reply.session = input.session;
  if (row == 0) decision.refuse(ReplyCode::not_found);
  return row;
}

// The input event, then the end of every run that was open.
void end_life(const Tables& tables, const Input& input, Decision& decision,
              std::uint32_t session_row, fb::AbortReason reason) {
  Drafter drafter(tables, input, decision);
  Why why{.principal = input.principal.value, .session = input.session.value};
  decision.reply.seq = drafter.add_input(why);
  why.cause = why.correlation = decision.reply.seq.value;
  drafter.add_runs_aborted(why, open_runs(tables, session_row), reason);
}

// Whether the seq is part of that history, which is not empty; else the reply says what is wrong.
bool reaches(const HistoryParts& parts, Seq history_last, Seq seq, Decision& decision) {
  if (seq >= parts.front().first && seq <= history_last) return true;
  const bool before = seq < parts.front().first;
  decision.refuse(before ? ReplyCode::before_history : ReplyCode::after_history);
  decision.reply.seq = before ? parts.front().first : history_last;
  return false;
}

// What a session that is opened takes over from another one.
struct Fork {
  SessionId from{};  // 0 = it is no fork
  Seq at{};
  std::uint64_t message_count{};
  std::string_view agent{};
  std::string_view name{};
};

// False, with the reply that says so, when it cannot be forked there.
bool find_fork(const Tables& tables, const Input& input, Decision& decision, Fork& fork) {
  const auto& body = root_of<fb::SessionOpened>(input.body);
  fork.from = input.session ? input.session : SessionId{body.forked_from()};
  if (!fork.from) {
    // Only a fork names no key: the session that it was to begin as is not there.
    const bool named = !text_of(body.key()).empty();
    if (!named) decision.refuse(ReplyCode::not_found);
    return named;
  }
  decision.reply.session = fork.from;
  const std::uint32_t row = tables.sessions.find(fork.from);
  if (row == 0) {
    decision.refuse(ReplyCode::not_found);
    return false;
  }
  const SessionHot& hot = tables.sessions.hot(row);
  const SessionCold& cold = tables.sessions.cold(row);
  const HistoryParts parts = history_of(tables, row);
  if (parts.empty()) {
    decision.refuse(ReplyCode::nothing_to_do);
    return false;
  }
  fork.at = body.forked_at() == 0 ? hot.history_last : Seq{body.forked_at()};
  fork.message_count = fork.at == hot.history_last ? hot.message_count : body.message_count();
  fork.agent = tables.sessions.text(cold.agent_id);
  fork.name = tables.sessions.text(cold.display_name);
  if (!reaches(parts, hot.history_last, fork.at, decision)) return false;
  const SessionId next{tables.meta.applied.value + 1};
  if (tables.histories.has_room(next, cut_history(parts, fork.at))) return true;
  decision.refuse(ReplyCode::history_full);
  return false;
}

// The key of the session that is to be opened. False when what was typed is malformed.
bool find_new_key(const Tables& tables, const fb::SessionOpened& body, const Fork& fork,
                  KeyBuffer& key) {
  const std::string_view typed = text_of(body.key());
  if (!fork.from || !typed.empty()) {
    return find_session_key(tables, text_of(body.agent_id()), typed, tables.policy.ids, key);
  }
  const UuidText name = uuid_text(bits_of(body.uuid()));
  key.add("agent:").add(fork.agent).add(":dashboard:").add({name.data(), name.size()});
  return true;
}

}  // namespace

void decide_session_rewind(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::SessionRewound>(input.body);
  const std::uint32_t row = find_session(tables, input, decision);
  if (row == 0) return;
  const HistoryParts parts = history_of(tables, row);
  const Seq last = tables.sessions.hot(row).history_last;
  const Seq to{body.to()};
  const bool nothing_after = to == last && open_runs(tables, row).empty();
  if (parts.empty() || nothing_after) return decision.refuse(ReplyCode::nothing_to_do);
  if (!reaches(parts, last, to, decision)) return;
  if (!bits_of(body.uuid())) return decision.refuse(ReplyCode::rejected);
  if (!tables.histories.has_room(input.session, cut_history(parts, to))) {
    return decision.refuse(ReplyCode::history_full);
  }
  end_life(tables, input, decision, row, fb::AbortReason::session_reset);
}

void decide_session_reset(const Tables& tables, const Input& input, Decision& decision) {
  const std::uint32_t row = find_session(tables, input, decision);
  if (row != 0) end_life(tables, input, decision, row, fb::AbortReason::session_reset);
}

void decide_session_close(const Tables& tables, const Input& input, Decision& decision) {
  const std::uint32_t row = find_session(tables, input, decision);
  if (row == 0) return;
  if (is_main_key(tables.policy, tables.sessions.text(tables.sessions.cold(row).key))) {
    return decision.refuse(ReplyCode::refused_main);
  }
  end_life(tables, input, decision, row, fb::AbortReason::session_closed);
}

void decide_session_open(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::SessionOpened>(input.body);
  const Policy& policy = tables.policy;
  const std::string_view named = text_of(body.agent_id());
  KeyBuffer key;
  Reply& reply = decision.reply;
  Fork fork{};
  if (!find_fork(tables, input, decision, fork)) return;
  if (!find_new_key(tables, body, fork, key)) return decision.refuse(ReplyCode::malformed_key);
  if (const std::uint32_t row = tables.sessions.find_key(key.view()); row != 0) {
    reply.session = tables.sessions.id_of(row);
    return decision.refuse(ReplyCode::done);
  }
  if (!bits_of(body.uuid())) return decision.refuse(ReplyCode::rejected);
  const std::string_view agent = agent_of_key(key.view());
  if (!policy.agent_known(agent)) {
    return decision.refuse(ReplyCode::rejected, fb::RejectReason::unknown_agent);
  }
  if (tables.sessions.full()) {
    return decision.refuse(ReplyCode::rejected, fb::RejectReason::table_full);
  }
  const std::string_view label = cut_text(text_of(body.label()), limits::kNameBytesMax);
  if (tables.sessions.find_label(label) != 0) return decision.refuse(ReplyCode::label_taken);
  Drafter drafter(tables, input, decision);
  reply.session = SessionId{drafter.next_seq().value};
  const Why why{.principal = input.principal.value, .session = reply.session.value};
  const bool same_fork = fork.from.value == body.forked_from() &&
                         fork.at.value == body.forked_at() &&
                         fork.message_count == body.message_count();
  if (text_of(body.key()) == key.view() && named == agent && same_fork) {
    reply.seq = drafter.add_input(why);
    return;
  }
  reply.seq = drafter.add_input(
      why, drafter.session_body({.key = key.view(),
                                 .agent = agent,
                                 .uuid = bits_of(body.uuid()),
                                 .conversation = body.conversation(),
                                 .channel = text_of(body.channel()),
                                 .name = fork.from ? fork.name : text_of(body.display_name()),
                                 .label = label,
                                 .forked_from = fork.from,
                                 .forked_at = fork.at,
                                 .message_count = fork.message_count}));
}

void decide_session_patch(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::SessionPatched>(input.body);
  const std::uint32_t row = find_session(tables, input, decision);
  if (row == 0) return;
  if (names_field(body, fb::SessionField::label)) {
    const std::string_view label = cut_text(text_of(body.label()), limits::kNameBytesMax);
    const std::uint32_t owner = tables.sessions.find_label(label);
    if (owner != 0 && owner != row) return decision.refuse(ReplyCode::label_taken);
  }
  if (!names_field(body, fb::SessionField::ANY)) return decision.refuse(ReplyCode::nothing_to_do);
  decide_recorded(tables, input, decision);
}

}  // namespace spine::core
