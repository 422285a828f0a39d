// Session rules: resets and deletions on request; connections of clients.
#include "engine/core/drafter.h"
#include "engine/core/evolve_rows.h"
#include "engine/core/fingerprint.h"
#include "engine/core/key_buffer.h"
#include "engine/core/session_key.h"
#include "engine/core/typed_key.h"
#include "schemas/vocab/utf8.h"

namespace spine::core {
namespace {

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
  const std::uint32_t row = tables.sessions.find(input.session);
  decision.reply.session = input.session;
  if (row == 0) {
    decision.reply.code = ReplyCode::not_found;
    return;
  }
  end_life(tables, input, decision, row, fb::AbortReason::session_reset);
}

void decide_session_close(const Tables& tables, const Input& input, Decision& decision) {
  const std::uint32_t row = tables.sessions.find(input.session);
  decision.reply.session = input.session;
  if (row == 0) {
    decision.reply.code = ReplyCode::not_found;
    return;
  }
  if (is_main_key(tables.policy, tables.sessions.text(tables.sessions.cold(row).key))) {
    decision.reply.code = ReplyCode::refused_main;
    return;
  }
  end_life(tables, input, decision, row, fb::AbortReason::session_closed);
}

void decide_session_open(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = *flatbuffers::GetRoot<fb::SessionOpened>(input.body.data());
  const Policy& policy = tables.policy;
  const std::string_view named = text_of(body.agent_id());
  KeyBuffer key;
  Reply& reply = decision.reply;
  if (!find_session_key(tables, named, text_of(body.key()), policy.ids, key)) {
    reply.code = ReplyCode::malformed_key;
    return;
  }
  if (const std::uint32_t row = tables.sessions.find_key(key.view()); row != 0) {
    reply.code = ReplyCode::done;
    reply.session = SessionId{tables.sessions.cold(row).id};
    return;
  }
  if (!bits_of(body.uuid())) {
    reply.code = ReplyCode::rejected;
    return;
  }
  const std::string_view agent = agent_of_key(key.view());
  const bool known = policy.agent_known(agent);
  if (!known || tables.sessions.full()) {
    reply.code = ReplyCode::rejected;
    reply.reason = known ? fb::RejectReason::table_full : fb::RejectReason::unknown_agent;
    return;
  }
  const std::string_view label = cut_text(text_of(body.label()), limits::kNameBytesMax);
  if (tables.sessions.find_label(label) != 0) {
    reply.code = ReplyCode::label_taken;
    return;
  }
  Drafter drafter(tables, input, decision);
  reply.session = SessionId{drafter.next_seq().value};
  const Why why{.principal = input.principal.value, .session = reply.session.value};
  const bool as_it_came = text_of(body.key()) == key.view() && named == agent;
  reply.seq = as_it_came
                  ? drafter.add_input(why)
                  : drafter.add_input(
                        why, input.kind,
                        drafter.session_body(SessionDraft{.key = key.view(),
                                                          .agent = agent,
                                                          .uuid = bits_of(body.uuid()),
                                                          .conversation = body.conversation(),
                                                          .channel = text_of(body.channel()),
                                                          .name = text_of(body.display_name()),
                                                          .label = label}));
}

void decide_session_patch(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = *flatbuffers::GetRoot<fb::SessionPatched>(input.body.data());
  const std::uint32_t row = tables.sessions.find(input.session);
  Reply& reply = decision.reply;
  reply.session = input.session;
  if (row == 0) {
    reply.code = ReplyCode::not_found;
    return;
  }
  if (names_field(body, fb::SessionField::label)) {
    const std::string_view label = cut_text(text_of(body.label()), limits::kNameBytesMax);
    const std::uint32_t owner = tables.sessions.find_label(label);
    if (owner != 0 && owner != row) {
      reply.code = ReplyCode::label_taken;
      return;
    }
  }
  if ((body.fields() & static_cast<std::uint32_t>(fb::SessionField::ANY)) == 0) {
    reply.code = ReplyCode::nothing_to_do;
    return;
  }
  Drafter drafter(tables, input, decision);
  reply.seq =
      drafter.add_input(Why{.principal = input.principal.value, .session = input.session.value});
}

void decide_client(const Tables& tables, const Input& input, Decision& decision) {
  const auto& client = *flatbuffers::GetRoot<fb::ClientConnected>(input.body.data());
  KeyBuffer key;
  key.add(text_of(client.principal_key())).fit(tables.meta.fingerprint_key);
  const std::uint32_t row = tables.principals.find_key(client.principal_kind(), key.view());
  Reply& reply = decision.reply;
  if (row == 0 && tables.principals.full()) {
    reply.code = ReplyCode::rejected;
    reply.reason = fb::RejectReason::table_full;
    return;
  }
  Drafter drafter(tables, input, decision);
  reply.principal = row != 0 ? PrincipalId{tables.principals.cold(row).id}
                             : PrincipalId{drafter.next_seq().value + 1};
  reply.seq = drafter.add_input(Why{.principal = reply.principal.value});
  if (row != 0) return;
  const std::string_view name = text_of(client.display_name());
  drafter.add_principal(Why{.cause = reply.seq.value,
                            .correlation = reply.seq.value,
                            .principal = reply.principal.value},
                        PrincipalDraft{.kind = client.principal_kind(),
                                       .key = key.view(),
                                       .name = name.empty() ? text_of(client.client_id()) : name});
}

}  // namespace spine::core
