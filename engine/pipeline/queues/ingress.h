// Ingress: how encoded inputs travel from the I/O threads to the engine thread.
#pragma once

#include <concurrentqueue/concurrentqueue.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/questions/question.h"
#include "engine/pipeline/queues/block.h"
#include "engine/pipeline/queues/wakeup.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::pipeline {

using core::KeyList;

// What an input is. Below 256: an EventBody number, journalled. The rest is never journalled.
namespace input_kind {
using namespace core::question_kind;
inline constexpr std::uint16_t kQueryStatus = 0x104;  // counts, seqs, lags
inline constexpr std::uint16_t kQueryGap = 0x10A;     // a=first seq: pushed events since then
inline constexpr std::uint16_t kQueryPast = 0x111;    // text=a core::PastQuestion, as a line
// a=JournalStart, b=what it says, text=a KindSet and the key of a session as it was typed, or
// nothing. A page from a seq that is not there yet comes when it is.
inline constexpr std::uint16_t kQueryJournal = 0x112;
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
