// Where a page begins, and which events are on it.
#include "engine/pipeline/follower/journal_pages.h"

#include <algorithm>

#include "engine/core/model/views.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/limits.h"

namespace spine::pipeline {

// By halving: where the clock was set back, one of the places is found.
Result<Seq> JournalPages::seq_since(std::int64_t wall_ms) {
  std::uint64_t low = reader_.first().value;
  std::uint64_t high = state_.applied().value + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    SPINE_TRY(const journal::BlockView block, reader_.block_of(Seq{middle}));
    const EventView event = block.event(static_cast<std::uint32_t>(middle - block.first().value));
    if (event.header.wall_ms < wall_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return Seq{low};
}

Result<Seq> JournalPages::first_wanted(const JournalAsk& ask) {
  const std::uint64_t end = state_.applied().value + 1;
  switch (ask.start) {
    case JournalStart::seq:
    case JournalStart::next:
      return Seq{ask.at};
    case JournalStart::time:
      return seq_since(static_cast<std::int64_t>(ask.at));
    case JournalStart::last:
      return std::max(reader_.first(), Seq{end - std::min(end, ask.at)});
    case JournalStart::end:
      break;
  }
  return Seq{end};
}

Result<JournalPageItem> JournalPages::read(const JournalAsk& ask) {
  JournalPageItem page{.session = ask.session, .first = reader_.first(), .head = state_.applied()};
  SPINE_TRY(page.from, first_wanted(ask));
  page.upto = Seq{page.from.value - 1};
  if (page.from < page.first || page.from > page.head) return page;
  std::size_t bytes = 0;
  for (std::size_t blocks = 0; page.upto < page.head && blocks < limits::kGapBlocksMax; ++blocks) {
    SPINE_TRY(const journal::BlockView block, reader_.block_of(next(page.upto)));
    const auto skip = static_cast<std::uint32_t>(page.upto.value + 1 - block.first().value);
    for (std::uint32_t i = skip; i < block.count() && page.upto < page.head; ++i) {
      if (bytes > limits::kJournalPageBytesMax) return page;
      EventView event = block.event(i);
      page.upto = event.seq;
      if (!has_kind(ask.kinds, event.header.kind)) continue;
      if (ask.session && event.header.session != ask.session.value) continue;
      if (!event_is_readable(event)) return unreadable_event(event);
      const bool is_long = event.body.size() > limits::kJournalBodyBytesMax;
      const std::uint64_t left_out = is_long ? event.body.size() : 0;
      if (is_long) event.body = {};
      bytes += event.body.size() + limits::kKiB;
      page.lines.push_back(
          {.event = event,
           .left_out = left_out,
           .session_key = core::name_session(state_, SessionId{event.header.session}).key});
    }
  }
  return page;
}

}  // namespace spine::pipeline
