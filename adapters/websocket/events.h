// Events: durable events and pieces of answers, pushed to the connections that watch.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "adapters/websocket/context.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/resuming.h"
#include "adapters/websocket/rows.h"
#include "engine/pipeline/messages.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

// Turns what the engine publishes into the pushes of the protocol, in its order.
//
// Who gets them: connections with the read scope. agent, chat and presence go to all of them;
// sessions.changed and session.message to who has subscribed (to all sessions, or to that session's
// messages).
//
// What a push carries is bounded, as sent: one message goes out several times in a turn, to
// everybody who watches, whether they read quickly or not. Whatever people or agents wrote goes
// into a push as far as kPushed says; the rest is fetched by who wants it (write_cut()).
class Events {
 public:
  static constexpr TextWindow kPushed{.max = limits::kPushTextBytesMax,
                                      .attachments_max = limits::kPushTextBytesMax};
  explicit Events(Context& net) : net_(net) {}

  void event(const pipeline::EventItem& item);
  // The same event once more, for a connection that was away: only what it has not seen.
  void past_event(Resuming& resuming, const pipeline::EventItem& item);
  void delta(const pipeline::DeltaItem& item);
  // Whether clients are told something of events of that kind.
  static bool renders(std::uint16_t kind);

  // To every open connection.
  void tick();
  void shutdown(std::string_view reason);
  void health();
  // To the interested ones, when clients came or went.
  void presence();

 private:
  // Who a push is for, among those whose scopes allow it.
  enum class Audience : std::uint8_t {
    all,
    session_changes,
    session_messages,
    session_tools,  // session_changes, but for those that tell of tools already
    tools,
    pairing,
    approvals,
  };

  struct Renderer;
  static const Renderer kRenderers[];
  static const Renderer* renderer_of(std::uint16_t kind);

  void tell(const pipeline::EventItem& item);
  void message(const pipeline::EventItem& item);
  void session_opened(const pipeline::EventItem& item);
  void session_patched(const pipeline::EventItem& item);
  void session_reset(const pipeline::EventItem& item);
  void session_closed(const pipeline::EventItem& item);
  void run_queued(const pipeline::EventItem& item);
  void run_started(const pipeline::EventItem& item);
  void run_finished(const pipeline::EventItem& item);
  void run_failed(const pipeline::EventItem& item);
  void run_aborted(const pipeline::EventItem& item);
  void run_interrupted(const pipeline::EventItem& item);
  void run_merged(const pipeline::EventItem& item);
  void command_answered(const pipeline::EventItem& item);
  void tool_called(const pipeline::EventItem& item);
  void tool_returned(const pipeline::EventItem& item);
  void approval_opened(const pipeline::EventItem& item);
  void approval_resolved(const pipeline::EventItem& item);
  void push_approval_resolved(const pipeline::EventItem& item, const Approval& approval);
  void devices(const pipeline::EventItem& item);
  void config_changed(const pipeline::EventItem& item);
  void channel_pairing(const pipeline::EventItem& item);
  void code_answered(const pipeline::EventItem& item);
  void ended(const pipeline::EventItem& item, const LiveRun& run);
  void ended_merged(const pipeline::EventItem& item, const LiveRun& run);

  // `phase` and `reason`: whichever applies, the other empty.
  void push_changed(const pipeline::EventItem& item, std::string_view phase,
                    std::string_view reason, std::string_view run_key);
  void push_message(const pipeline::EventItem& item, std::string_view run_key);
  // `data` is the JSON of the event's data. The run's seq goes up.
  void push_agent(LiveRun& run, std::string_view stream, std::string_view data, Seq cursor,
                  Audience audience = Audience::all);
  // data_ holds the data: to who can show tools, and to who watches sessions.
  void push_tool(LiveRun& run, const pipeline::EventItem& item);
  void write_agent_members(JsonWriter& json, const LiveRun& run, std::string_view stream,
                           std::string_view data);
  // `members` is JSON members, without braces, that follow the common ones.
  void push_chat(const LiveRun& run, std::string_view state, std::string_view members, Seq cursor);
  void write_chat(JsonWriter& json, const LiveRun& run, std::string_view state,
                  std::string_view members, Seq cursor);

  // Who a piece of an answer is for: those who have seen all before it, or those who have not and
  // are told the whole text instead.
  enum class DeltaFor : std::uint8_t { those_in_step, those_catching_up };
  void leave_behind(LiveRun& run);
  bool delta_for(std::uint32_t slot, const LiveRun& run, DeltaFor whom) const;
  void push_piece(LiveRun& run, std::string_view piece, bool replace, DeltaFor whom);
  void push_part(LiveRun& run, std::string_view part, bool replace, DeltaFor whom);
  void deliver_piece(Push& push, const LiveRun& run, DeltaFor whom);

  void push_answer_once(LiveRun& run, std::string_view text, Seq seq);
  void lifecycle(LiveRun& run, std::string_view phase, std::string_view more, Seq cursor);
  // Of the next push of the event in hand. Deltas have none.
  void write_cursor(JsonWriter& json, Seq seq);
  // Sends it to its audience, or to the connection that is catching up.
  void deliver(Push& push, Seq seq, Audience audience, std::string_view session_key);
  void deliver_again(Push& push, Seq seq, Audience audience, std::string_view session_key);
  bool may_be_told(std::uint32_t slot, Audience audience, std::string_view session_key) const;
  bool admits(std::uint32_t slot, Audience audience, std::string_view session_key) const;
  LiveRun* live_run(const pipeline::EventItem& item);
  bool watches(std::uint32_t slot, std::string_view session_key) const;

  Context& net_;
  std::uint32_t ordinal_{};  // of the last push of the event in hand
  Resuming* resuming_{};     // who the event in hand is told to again; null = everybody
  std::string data_{};       // of the agent or chat event being written
  std::string members_{};
  std::string key_{};
  // How the last run ended that somebody might wait for under another run's name.
  EventView last_end_{};
  std::vector<std::uint64_t> last_end_body_{};
  RunId last_ended_{};
  std::vector<std::uint32_t> caught_up_{};  // with the piece in hand
};

}  // namespace spine::net
