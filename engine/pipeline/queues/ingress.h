// Ingress: how encoded inputs travel from the I/O threads to the engine thread.
#pragma once

#include <concurrentqueue/concurrentqueue.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/pipeline/queues/block.h"
#include "engine/pipeline/queues/wakeup.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::pipeline {

// What an input is. Below 256: an EventBody number, journalled. The rest is never journalled.
namespace input_kind {
inline constexpr std::uint16_t kQuerySessions = 0x100;  // a=offset, b=limit, text=agent id or ""
inline constexpr std::uint16_t kQuerySession = 0x101;   // text=session key as it was typed
inline constexpr std::uint16_t kQueryHistory = 0x102;   // a=limit, b=before seq or 0, text=the same
inline constexpr std::uint16_t kQueryRun = 0x103;       // text=run key
inline constexpr std::uint16_t kQueryStatus = 0x104;    // counts, seqs, lags
inline constexpr std::uint16_t kQueryDigest = 0x105;    // digest of the live state
inline constexpr std::uint16_t kQueryDevice = 0x106;    // text=device id
inline constexpr std::uint16_t kQueryDevices = 0x107;   // a=offset, b=limit
inline constexpr std::uint16_t kQueryPairing = 0x108;   // live requests of senders
// a=1: text=label; a=2: text=sessionId or 8 or more of its first digits. Two rows = ambiguous.
inline constexpr std::uint16_t kQueryFindSession = 0x109;
inline constexpr std::uint16_t kQueryGap = 0x10A;        // a=first seq: pushed events since then
inline constexpr std::uint16_t kQueryApprovals = 0x10B;  // open questions of agents
inline constexpr std::uint16_t kQueryRuns = 0x10C;       // a=limit, b=1: ended runs, else open ones
// As kQueryHistory, but of the messages alone: without tools and partial answers.
inline constexpr std::uint16_t kQueryMessages = 0x110;
// Which sessions typed keys name, whether they are there or not. Of one key: text=the key, answered
// with a ReplyItem. Of several: text=a KeyList, answered with a SessionsItem.
inline constexpr std::uint16_t kResolveKey = 0x10D;
inline constexpr std::uint16_t kResolveKeys = 0x10E;
inline constexpr std::uint16_t kRunDelta = 0x200;      // ephemeral: a=RunId, text=new piece
inline constexpr std::uint16_t kStop = 0x300;          // orderly stop; text=reason
inline constexpr std::uint16_t kDeadline = 0x301;      // the armed deadline is due
inline constexpr std::uint16_t kMeasureClock = 0x302;  // look for clock jumps, digests, snapshots
inline constexpr bool journalled(std::uint16_t kind) {
  return kind < 0x100;
}
}  // namespace input_kind

// In front of every input in a block; 8-aligned, followed by `bytes` of body and zeros to 8.
// Journalled kinds: body = FlatBuffers table of that kind, built by the adapter and, because it
// built it, valid; behind it the InputNames. Others: text.
struct InputHeader {
  std::uint32_t bytes{};
  std::uint16_t kind{};
  std::uint16_t source{};      // Source
  ConnectionRef connection{};  // who gets the reply; none = no reply wanted
  std::uint64_t request{};     // the adapter's own correlation, echoed in the reply
  std::uint64_t principal{};   // PrincipalId of the connection
  std::uint64_t a{};           // arguments of queries; else bytes of the session key
  std::uint64_t b{};           // and of the run key that stand behind the body
};
static_assert(sizeof(InputHeader) == 48);

// What a journalled input is about, by the names that a client typed. They travel behind the body
// and are not recorded: the engine thread resolves them when it decides, so that one rule holds for
// all. Empty = not named.
struct InputNames {
  std::string_view session_key{};
  // RunAborted: this run, if it is of that session. Without a session (RunRetryRequested): this
  // run, open or ended.
  std::string_view run_key{};
};

// A journalled input, taken apart. Borrowed.
struct NamedInput {
  ByteSpan body{};
  InputNames names{};
};
NamedInput take_apart(const InputHeader& header, ByteSpan whole);

// Texts of any bytes, one after the other.
class KeyList {
 public:
  void add(std::string_view key);
  std::string_view view() const { return text_; }
  // Calls f(key) for each. REQUIRES: the text of a KeyList.
  template <class F>
  static void for_each(std::string_view text, F f) {
    while (!text.empty()) {
      const auto bytes = static_cast<std::size_t>(load<std::uint32_t>(as_bytes(text).data()));
      f(text.substr(sizeof(std::uint32_t), bytes));
      text.remove_prefix(sizeof(std::uint32_t) + bytes);
    }
  }

 private:
  std::string text_{};
};

// The inputs of one service turn. Pooled; an input larger than a block travels alone in a block
// made for it.
class IngressBlock : public Block<InputHeader> {
 public:
  using Block::Block;
  // False when it does not fit: submit this block and take another.
  bool append(InputHeader header, ByteSpan body, const InputNames& names = {});

 private:
  friend class Ingress;
  friend class IngressProducer;
  std::uint32_t producer_{};  // whose pool it goes back to
  bool large_{};              // made for one input, freed after use
};

class Ingress;

// One per I/O thread: first in, first out within a producer. Thread: that one I/O thread.
class IngressProducer {
 public:
  // Backpressure: false when every block of the pool is with the engine. Stop reading from outside
  // until it is true again; the engine wakes the producer when blocks come back.
  bool has_room();
  // Adds the input to the open block; submits full blocks by itself. Never fails and never drops:
  // beyond the pool it takes extra memory, so ask has_room() before reading more from outside.
  void push(const InputHeader& header, ByteSpan body, const InputNames& names = {});
  // Hands the open block to the engine and wakes it if it sleeps. Call once per service turn.
  void flush();

 private:
  friend class Ingress;
  IngressProducer(Ingress& ingress, std::uint32_t index);
  IngressBlock* take();
  Ingress& ingress_;
  std::uint32_t index_;
  moodycamel::ProducerToken token_;
  IngressBlock* open_{};
};

// Owns the blocks and the queue. Thread: engine, except through producers.
class Ingress {
 public:
  Ingress();
  ~Ingress();
  Ingress(const Ingress&) = delete;
  Ingress& operator=(const Ingress&) = delete;

  // Before the threads start. At most kProducersMax. `wake` (may be null) is called on the engine
  // thread when a producer that found no room has blocks again.
  using WakeFn = void (*)(void* context);
  IngressProducer& add_producer(WakeFn wake, void* context);

  // Thread: engine. Takes blocks up to max_bytes of inputs; appends to `out`. May be empty.
  void drain(std::vector<IngressBlock*>& out, std::size_t max_bytes);
  // Thread: engine. Gives blocks back to their producers.
  void recycle(IngressBlock* block);
  // Thread: engine. Parks until there is something to drain.
  void wait(std::uint32_t timeout_ms);

  static constexpr std::size_t kProducersMax = 4;

 private:
  friend class IngressProducer;
  struct Pool;
  moodycamel::ConcurrentQueue<IngressBlock*> queue_;
  moodycamel::ConsumerToken consumer_;
  Wakeup wakeup_{};
  std::vector<std::unique_ptr<Pool>> pools_{};
  IngressBlock* held_back_{};
};

}  // namespace spine::pipeline
