// Events: what the engine publishes, pushed to the connections that watch, in the protocol's order.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "adapters/websocket/protocol/context.h"
#include "adapters/websocket/protocol/respond.h"
#include "adapters/websocket/protocol/rows.h"
#include "adapters/websocket/pushes/resuming.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

// The size of a push is bounded, as sent: one message is broadcast several times in a turn, also to
// slow consumers. Text that people or agents wrote is cut to this in a push; clients that want the
// rest fetch it (write_cut()).
inline constexpr TextWindow kPushed{.max = limits::kPushTextBytesMax,
                                    .attachments_max = limits::kPushTextBytesMax};

// Who a push is for, among those whose scopes allow it: of those with the read scope, agent, chat
// and presence go to all, sessions.changed and session.message to who has subscribed (to all
// sessions, or to that session's messages).
enum class Audience : std::uint8_t {
  all,
  session_changes,
  session_messages,
  session_tools,  // session_changes without those that are in `tools`
  tools,
  pairing,
  approvals,
};

class Events;

// What clients are told of a kind of event (engine/core/model/kinds.cc says who they are).
struct Renderer {
  fb::EventBody kind{};
  void (*render)(Events& to, const pipeline::EventItem& item){};
};

// Thread: net.
class Events {
 public:
  explicit Events(Context& context) : net(context) {}

  Context& net;
  // Connections that are catching up, by slot; the events pushed live meanwhile.
  std::unordered_map<std::uint32_t, std::unique_ptr<Resuming>> catching_up{};
  RecentEvents recent{};
  Seq last_live{};  // the latest event this thread has seen

  // `payload`: the item as it came.
  void event(const pipeline::EventItem& item, ByteSpan payload);
  // Replays an event for a connection that was away: only the pushes it has not seen.
  void past_event(Resuming& resuming, const pipeline::EventItem& item);
  // The slot is no longer catching up.
  void end_catching_up(std::uint32_t slot);
  // Whether events of that kind are pushed at all.
  static bool renders(std::uint16_t kind);

  // To every open connection.
  void tick();
  void shutdown(std::string_view reason);
  void health();
  // To the interested ones, when clients came or went.
  void presence();

  // For renderers: one push of the event in hand, to its audience or to the connection that is
  // catching up. `write(json)` writes the members of the payload; the cursor follows them.
  template <std::invocable<JsonWriter&> Write>
  void push(std::string_view name, const pipeline::EventItem& item, Audience audience,
            std::string_view session_key, Write write) {
    Push one{net, name};
    one.json().object([&] {
      write(one.json());
      write_cursor(one.json(), item.event.seq);
    });
    deliver(one, item.event.seq, audience, session_key);
  }
  // Skips the next push of the event, but uses up its ordinal.
  void skip_push() { ++ordinal_; }
  // The connection that the event in hand is replayed to; null = it is live, for all.
  Resuming* resuming() const { return resuming_; }
  bool may_be_told(std::uint32_t slot, Audience audience, std::string_view session_key) const;

 private:
  void tell(const pipeline::EventItem& item);
  void to_all(Push& one);
  void write_cursor(JsonWriter& json, Seq seq);
  void deliver(Push& one, Seq seq, Audience audience, std::string_view session_key);
  void deliver_again(Push& one, Seq seq, Audience audience, std::string_view session_key);
  bool admits(std::uint32_t slot, Audience audience, std::string_view session_key) const;

  std::uint32_t ordinal_{};  // of the last push of the event in hand
  Resuming* resuming_{};
  std::string cursor_{};
};

}  // namespace spine::net
