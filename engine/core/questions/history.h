// HistoryReader: pages of the histories of sessions, read from the journal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "engine/core/base/kept_body.h"
#include "engine/core/model/state.h"
#include "engine/core/questions/answers.h"
#include "engine/core/questions/event_source.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::core {

// Whether tools stand among the lines, too.
enum class HistoryLines : std::uint8_t { messages, messages_and_tools };

// Rows are the lines of the conversation: messages, answers, how runs ended without one, tools and
// what they returned. Two things that belong to a row are events of their own: how far an answer
// had come that failed or was stopped, and what a tool was given or gave when that is large. Where
// those lie is noted on the way. Bodies are verified by who hands events in, and borrowed.
class HistoryPage {
 public:
  struct Options {
    std::size_t limit{};
    HistoryLines lines{};
  };
  HistoryPage() = default;
  explicit HistoryPage(const Options& options) : options_(options) {}

  // The events that follow are of this part of the history, or newer ones of its session. Parts
  // come in descending order.
  void begin_part(const HistoryPart& part);
  // Whether the event is of interest at all: others need not be verified.
  bool wants(const EventView& event) const;
  // Events of the session in descending order. REQUIRES: wants(event).
  void take(const EventView& event);
  // Whether take() would make it a row. REQUIRES: wants(event).
  bool has_room_for(const EventView& event) const;
  // Nothing older is needed.
  bool complete() const { return full_ && (wanted_.empty() || looked_ == kLookedMax); }
  // An event newer than the page. Only a PartialAnswerRecorded is taken from there: that of a
  // stopped run comes after its RunAborted.
  void take_newer(const EventView& event);
  // Whether the partial answer of a row may be newer than the page.
  bool wants_newer_events() const { return !wanted_newer_.empty(); }

  // What a row lacks: the run whose answer was cut off, or the digest of a body.
  struct MissingPart {
    std::uint64_t run{};
    std::array<std::uint8_t, 32> sha256{};
    auto operator<=>(const MissingPart&) const = default;
  };
  struct Line {
    EventView event{};
    std::vector<MissingPart> lacks{};  // the first that is found is used
  };
  // The rows, newest first. `more` = there are older ones.
  const std::vector<Line>& lines() const { return lines_; }
  bool more() const { return full_; }
  // What belongs to the line; 0 = nothing.
  Seq belonging_to(const Line& line) const;

 private:
  // Older events looked at after the page is full: what belongs to a row comes shortly before it.
  static constexpr std::size_t kLookedMax = 64;

  void add(const EventView& event);

  Options options_;
  HistoryPart part_{};
  std::vector<Line> lines_{};
  std::size_t bytes_{};
  std::size_t looked_{};
  bool full_{};
  std::set<MissingPart> wanted_{};
  std::set<MissingPart> wanted_newer_{};
  std::map<MissingPart, Seq> found_{};
};

// Reads one page. Thread: the source's. REQUIRES: the source has the events up to the state's.
class HistoryReader {
 public:
  HistoryReader(const State& state, EventSource& source) : state_(state), source_(source) {}

  // The last `limit` lines that are older than `before`; 0 = the last of all. Borrowed from this
  // object, from the state, and from the source.
  Result<HistoryItem> read(SessionId session, Seq before, std::uint64_t limit, HistoryLines lines);

 private:
  Status collect(const HistoryParts& parts, Seq before);
  Status collect_part(const HistoryPart& part, Seq last);
  Status look_behind(SessionId session, Seq last);
  Status fill(HistoryItem& item);
  EventView shown(EventView event);

  const State& state_;
  EventSource& source_;
  HistoryPage page_{};
  std::deque<KeptBody> copies_{};  // of texts that were cut
};

}  // namespace spine::core
