// JournalStreams: connections that are sent the journal's events, past and live in one stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "adapters/websocket/protocol/context.h"
#include "engine/pipeline/items/journal_page.h"
#include "engine/pipeline/queues/outbox.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"

namespace spine::net {

// One stream of a connection. The next page is asked for when the last one was sent; the engine's
// follower answers when there is something new. Thread: net.
class JournalStreams {
 public:
  explicit JournalStreams(Context& context) : net_(context) {}

  struct Wanted {
    pipeline::JournalStart start{};
    std::uint64_t at{};
    bool by_cursor{};      // what is wrong with it is said of the cursor
    std::string filter{};  // text of kQueryJournal
  };
  // False when there are too many. Replaces the connection's stream; the first page answers the
  // request.
  bool open(std::uint32_t slot, std::string_view request, Wanted wanted);
  // False when it had none. One that had not begun is refused.
  bool close(std::uint32_t slot);
  // A page came.
  void page(const pipeline::OutHeader& header, ByteSpan payload);
  // Asks for pages that waited until a client had taken what it was sent. Once per turn.
  void go_on();

 private:
  struct Stream {
    std::uint64_t number{};
    std::string request{};  // not answered yet; empty = it is
    bool by_cursor{};
    bool rests{};  // its client has much to take yet
    std::string filter{};
    Seq next{};
  };
  void ask(std::uint32_t slot, const Stream& stream, pipeline::JournalStart start,
           std::uint64_t at);
  // False when it was refused.
  bool answer(std::uint32_t slot, const Stream& stream, const pipeline::JournalPageItem& item);
  void push(std::uint32_t slot, const pipeline::JournalLine& line);
  // Says that nothing more comes, and why.
  void push_end(std::uint32_t slot, std::string_view why);

  Context& net_;
  std::map<std::uint32_t, Stream> streams_{};  // by slot
  std::uint64_t last_number_{};
  std::size_t asked_{};  // pages that were asked for and have not come
};

// The methods journal.subscribe and journal.unsubscribe.
std::span<const Method> journal_methods();

}  // namespace spine::net
