// What becomes of sessions that are opened, changed, reset or deleted on request.
#include "engine/core/sessions/decide.h"

#include "engine/core/runs/decide.h"
#include "engine/core/sessions/evolve.h"
#include "engine/core/sessions/session_key.h"
#include "schemas/vocab/utf8.h"

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

}  // namespace

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
  if (!find_session_key(tables, named, text_of(body.key()), policy.ids, key)) {
    return decision.refuse(ReplyCode::malformed_key);
  }
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
  if (text_of(body.key()) == key.view() && named == agent) {
    reply.seq = drafter.add_input(why);
    return;
  }
  reply.seq = drafter.add_input(why, drafter.session_body({.key = key.view(),
                                                           .agent = agent,
                                                           .uuid = bits_of(body.uuid()),
                                                           .conversation = body.conversation(),
                                                           .channel = text_of(body.channel()),
                                                           .name = text_of(body.display_name()),
                                                           .label = label}));
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
