// RecentEvents: what was told live while somebody was catching up, kept until they have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"

namespace spine::net {

class Events;
struct Resuming;

// Copies of event items, ascending. At most kRecentBytesMax: the oldest go first. Thread: net.
class RecentEvents {
 public:
  void add(Seq seq, ByteSpan payload);
  void clear();
  // Tells the connection what came after `upto`, and moves `upto` to the last it told. False when
  // more is missing: some of it is not here any more (then nothing is told), or the page is full.
  bool tell_after(Events& events, Resuming& resuming, Seq& upto) const;

 private:
  struct Row {
    Seq seq{};
    std::size_t bytes{};
    std::vector<std::uint64_t> words{};  // 8-aligned
  };
  std::deque<Row> rows_{};
  std::size_t bytes_{};
  Seq dropped_{};  // the latest event that is not here any more
};

}  // namespace spine::net
