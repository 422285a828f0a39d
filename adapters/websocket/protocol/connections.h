// Connections: the table of WebSocket connections, one column per property.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "adapters/websocket/protocol/frame_buffer.h"
#include "adapters/websocket/protocol/scopes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/sha256.h"

struct lws;

namespace spine::net {

struct Joining;

enum class Stage : std::uint8_t {
  free,      // no connection in this slot
  greeting,  // challenge sent, connect awaited
  joining,   // connect accepted, its event not durable yet
  open,      // hello-ok sent
  closing,   // a close frame is on its way; what still comes in is ignored
};

// What a client said it can do, as far as it changes what it is sent; a bit each.
using ClientCaps = std::uint8_t;
inline constexpr ClientCaps kCapToolEvents = 1U << 0;
// Spine's own: it gets no events before it has called `resume`.
inline constexpr ClientCaps kCapResume = 1U << 1;

// Who is at the other end of a WebSocket connection, as far as the socket and upgrade tell.
struct Peer {
  std::string address{};  // without the port; "local" on the control socket
  std::string host{};     // behind a trusted proxy the forwarded one
  std::string origin{};   // empty = none was sent
  bool origin_allowed{true};
  bool loopback{};        // a program on this machine that came straight here, by a loopback name
  bool control_socket{};  // the local operator: needs no further credentials
};

// What a client says of itself in its connect.
struct ClientFacts {
  std::string client_id{};
  std::string client_mode{};
  std::string client_version{};
  std::string platform{};
  std::string device_family{};
  std::string display_name{};
  std::string instance_id{};
  std::string role{};
  ClientCaps caps{};
};

// Who is on a connection. Cold: seen per request or less. The facts once connect was accepted.
struct Client : Peer, ClientFacts {
  std::string nonce{};  // of the challenge
  // From connect to hello-ok. A shared_ptr, because the type is incomplete here.
  std::shared_ptr<Joining> joining{};

  // Once connect was accepted.
  Bits128 connection{};            // server.connId
  std::string device_id{};         // empty = it showed none, or is not paired
  Digest256 token_hash{};          // of its device token; zeros = it has none
  std::string_view auth_method{};  // hello-ok's auth.method; a literal
  std::int64_t connected_wall_ms{};
  std::uint64_t connected_ms{};
  bool counted{};                   // in the number of authenticated connections
  std::vector<std::string> keys{};  // sessions.messages.subscribe
};

namespace connection_flag {
inline constexpr std::uint16_t kAwaitingPong = 1U << 0;
inline constexpr std::uint16_t kDirty = 1U << 1;        // in the list of those with output
inline constexpr std::uint16_t kPaused = 1U << 2;       // not read from: the engine's queue is full
inline constexpr std::uint16_t kHeld = 1U << 3;         // not read from: hello-ok is not sent yet
inline constexpr std::uint16_t kBlocked = 1U << 4;      // not read from: its socket takes no output
inline constexpr std::uint16_t kAllSessions = 1U << 5;  // sessions.subscribe
inline constexpr std::uint16_t kInterested = 1U << 6;   // counts in Shared::event_interest
inline constexpr std::uint16_t kAnnounced = 1U << 7;    // ClientConnected was journalled
inline constexpr std::uint16_t kAbort = 1U << 8;        // to be cut off without a close frame
inline constexpr std::uint16_t kWatchesSessions = 1U << 9;  // in Shared::session_interest
inline constexpr std::uint16_t kResuming = 1U << 10;        // is being sent what it missed
inline constexpr std::uint16_t kAwaitsResume = 1U << 12;  // gets no events before it called resume
inline constexpr std::uint16_t kPreviewing = 1U << 11;    // sessions.preview is under way
inline constexpr std::uint16_t kNotReading = kPaused | kHeld | kBlocked;
}  // namespace connection_flag

// Thread: net. A slot indexes every column. A generation tells one user of a slot from the next.
class Connections {
 public:
  // None when kConnectionsMax are open.
  ConnectionRef open(lws* wsi, std::uint64_t deadline_ms);
  void close(std::uint32_t slot);

  bool live(ConnectionRef ref) const {
    return ref.slot < stage.size() && generation[ref.slot] == ref.generation &&
           stage[ref.slot] != Stage::free;
  }
  ConnectionRef ref(std::uint32_t slot) const { return {slot, generation[slot]}; }
  std::uint32_t slots() const { return static_cast<std::uint32_t>(stage.size()); }
  std::uint32_t count() const { return count_; }

  bool flag(std::uint32_t slot, std::uint16_t bit) const { return (flags[slot] & bit) != 0; }
  void set(std::uint32_t slot, std::uint16_t bit) {
    flags[slot] = static_cast<std::uint16_t>(flags[slot] | bit);
  }
  void unset(std::uint32_t slot, std::uint16_t bit) {
    flags[slot] = static_cast<std::uint16_t>(flags[slot] & ~bit);
  }

  // hot: touched per message
  std::vector<Stage> stage{};
  std::vector<std::uint16_t> flags{};
  std::vector<ScopeSet> scopes{};
  std::vector<std::uint32_t> generation{};
  std::vector<std::unique_ptr<FrameBuffer>> out{};  // null = nothing queued
  std::vector<std::uint64_t> principal{};
  std::vector<std::uint32_t> calls_left{};   // token bucket, tokens
  std::vector<std::uint64_t> calls_at_ms{};  // when it was last filled
  std::vector<std::uint32_t> queries{};      // asked and not answered
  std::vector<std::uint64_t> seq{};          // of the last broadcast event
  std::vector<std::uint64_t> told_from{};    // journal seq of the first push it got live; 0 = none
  std::vector<lws*> wsi{};
  // cold
  std::vector<std::uint64_t> deadline_ms{};  // handshake, next ping, pong or end of closing
  std::vector<std::uint16_t> close_code{};   // 0 = no close frame seen or sent
  std::vector<std::uint32_t> held_bytes{};   // at most so much is held by libwebsockets
  std::vector<std::size_t> carried_bytes{};  // backlog that earlier turns left over
  std::vector<std::uint64_t> took_ms{};      // when it was last known to take bytes
  std::vector<std::unique_ptr<std::string>> partial{};  // message that is still coming in
  std::vector<std::unique_ptr<Client>> client{};

 private:
  // All columns but that of the generations, which outlive a connection.
  auto columns() {
    return std::tie(stage, flags, scopes, out, principal, calls_left, calls_at_ms, queries, seq,
                    told_from, wsi, deadline_ms, close_code, held_bytes, carried_bytes, took_ms,
                    partial, client);
  }
  std::vector<std::uint32_t> free_{};
  std::uint32_t count_{};
};

}  // namespace spine::net
