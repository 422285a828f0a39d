// What becomes of a client that connects: whose connection it is.
#include "engine/core/principals/decide.h"

namespace spine::core {

void decide_client(const Tables& tables, const Input& input, Decision& decision) {
  const auto& client = root_of<fb::ClientConnected>(input.body);
  KeyBuffer key;
  key.add(text_of(client.principal_key())).fit(tables.meta.fingerprint_key);
  const std::uint32_t row = tables.principals.find_key(client.principal_kind(), key.view());
  if (row == 0 && tables.principals.full()) {
    return decision.refuse(ReplyCode::rejected, fb::RejectReason::table_full);
  }
  Drafter drafter(tables, input, decision);
  Reply& reply = decision.reply;
  reply.principal =
      row != 0 ? tables.principals.id_of(row) : PrincipalId{drafter.next_seq().value + 1};
  Why why{.principal = reply.principal.value};
  reply.seq = drafter.add_input(why);
  if (row != 0) return;
  why.cause = why.correlation = reply.seq.value;
  const std::string_view name = text_of(client.display_name());
  BodyBuilder& builder = drafter.builder();
  const TextOffset added = builder.CreateString(key.view());
  const TextOffset called = builder.CreateString(name.empty() ? text_of(client.client_id()) : name);
  drafter.add(why, fb::CreatePrincipalAdded(builder, client.principal_kind(), added, called));
}

}  // namespace spine::core
