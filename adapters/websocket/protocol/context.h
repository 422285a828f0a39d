// Context: what every part of this adapter works with: the connections, the way to the engine, and
// the tables that several parts read.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <flatbuffers/flatbuffers.h>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/http/facts.h"
#include "adapters/websocket/protocol/devices.h"
#include "adapters/websocket/protocol/entropy.h"
#include "adapters/websocket/protocol/hub.h"
#include "adapters/websocket/protocol/known_approvals.h"
#include "adapters/websocket/protocol/options.h"
#include "adapters/websocket/protocol/params.h"
#include "adapters/websocket/protocol/pending.h"
#include "adapters/websocket/protocol/served_accounts.h"
#include "adapters/websocket/protocol/waited_sends.h"
#include "adapters/websocket/protocol/watched_runs.h"
#include "engine/core/questions/question.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/outbox.h"
#include "engine/pipeline/queues/shared.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::net {

class Call;
class Door;
class Events;
class JournalStreams;

// One entry of a namespace's table: what a method needs, and what it does.
struct Method {
  std::string_view name{};
  Scope scope{};
  ParamList params{};
  void (*body)(Call&){};
  // Its answer comes from answers to questions, so it can be asked about the past: `asOf` among its
  // parameters, a seq or a text that names a moment. What else is in the answer, from the running
  // process or from lists of the configuration, is then left out; the defaults that sessions are
  // shown with are those in force now.
  bool past{};
  std::string_view why_now{};  // of one that only reads: why it cannot be; empty = it is no reading
};
inline constexpr bool kPast = true;

// The moment that a request is about: now, unless one of both is set. Borrowed for the call.
struct AsOf {
  std::string_view moment{};  // as it was asked for
  Seq seq{};                  // as it was found: the state after this event
  std::int64_t wall_ms{};     // of that event
};

using core::Question;

// A question that waits until the engine has answered others.
struct WaitingQuery {
  pipeline::InputHeader header{};
  std::string text{};
};

// A connection that is to be closed, and why.
struct Cut {
  ConnectionRef connection{};
  std::string_view why{};  // a literal
};

// Thread: net. References outlive it.
struct Context {
  Context(const NetOptions& net_options, pipeline::Shared& shared_state,
          pipeline::IngressProducer& producer)
      : options(net_options), shared(shared_state), ingress(producer), hub(shared_state.metrics) {}

  const NetOptions& options;
  pipeline::Shared& shared;
  pipeline::IngressProducer& ingress;
  Hub hub;
  std::atomic<const config::Config*> live_config{options.config};
  std::span<const Method> methods{};  // all that are served, by name ascending
  // Owned, and set, by the Switchboard.
  Door* door{};
  Events* events{};
  JournalStreams* journal{};

  PendingTable pending{};
  DeviceRequests device_requests{};
  WatchedRuns runs{};
  WaitedSends sends{shared.delivery_interest};
  KnownApprovals approvals{};
  ServedAccounts served{};
  // The newest reports of the loop thread and the engine thread; null = none yet.
  std::unique_ptr<pipeline::AgentsReport> agents_report{};
  std::unique_ptr<pipeline::SkillsReport> skills_report{};
  std::unique_ptr<pipeline::ChannelsReport> channels_report{};
  std::unique_ptr<pipeline::ChannelLoadsReport> channel_loads{};
  Entropy entropy{};
  flatbuffers::FlatBufferBuilder builder{4096};
  std::string scratch{};                    // payload of the push being sent
  std::vector<std::uint32_t> interested{};  // slots that get events
  std::vector<std::uint32_t> resumed{};     // slots to be read from again
  std::vector<Cut> to_cut{};                // at the end of the turn
  std::deque<WaitingQuery> waiting_queries{};
  std::size_t queries_at_once{};     // with the engine or the follower
  std::size_t subscribed_keys{};     // of all connections
  std::uint64_t inputs_waiting{};    // handed in with a reply wanted, not answered
  std::uint64_t waiting_since_ms{};  // since there are any
  std::size_t previews{};            // being gathered
  // Edits of the configuration: when the minute began, how many it had, whether one is on its way
  // to the journal.
  struct {
    std::uint64_t since_ms{};
    std::uint32_t count{};
    bool under_way{};
  } edits{};
  std::uint64_t presence_version{1};
  std::uint64_t health_version{1};
  std::int64_t wall_ms{};  // of this turn
  bool presence_changed{};
  bool stopping{};

  // acquire: pairs with the release in NetServer::set_config().
  const config::Config& config() const { return *live_config.load(std::memory_order_acquire); }
  std::uint64_t now_ms() const { return hub.now_ms(); }

  // Builds the body of a journalled input: `create(builder)` gives its table. Returns its kind.
  template <class Create>
  fb::EventBody build(Create create) {
    builder.Clear();
    return finish(create(builder));
  }
  // Hands a journalled input in: `builder` holds its finished body. request 0 = no reply wanted.
  void push(fb::EventBody kind, std::uint32_t slot, std::uint64_t request,
            const pipeline::InputNames& names = {});
  // The same for an input of the net thread's own: no principal, no reply.
  void push_own(fb::EventBody kind);
  // Whether one more query of the connection may wait.
  bool may_ask(std::uint32_t slot) const;
  // Submits a query, or queues it until others are answered: answers may be megabytes each, so only
  // kQueriesAtOnceMax are under way, and none for a connection with a backlog of
  // kAnswerBacklogBytesMax: the answer could get it closed as a slow consumer. Costs kCallsPerQuery
  // of the connection's rate limit.
  void query(const Question& question, std::uint32_t slot, std::uint64_t request);

  // Submits a question about the past. Others answer it, so it waits for no query of now, and none
  // for it.
  void query_past(const AsOf& as_of, const Question& question, std::uint32_t slot,
                  std::uint64_t request);

  // Asks which session a typed key names, without queueing: the answer is small, a ReplyItem.
  void ask_key(std::uint32_t slot, std::uint64_t request, std::string_view typed);

  void query_answered(ConnectionRef asked_by);
  void past_answered(ConnectionRef asked_by);
  // Lets waiting queries go, first in first out per connection. Once per turn.
  void release_queries();

  // An input with a reply wanted is on its way; was answered.
  void count_waiting() {
    if (inputs_waiting++ == 0) waiting_since_ms = now_ms();
  }
  void count_answered() { --inputs_waiting; }

  // From now on the connection counts among those that get events of runs, if its scopes let it.
  void take_interest(std::uint32_t slot);
  // From now on events of sessions are wanted too: it has subscribed to some.
  void watch_sessions(std::uint32_t slot);
  void lose_interest(std::uint32_t slot);

  // Looks for newer reports. Once per turn.
  void take_reports();

  http::Facts facts() const;

 private:
  template <class Table>
  fb::EventBody finish(flatbuffers::Offset<Table> table) {
    builder.Finish(table);
    return fb::EventBodyTraits<Table>::enum_value;
  }
  void charge(std::uint32_t slot);
  bool may_go(std::uint32_t slot) const;
  void hand_in(const pipeline::InputHeader& query_header, std::string_view text);
};

}  // namespace spine::net
