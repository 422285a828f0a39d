// HistoryCut: counting, the event, and the answer.
#include "adapters/websocket/methods/history_cut.h"

#include <utility>

#include "schemas/vocab/limits.h"
#include "schemas/vocab/uuid.h"

namespace spine::net {

namespace input_kind = pipeline::input_kind;
using core::ReplyCode;

void HistoryCut::count(Responder& to, std::uint64_t before) {
  const std::string session = key;
  const Question question{input_kind::kQueryMessages, session, limits::kHistoryMessagesMax, before};
  to.ask(question, std::move(*this));
}

void HistoryCut::operator()(Responder& to, const pipeline::HistoryItem& item) {
  kept += item.events.size();
  if (item.more && !item.events.empty()) return count(to, item.events.front().seq.value);
  submit(to);
}

void HistoryCut::submit(Responder& to) {
  const Bits128 uuid = as_uuid(to.net.entropy.next());
  const fb::EventBody kind = forks ? build_fork(to.net, uuid) : build_rewound(to.net, uuid);
  const std::string session = key;
  to.submit(kind, {.session_key = session},
            [cut = std::move(*this)](Responder& client, const pipeline::ReplyItem& item) {
              cut.answer(client, item);
            });
}

fb::EventBody HistoryCut::build_rewound(Context& net, Bits128 uuid) const {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const fb::Bits128 id = put_bits(uuid);
    return fb::CreateSessionRewound(builder, at, &id, kept);
  });
}

// The engine names it: by its agent.
fb::EventBody HistoryCut::build_fork(Context& net, Bits128 uuid) const {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto channel = put_text(builder, "webchat");
    const auto named = put_text(builder, label);
    const fb::Bits128 id = put_bits(uuid);
    fb::SessionOpenedBuilder opened{builder};
    opened.add_uuid(&id);
    opened.add_conversation(fb::ConversationKind::direct);
    opened.add_channel(channel);
    opened.add_label(named);
    opened.add_forked_at(at);
    opened.add_message_count(kept);
    return opened.Finish();
  });
}

void HistoryCut::answer(Responder& to, const pipeline::ReplyItem& item) const {
  const bool nothing_after = !forks && item.reply.code == ReplyCode::nothing_to_do;
  if (!nothing_after && item.reply.code != ReplyCode::accepted) return refuse(to, item);
  to.respond([&](JsonWriter& json) {
    json.member("ok", true);
    json.member("key", item.session_key);
    json.member("sessionId", uuid_string(item.session_uuid));
    if (forks) {
      json.member("forkedFrom", key);
      if (at != 0) json.member("atSeq", at);
      json.member_if("label", label);
    } else {
      json.member("toSeq", at);
      json.member("rewound", !nothing_after);
    }
  });
}

void HistoryCut::refuse(Responder& to, const pipeline::ReplyItem& item) const {
  const std::string seq = std::to_string(item.reply.seq.value);
  const std::string asked = "seq " + std::to_string(at) + " is ";
  switch (item.reply.code) {
    case ReplyCode::label_taken:
      return to.refuse("label already in use: " + label, "LABEL_TAKEN", "label_taken");
    case ReplyCode::nothing_to_do:
      return to.refuse("nothing has been said in " + std::string{item.session_key} + " yet",
                       "HISTORY_EMPTY", "history_empty");
    case ReplyCode::before_history:
      return to.refuse(asked + "before the present conversation, which begins at seq " + seq,
                       "SEQ_OUT_OF_RANGE", "before_history");
    case ReplyCode::after_history:
      return to.refuse(asked + "behind the conversation, which ends at seq " + seq,
                       "SEQ_OUT_OF_RANGE", "after_history");
    case ReplyCode::history_full:
      return to.refuse(
          "too many sessions were rewound and forked, or this one too often: reset or delete "
          "some that are not needed",
          "HISTORY_FULL", "history_full");
    default:
      return to.refuse_reply(item);
  }
}

}  // namespace spine::net
