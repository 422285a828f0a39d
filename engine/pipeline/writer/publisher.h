// Publisher: sends what a decision led to: effects to agents, events to subscribers, the reply to
// the client that asked.
#pragma once

#include <string_view>
#include <vector>

#include "engine/core/model/decide.h"
#include "engine/core/model/departures.h"
#include "engine/core/model/effects.h"
#include "engine/core/model/kinds.h"
#include "engine/core/model/state.h"
#include "engine/pipeline/follower/follower.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/items/work_notice.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/outbox.h"
#include "engine/pipeline/queues/shared.h"
#include "journal/batch.h"

namespace spine::pipeline {

// Where everything leaves the engine thread. What is written to the producers, or put to
// `reads`, waits there for release(). Thread: engine.
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

// Reads the state and the batch that its owner changes. Thread: engine. Steady state allocates
// nothing.
class Publisher {
 public:
  Publisher(const Shared& shared, Outlets& out, const core::State& state,
            const journal::Batch& batch)
      : shared_(shared), out_(out), state_(state), batch_(batch) {}

  // A decision begins. Then, of each of its events, before it is folded: note().
  void begin() { gone_.clear(); }
  void note(const EventView& event) { gone_.note(state_, event); }
  // REQUIRES: the whole decision is folded in, so views show its outcome. `first`: first event.
  void tell(const core::Decision& decision, Seq first);
  // `key`: of the session that the input named; it may not be there. `decision`: null without one.
  void reply(const InputHeader& header, const core::Reply& reply, std::string_view key,
             const core::Decision* decision = nullptr);

 private:
  void emit_effects(const EventView& event);
  void emit_prompt(const EventView& event, const core::Effect& effect);
  void emit_steer(const core::Effect& effect);
  void emit_control(const EventView& event);
  void emit_acknowledgement(const EventView& event);
  void emit_work(const core::Effect& effect);
  void emit_switch(const EventView& event);
  void tell_watchers(const EventView& event, const core::Kind& kind);
  bool view_approval_of(const EventView& event, core::ApprovalView& out) const;
  bool at_hand(Seq seq) const;

  const Shared& shared_;
  Outlets& out_;
  const core::State& state_;
  const journal::Batch& batch_;
  core::Departures gone_{};  // with the decision in hand
  core::Effects effects_{};
  std::vector<RunId> runs_{};
  WorkNotice work_{};
};

}  // namespace spine::pipeline
