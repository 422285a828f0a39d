// HistoryCut: a history that is cut at a message: that of the session itself, or of a new one that
// begins like it.
#pragma once

#include <cstdint>
#include <string>

#include "adapters/websocket/protocol/respond.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/vocab/record.h"

namespace spine::net {

// How many messages stay is not in the state: they are counted first, page by page. It moves into
// the continuation of each question that it asks. Thread: net.
struct HistoryCut {
  std::string key{};
  std::uint64_t at{};    // the last seq that stays; 0 = all of it does
  bool forks{};          // else the session is rewound
  std::string label{};   // of the fork
  std::uint64_t kept{};  // messages and replies that were counted

  // Counts what stays before that seq, then submits.
  void count(Responder& to, std::uint64_t before);
  void operator()(Responder& to, const pipeline::HistoryItem& item);
  // Hands the cut in, and answers the request with what came of it. REQUIRES: `kept` is known, or
  // `at` is 0.
  void submit(Responder& to);

 private:
  fb::EventBody build_rewound(Context& net, Bits128 uuid) const;
  fb::EventBody build_fork(Context& net, Bits128 uuid) const;
  void answer(Responder& to, const pipeline::ReplyItem& item) const;
  void refuse(Responder& to, const pipeline::ReplyItem& item) const;
};

}  // namespace spine::net
