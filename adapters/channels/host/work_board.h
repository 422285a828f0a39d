// WorkBoard: the runs at work whose answers go to channels, and what they have said so far.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "engine/pipeline/items/messages.h"
#include "schemas/vocab/ids.h"

namespace spine::channels {

// One run; owns its texts.
struct BoardEntry {
  std::uint16_t attempt{};
  bool previewed{};
  fb::ConversationKind conversation{};
  std::string channel{};
  std::string account{};
  std::string conversation_id{};
  std::string thread{};
  std::string reply_to{};
  std::string preview_id{};
  std::string text{};  // so far, of this attempt
  bool behind{};       // others were in line for the conversation when the last piece came
  bool cut{};          // it is longer than what is kept: nothing is added any more

  // Borrowed from this.
  pipeline::WorkItem item(RunId run) const;
};

// Notices may come in another order than they were sent: an end that comes first counts. Bounded by
// the runs at work and limits::kPreview...; thread: loop.
class WorkBoard {
 public:
  // A run is worked on, or another attempt of it. nullptr = it has ended. Borrowed until end().
  const BoardEntry* begin(const pipeline::WorkItem& item);
  // False when it was not known to be worked on.
  bool end(RunId run);
  // A piece of its answer. nullptr = it is not known, or of another attempt, or nothing was added.
  const BoardEntry* add(const pipeline::DeltaItem& item);

  // visit(run, entry) of all of an account, by run ascending.
  template <class Visit>
  void for_each(std::string_view channel, std::string_view account, Visit visit) const {
    for (const auto& [run, entry] : entries_) {
      if (entry.channel == channel && entry.account == account) visit(RunId{run}, entry);
    }
  }

 private:
  void drop_text(BoardEntry& entry);

  std::map<std::uint64_t, BoardEntry> entries_{};  // by run
  std::deque<std::uint64_t> ended_{};              // runs, before anything else was told of them
  std::size_t text_bytes_{};
};

}  // namespace spine::channels
