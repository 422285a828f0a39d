// Session rules: resets and deletions on request; connections of clients.
#include "engine/core/drafter.h"
#include "engine/core/fingerprint.h"
#include "engine/core/key_buffer.h"
#include "engine/core/session_key.h"

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

void decide_client(const Tables& tables, const Input& input, Decision& decision) {
  const auto& client = *flatbuffers::GetRoot<fb::ClientConnected>(input.body.data());
  KeyBuffer key;
  key.add(text_of(client.principal_key())).fit(tables.meta.fingerprint_key);
  const std::uint32_t row = tables.principals.find_key(client.principal_kind(), key.view());
  Reply& reply = decision.reply;
  if (row == 0 && tables.principals.full()) {
    reply.code = ReplyCode::no_space;
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
