// Switchboard: the protocol over connections, without sockets: bytes in, frames out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "adapters/websocket/door/door.h"
#include "adapters/websocket/methods/channel_message.h"
#include "adapters/websocket/protocol/context.h"
#include "adapters/websocket/protocol/request.h"
#include "adapters/websocket/protocol/respond.h"
#include "adapters/websocket/pushes/events.h"
#include "adapters/websocket/pushes/journal_streams.h"
#include "engine/pipeline/items/messages.h"

namespace spine::net {

// A piece of a message as the library hands it over.
struct Piece {
  std::string_view bytes{};
  bool last{};               // the message ends with it
  std::size_t more_bytes{};  // of the same frame, known to follow
};

// Thread: net. The loop calls it, then writes what hub().dirty() names and looks at the flags of
// the connections it called for.
class Switchboard {
 public:
  Switchboard(const NetOptions& options, pipeline::Shared& shared,
              pipeline::IngressProducer& ingress);

  Hub& hub() { return net_.hub; }
  Context& context() { return net_; }

  // A WebSocket connection is up. None when there are too many.
  ConnectionRef opened(lws* socket, const Peer& peer);
  void received(std::uint32_t slot, const Piece& piece);
  void ponged(std::uint32_t slot);
  void peer_closed(std::uint32_t slot, std::uint16_t code) {
    if (net_.hub.table.close_code[slot] == 0) net_.hub.table.close_code[slot] = code;
  }
  // The connection is gone; the slot is free afterwards.
  void closed(std::uint32_t slot);

  // One item of the outbox.
  void item(const pipeline::OutHeader& header, ByteSpan payload);

  // Once per turn, before and after the calls above. Times are read by the caller.
  void begin_turn(std::uint64_t now_ms, std::int64_t wall_ms);
  void end_turn();
  // Deadlines of connections, ticks, pings, waiting requests. Cheap when nothing is due.
  void run_timers();
  // When run_timers() should be called next, boot-time ms; 0 = no need.
  std::uint64_t next_timer_ms() const;

  // Before the engine ends: submits the report of refused connects gathered so far, and that of
  // the deliveries which clients have not answered.
  void hand_in_rest();
  // shutdown event and close 1012 to everybody; nothing is accepted any more.
  void stop(std::string_view reason);
  // Whether stop() was called, by the loop or by the engine's last item.
  bool stopping() const { return net_.stopping; }

 private:
  void message(std::uint32_t slot, std::string_view text);
  void request(std::uint32_t slot, const Request& request);
  bool within_rate(std::uint32_t slot, std::string_view id);
  void refuse_frame(std::uint32_t slot, const Request& request);
  void check_connection(std::uint32_t slot);
  void drop_partial(std::uint32_t slot);
  void bound_partials();
  // Passes the engine's answer to its Continuation, also when the client is gone.
  void answer(const pipeline::OutHeader& header, ByteSpan payload);
  void answer_past(const pipeline::OutHeader& header, ByteSpan payload);
  void fail_past(const pipeline::OutHeader& header, ByteSpan payload);
  // The client of that answer; none when it is gone.
  std::optional<Responder> client_of(const pipeline::OutHeader& header);

  // A page of a gap, kept until this turn's other items are handled.
  struct KeptGap {
    pipeline::OutHeader header{};
    std::size_t bytes{};
    std::vector<std::uint64_t> words{};
  };
  void keep_gap(const pipeline::OutHeader& header, ByteSpan payload);
  void answer_gaps();

  std::vector<KeptGap> gaps_{};
  Context net_;
  Door door_;
  Events events_;
  JournalStreams journal_;
  RequestReader reader_{};
  ChannelMessageReader fast_reader_{};
  PaddedText text_{};
  Request request_{};
  std::uint64_t frames_in_{};
  std::size_t partial_bytes_{};  // of all messages that are still coming in
  std::uint64_t next_tick_ms_{};
  std::uint64_t next_health_ms_{};
  std::uint64_t next_presence_ms_{};
  std::uint64_t next_check_ms_{};
};

}  // namespace spine::net
