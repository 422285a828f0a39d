// WatchedRuns: runs that are being watched, the requests that wait for one to end, and their
// answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schemas/vocab/ids.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::net {

struct Context;

// A run between its start and its end, as far as pushes need it.
struct LiveRun {
  std::string key{};  // runId of the protocol
  std::string session_key{};
  std::string agent_id{};
  std::string text{};   // of the deltas so far
  std::uint64_t seq{};  // of its agent and chat events
  bool text_full{};     // the text grew beyond kLiveTextBytesMax: no more deltas
  bool replace{};       // the next piece is the first of a new attempt: it replaces what was shown
  std::vector<std::uint32_t> behind{};  // slots (slow consumers) that missed a piece
  // Step per attempt from which `seq` starts when the earlier numbers are not known (after a
  // restart): more than any answer has pieces.
  static constexpr std::uint64_t kPastSeq = std::uint64_t{1} << 20U;
};

// A request to be answered when a run ends.
struct Waiter {
  ConnectionRef connection{};
  std::string id{};             // of the request
  std::string run_key{};        // whose end answers it
  std::string asked_key{};      // the run that was asked for; empty = run_key
  bool second_answer{};         // the agent method; else agent.wait
  std::uint64_t deadline_ms{};  // boot-time; 0 = none
};

// Thread: net.
class WatchedRuns {
 public:
  // The run, made when it is new. nullptr when there are too many.
  LiveRun* watch(RunId id, std::string_view key, std::string_view session_key,
                 std::string_view agent_id);
  LiveRun* find(RunId id);
  // False when the text so far would exceed its bound, from then on until start_over().
  bool append_text(LiveRun& run, std::string_view piece);
  // Drops the text so far: the answer starts anew.
  void start_over(LiveRun& run);
  void forget(RunId id);
  void forget_all() {
    runs_.clear();
    text_bytes_ = 0;
  }
  std::size_t count() const { return runs_.size(); }
  // f(RunId, const LiveRun&) for each, in no order.
  template <class F>
  void for_each(F f) const {
    for (const auto& [id, run] : runs_)
      f(RunId{id}, run);
  }

  // False when there are too many, in all or of one connection.
  bool wait(Waiter waiter);
  // Requests that wait for the first run wait for the second from now on: it gives the answer.
  void merge(std::string_view run_key, std::string_view into_key);
  // Takes out those who wait for the run / whose deadline has passed / of a connection.
  std::vector<Waiter> take(std::string_view run_key);
  std::vector<Waiter> take_due(std::uint64_t now_ms);
  void drop(ConnectionRef connection);
  // Takes out one; false when it is gone already.
  bool take_one(ConnectionRef connection, std::string_view id, Waiter& out);
  // Keeps the run's last event, if any request waits: runs merged into it are reported after it.
  void keep_end(RunId id, const EventView& end);
  // The last event that was kept, if it is this run's; else null. Borrowed.
  const EventView* kept_end(RunId id) const { return last_ended_ == id ? &last_end_ : nullptr; }
  // Earliest deadline; 0 = none.
  std::uint64_t next_deadline_ms() const;
  std::size_t waiting() const { return waiters_.size(); }

 private:
  template <class F>
  std::vector<Waiter> take_if(F f);
  void uncount(const Waiter& waiter);

  std::unordered_map<std::uint64_t, LiveRun> runs_{};
  std::size_t text_bytes_{};  // of all runs
  std::vector<Waiter> waiters_{};
  std::unordered_map<std::uint32_t, std::size_t> waiting_by_slot_{};
  EventView last_end_{};
  std::vector<std::uint64_t> last_end_body_{};
  RunId last_ended_{};
};

// How a run ended, whatever the kind of its last event. Borrowed.
struct Ending {
  std::string_view status{"timeout"};
  std::string_view summary{"timeout"};
  std::string_view text{};
  std::string_view stop_reason{};
  std::string error{};
  std::int64_t ended_wall_ms{};
  Seq seq{};
  const fb::RunFinished* finished{};
  bool answered{};  // with the text
};
// "result":{...} of the agent method's second answer, to the connection.
void write_result(JsonWriter& json, const Context& net, std::uint32_t slot, const Ending& ending);

// The second response of `agent`, or the answer of agent.wait. `end` is the RunFinished, RunFailed
// or RunAborted that ended the run; null = the wait's time is over. Nothing happens when the
// connection is gone.
void answer_waiter(Context& net, const Waiter& waiter, const EventView* end);
// Everybody who waits for this run gets `end`.
void answer_waiters(Context& net, std::string_view run_key, const EventView& end);

}  // namespace spine::net
