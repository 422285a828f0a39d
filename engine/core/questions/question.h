// Question: what can be asked about the state and the journal, now or as of a moment of the past.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/bytes.h"

namespace spine::core {

// Numbers of input kinds that are not journalled (engine/pipeline/queues/ingress.h), of which these
// are some. Each is answered with one item of answers.h.
namespace question_kind {
inline constexpr std::uint16_t kQuerySessions = 0x100;  // a=offset, b=limit, text=agent id or ""
inline constexpr std::uint16_t kQuerySession = 0x101;   // text=session key as it was typed
inline constexpr std::uint16_t kQueryHistory = 0x102;   // a=limit, b=before seq or 0, text=the same
inline constexpr std::uint16_t kQueryRun = 0x103;       // text=run key
inline constexpr std::uint16_t kQueryDigest = 0x105;    // digest of the state
inline constexpr std::uint16_t kQueryDevice = 0x106;    // text=device id
inline constexpr std::uint16_t kQueryDevices = 0x107;   // a=offset, b=limit
inline constexpr std::uint16_t kQueryPairing = 0x108;   // live requests of senders
// a=1: text=label; a=2: text=sessionId or 8 or more of its first digits. Two rows = ambiguous.
inline constexpr std::uint16_t kQueryFindSession = 0x109;
inline constexpr std::uint16_t kQueryApprovals = 0x10B;  // open questions of agents
inline constexpr std::uint16_t kQueryRuns = 0x10C;       // a=limit, b=1: ended runs, else open ones
// Which sessions typed keys name, whether they are there or not. Of one key: text=the key, answered
// with a ReplyItem. Of several: text=a KeyList, answered with a SessionsItem.
inline constexpr std::uint16_t kResolveKey = 0x10D;
inline constexpr std::uint16_t kResolveKeys = 0x10E;
// As kQueryHistory, but of the messages alone: without tools and partial answers.
inline constexpr std::uint16_t kQueryMessages = 0x110;
inline constexpr std::uint16_t kQueryCounts = 0x113;    // how much of everything there is
inline constexpr std::uint16_t kQueryChannels = 0x114;  // accounts, and what waits for them
// The channels, and dead letters, the latest first: a=offset, b=limit, text=channel or "".
inline constexpr std::uint16_t kQueryDeliveries = 0x115;
inline constexpr std::uint16_t kQueryDelivery = 0x116;  // a=id of one, dead or not
inline constexpr std::uint16_t kQuerySend = 0x117;      // a=id of the delivery of a SendRequested
// The session of a conversation of a channel, whether it is there or not: text=a KeyList of
// channel, account, conversation id and thread, a=its fb::ConversationKind. Answered with a
// ReplyItem.
inline constexpr std::uint16_t kResolveConversation = 0x118;
}  // namespace question_kind

// Which question, and its arguments: the kind says what they are. Borrowed.
struct Question {
  std::uint16_t kind{};
  std::string_view text{};
  std::uint64_t a{};
  std::uint64_t b{};

  static void list(auto& question, auto& fields) {
    fields(question.kind, question.text, question.a, question.b);
  }
};

// Texts of any bytes, one after the other.
class KeyList {
 public:
  void add(std::string_view key) {
    std::array<std::byte, sizeof(std::uint32_t)> bytes{};
    spine::store(bytes.data(), static_cast<std::uint32_t>(key.size()));
    text_.append(as_text(bytes)).append(key);
  }
  std::string_view view() const { return text_; }
  // Calls f(key) for each. Of a text that is no KeyList, as far as it is one.
  template <class F>
  static void for_each(std::string_view text, F f) {
    while (text.size() >= sizeof(std::uint32_t)) {
      const auto bytes =
          static_cast<std::size_t>(spine::load<std::uint32_t>(as_bytes(text).data()));
      text.remove_prefix(sizeof(std::uint32_t));
      f(text.substr(0, bytes));
      text.remove_prefix(std::min(bytes, text.size()));
    }
  }

 private:
  std::string text_{};
};

}  // namespace spine::core
