// A queue bounded in bytes.
#include "adapters/websocket/recent_events.h"

#include <cstring>

#include "adapters/websocket/events.h"
#include "adapters/websocket/resuming.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

void RecentEvents::add(Seq seq, ByteSpan payload) {
  Row row{.seq = seq, .bytes = payload.size()};
  row.words.resize(align8(payload.size()) / 8);
  std::memcpy(row.words.data(), payload.data(), payload.size());
  bytes_ += payload.size();
  rows_.push_back(std::move(row));
  while (bytes_ > limits::kRecentBytesMax) {
    dropped_ = rows_.front().seq;
    bytes_ -= rows_.front().bytes;
    rows_.pop_front();
  }
}

void RecentEvents::clear() {
  rows_.clear();
  bytes_ = 0;
  dropped_ = Seq{};
}

bool RecentEvents::tell_after(Events& events, Resuming& resuming, Seq& upto) const {
  if (upto < dropped_) return false;
  const Seq from = upto;
  for (const Row& row : rows_) {
    if (!(from < row.seq)) continue;
    if (resuming.page_full() && row.seq != upto) return false;
    pipeline::EventItem item{};
    pipeline::read({reinterpret_cast<const std::byte*>(row.words.data()), row.bytes}, item);
    events.past_event(resuming, item);
    upto = row.seq;
  }
  return true;
}

}  // namespace spine::net
