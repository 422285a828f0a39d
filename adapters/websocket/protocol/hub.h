// Hub: the output queues of connections, the bounds on them, and closing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/websocket/protocol/connections.h"
#include "engine/pipeline/queues/shared.h"
#include "schemas/vocab/frames.h"

namespace spine::net {

// How long a peer may take to answer our close frame.
inline constexpr std::uint64_t kClosingMs = 3'000;

// Thread: net. Knows nothing of sockets: the loop takes what is dirty and writes it.
//
// A slow consumer is closed (1008). It is judged by the backlog that earlier turns left over, as
// what the current turn adds was not offered to the peer yet. And output for all is written to the
// sockets while a turn produces it, not only at the turn's end: thousands may watch one session.
class Hub {
 public:
  explicit Hub(pipeline::Metrics& metrics) : metrics_(metrics) {}

  Connections table{};

  // Boot-time milliseconds, set by the loop once per turn: what deadlines are counted from.
  void set_now(std::uint64_t now_ms) { now_ms_ = now_ms; }
  std::uint64_t now_ms() const { return now_ms_; }

  // Whether frames may still be queued for this connection.
  bool writable(std::uint32_t slot) const {
    const Stage stage = table.stage[slot];
    return stage != Stage::free && stage != Stage::closing;
  }
  // Append one message to the returned string, then end(). REQUIRES: writable(slot).
  std::string& begin(std::uint32_t slot);
  void end(std::uint32_t slot);
  void ping(std::uint32_t slot) { append(slot, Opcode::ping, "beat"); }
  // The answer to a ping. REQUIRES: writable(slot).
  void pong(std::uint32_t slot, std::string_view payload) { append(slot, Opcode::pong, payload); }

  // Queues a close frame behind the backlog; the connection is then closing. Once only.
  void close(std::uint32_t slot, std::uint16_t code, std::string_view reason);
  // The same for a peer that closed with `code` (1005 = with none): echoes the code.
  void answer_close(std::uint32_t slot, std::uint16_t code);

  // For the loop: slots with something to write, or doomed. Taken over and cleared by it.
  std::vector<std::uint32_t>& dirty() { return dirty_; }
  void mark_dirty(std::uint32_t slot);
  // `bytes` of the slot's buffer were handed over; `held` of them may still lie in the library.
  void written(std::uint32_t slot, std::size_t bytes, std::size_t held);
  // The library has sent all it held.
  void drained(std::uint32_t slot);
  // The turn is over and all was offered: what is still queued, the peer did not take.
  void offered(std::uint32_t slot) { table.carried_bytes[slot] = backlog(slot); }
  // `write` hands what is dirty to the sockets. Called before a message is begun, never within one.
  void set_writer(std::function<void()> write) { write_ = std::move(write); }
  // Frees the slot and counts the close.
  void forget(std::uint32_t slot);

  // The backlog: bytes the peer has not taken yet.
  std::size_t backlog(std::uint32_t slot) const;
  std::size_t backlog_all() const { return backlog_all_; }

  // Counters of this turn, added to the metrics at its end.
  std::uint64_t frames_out{};

 private:
  void append(std::uint32_t slot, Opcode opcode, std::string_view payload);
  void close_with(std::uint32_t slot, std::uint16_t code, std::string_view payload);
  FrameBuffer& buffer(std::uint32_t slot);
  void give_back(std::uint32_t slot);
  void enforce_bounds(std::uint32_t slot);
  void drop_slow(std::uint32_t slot);
  std::uint32_t slowest() const;
  void took(std::uint32_t slot, std::size_t bytes);

  pipeline::Metrics& metrics_;
  std::vector<std::uint32_t> dirty_{};
  std::vector<std::unique_ptr<FrameBuffer>> pool_{};
  std::size_t pooled_bytes_{};
  std::size_t backlog_all_{};
  std::size_t backlog_before_{};  // backlog of the connection a message is written for
  std::size_t added_{};           // since the sockets were last written to
  std::function<void()> write_{};
  std::uint64_t now_ms_{};
};

}  // namespace spine::net
