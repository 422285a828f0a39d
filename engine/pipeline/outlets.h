// Outlets: where everything leaves the engine thread, once what it tells of is durable.
#pragma once

#include <vector>

#include "engine/pipeline/follower.h"
#include "engine/pipeline/messages.h"
#include "engine/pipeline/outbox.h"

namespace spine::pipeline {

// What is written to the producers, or put to `reads`, waits there for release(). Thread: engine.
struct Outlets {
  OutboxProducer& net;
  OutboxProducer& loop;
  Follower& follower;
  std::vector<ReadRequest> reads{};  // of the follower

  // An answer to whoever sent the input.
  template <class Item>
  void answer(const InputHeader& asked, const Item& item) {
    write(net, asked.connection, asked.request, item);
  }

  // REQUIRES: everything that was decided is durable.
  void release(Seq durable) {
    net.flush();
    loop.flush();
    for (const ReadRequest& read : reads)
      follower.ask(read);
    follower.advance(durable, reads.empty() ? Follower::Hurry::no : Follower::Hurry::yes);
    reads.clear();
  }
};

}  // namespace spine::pipeline
