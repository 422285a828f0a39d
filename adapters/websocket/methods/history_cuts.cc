// sessions.rewind and sessions.fork: histories that are cut at a message, of the session itself or
// of a new one that begins like it.
#include <string>

#include "adapters/websocket/methods/methods.h"
#include "schemas/vocab/uuid.h"

namespace spine::net {
namespace {

namespace input_kind = pipeline::input_kind;
using core::ReplyCode;

// A history that is cut at a seq: that of the session itself, or of a fork of it. How many messages
// stay is not in the state: they are counted first, page by page.
struct HistoryCut {
  std::string key{};
  std::uint64_t at{};    // the last seq that stays; 0 = all of it does
  bool forks{};          // else the session is rewound
  std::string label{};   // of the fork
  std::uint64_t kept{};  // messages and replies that were counted

  void count(Responder& to, std::uint64_t before) {
    const std::string session = key;
    const Question question{input_kind::kQueryMessages, session, limits::kHistoryMessagesMax,
                            before};
    to.ask(question, std::move(*this));
  }
  void operator()(Responder& to, const pipeline::HistoryItem& item) {
    kept += item.events.size();
    if (item.more && !item.events.empty()) return count(to, item.events.front().seq.value);
    submit(to);
  }
  void submit(Responder& to) {
    const Bits128 uuid = as_uuid(to.net.entropy.next());
    const fb::EventBody kind = forks ? build_fork(to.net, uuid) : build_rewound(to.net, uuid);
    const std::string session = key;
    to.submit(kind, {.session_key = session},
              [cut = std::move(*this)](Responder& client, const pipeline::ReplyItem& item) {
                cut.answer(client, item);
              });
  }

 private:
  fb::EventBody build_rewound(Context& net, Bits128 uuid) const {
    return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
      const fb::Bits128 id = put_bits(uuid);
      return fb::CreateSessionRewound(builder, at, &id, kept);
    });
  }
  // The engine names it: by its agent.
  fb::EventBody build_fork(Context& net, Bits128 uuid) const {
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
  void answer(Responder& to, const pipeline::ReplyItem& item) const {
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
  void refuse(Responder& to, const pipeline::ReplyItem& item) const {
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
};

void sessions_rewind(Call& call) {
  if (!call.given("toSeq")) {
    return call.complain("toSeq", "must be the seq of the last message that stays");
  }
  if (!call.may_ask()) return;
  HistoryCut cut{.key = std::string{call.text("key")}, .at = call.number("toSeq")};
  cut.count(call, cut.at + 1);
}

void sessions_fork(Call& call) {
  if (!call.may_ask()) return;
  HistoryCut cut{.key = std::string{call.text("key")},
                 .at = call.number("atSeq"),
                 .forks = true,
                 .label = std::string{call.text("label")}};
  if (cut.at == 0) return cut.submit(call);  // its count is known
  cut.count(call, cut.at + 1);
}

constexpr Method kHistoryMethods[]{
    {"sessions.rewind",
     Scope::admin,
     {session_key("key"), number("toSeq", 1, kNumberMax, 0)},
     sessions_rewind},
    {"sessions.fork",
     Scope::write,
     {session_key("key"), number("atSeq", 1, kNumberMax, 0),
      optional_text("label", limits::kNameBytesMax, 1)},
     sessions_fork},
};

}  // namespace

std::span<const Method> history_methods() {
  return kHistoryMethods;
}

}  // namespace spine::net
