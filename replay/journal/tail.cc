// tail: the latest events, then new ones as they are committed.
#include <cerrno>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "engine/core/model/views.h"
#include "replay/journal/pace.h"
#include "replay/timeline/event_text.h"
#include "replay/timeline/interruption.h"
#include "replay/timeline/progress.h"
#include "replay/timeline/selection.h"
#include "replay/timeline/timeline.h"
#include "replay/verb.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/cursor.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

// How long a new event may go unnoticed.
constexpr std::chrono::milliseconds kPollEvery{100};

struct TailOptions {
  std::uint64_t last{};
  bool new_only{};
  std::string cursor{};
  std::string speed{};
  bool full_gaps{};
  bool headers_only{};
  std::uint64_t limit{};
  bool no_follow{};
};

// What is printed of one event.
struct Line {
  std::uint64_t logical_ms{};
  std::string out{};
  std::string err{};
};

// The epoch in cursors of this journal as it is now.
Result<Bits128> epoch_for_cursors(Timeline& timeline) {
  core::State state;
  SPINE_TRY_STATUS(timeline.state_at(timeline.last(), state));
  return cursor_epoch(timeline.epoch(), core::view_engine(state).loss);
}

// The event behind the cursor: a WebSocket's that is in the middle of an event has seen it.
Result<Seq> behind_cursor(const std::string& text, Timeline& timeline) {
  Cursor cursor;
  if (!parse_cursor(text, cursor)) {
    return Error{Errc::invalid_argument,
                 fmt::format("\"{}\" is no cursor. One stands in every line that `spine journal "
                             "tail --json` prints, and in the pushes of the WebSocket.",
                             printable(text))};
  }
  SPINE_TRY(const Bits128 epoch, epoch_for_cursors(timeline));
  const std::string seq = fmt::format("#{}", cursor.seq.value);
  switch (place_of(cursor, epoch, timeline.first(), timeline.last())) {
    case CursorPlace::within:
      break;
    case CursorPlace::foreign:
      return Error{Errc::refused,
                   "The cursor is of another journal, or of events that were lost. Is --state-dir "
                   "right? Begin anew with --from or --last."};
    case CursorPlace::future:
      return Error{Errc::not_found,
                   fmt::format("The cursor is from the future: it stands at {}, and the journal "
                               "ends at #{}. An older copy of the journal was restored, or this is "
                               "one. Begin anew with --from or --last.",
                               seq, timeline.last().value)};
    case CursorPlace::gone:
      return Error{Errc::not_found,
                   fmt::format("What follows the cursor at {} is gone: this journal begins at #{}. "
                               "Begin there: --from {}",
                               seq, timeline.first().value, timeline.first().value)};
  }
  return next(cursor.seq);
}

// Prints what is selected, and waits for more.
class TailStream {
 public:
  TailStream(const Common& common, const TailOptions& options, Timeline& timeline,
             Selection selection, Pace pace)
      : common_(common),
        options_(options),
        timeline_(timeline),
        names_(timeline),
        selection_(std::move(selection)),
        pace_(pace),
        left_(options.limit),
        interruption_(common.out) {}

  // Where the first event is looked for. `cursor` is the epoch of cursors; none = it is not known.
  Result<int> run(Seq from, std::optional<Bits128> cursor) {
    at_ = from;
    cursor_ = cursor;
    SPINE_TRY_STATUS(catch_up());
    if (!options_.no_follow && !ended()) {
      pace_ = *Pace::parse("instant", Pace::Gaps::full);
      fmt::print(common_.err, "following after #{} (Ctrl-C ends it)\n", timeline_.last().value);
      std::fflush(common_.err);
    }
    while (!options_.no_follow && !ended()) {
      timeline_.reader().release();
      if (interruption_.wait_until(std::chrono::steady_clock::now() + kPollEvery)) break;
      SPINE_TRY_STATUS(look_again());
      SPINE_TRY_STATUS(catch_up());
    }
    return code_;
  }

 private:
  bool ended() { return done_ || left_ == 0 || at_ > selection_.upto || interruption_.requested(); }

  // Prints what is wanted up to the end as it is now.
  Status catch_up() {
    journal::Reader& reader = timeline_.reader();
    at_ = std::max(at_, Seq{1});
    while (!ended()) {
      SPINE_TRY_STATUS(reader.renew());
      if (at_ < reader.first()) at_ = reader.first();
      if (!reader.last() || at_ > reader.last()) return ok();
      // What is new is looked at whole: the epoch of cursors may change there.
      if (at_ <= known_) at_ = std::min(selection_.where().at_or_after(at_), next(known_));
      if (at_ > reader.last()) return ok();
      SPINE_TRY(const journal::BlockView block, reader.block_of(at_));
      const std::vector<Line> lines = lines_of_block(block);
      at_ = next(block.last());
      // Nothing is pinned while it waits for a due time, or for whoever reads the output.
      reader.release();
      SPINE_TRY_STATUS(print(lines));
    }
    return ok();
  }

  // Sees whether the journal is still the one that was opened.
  Status look_again() {
    journal::Reader& reader = timeline_.reader();
    const Bits128 epoch = reader.epoch();
    const Seq last = reader.last();
    const bool in_place = reader.is_in_place();
    SPINE_TRY_STATUS(reader.renew());
    if (in_place && reader.last() >= last && (!epoch || reader.epoch() == epoch)) return ok();
    return Error{Errc::not_found,
                 fmt::format("The journal in {} was replaced, by a restore or by hand, and what "
                             "follows #{} is not of the same history. Start `spine journal tail` "
                             "anew.",
                             common_.journal_dir().string(), last.value)};
  }

  std::vector<Line> lines_of_block(const journal::BlockView& block) {
    std::vector<Line> lines;
    for (std::uint32_t i = 0; i < block.count() && lines.size() < left_; ++i) {
      const EventView event = block.event(i);
      if (event.seq < at_) continue;
      note_loss(event);
      if (selection_.wanted(event, names_)) lines.push_back(line_of(event));
    }
    return lines;
  }

  // Cursors of before an accepted loss name other events.
  void note_loss(const EventView& event) {
    if (event.seq <= known_ || !is_kind(event, fb::EventBody::EngineStarted) ||
        !event_is_readable(event)) {
      return;
    }
    const auto* loss = root_of<fb::EngineStarted>(event).loss();
    if (loss != nullptr) cursor_ = cursor_epoch(timeline_.epoch(), bits_of(loss));
  }

  Line line_of(const EventView& event) {
    Line line{.logical_ms = event.header.logical_ms};
    if (!event_is_readable(event)) {
      const Error why = unreadable_event(event);
      // Of an event of a later version the header is shown.
      if (why.code == Errc::corrupt) {
        line.err = fmt::format("Error: The journal is damaged: {}.\n", why.message);
        return line;
      }
    }
    const Detail detail = options_.headers_only ? Detail::header : Detail::all;
    if (!common_.json) {
      line.out = record_text(event, names_, detail) + '\n';
      return line;
    }
    line.out = record_json(event, names_, detail);
    if (cursor_) {
      line.out.pop_back();
      line.out += fmt::format(R"(,"cursor":"{}"}})", cursor_text(*cursor_, event.seq));
    }
    line.out += '\n';
    return line;
  }

  Status print(const std::vector<Line>& lines) {
    for (const Line& line : lines) {
      const Pace::Time due = pace_.due(line.logical_ms, std::chrono::steady_clock::now());
      if (pace_.left_out_ms() > 0) {
        fmt::print(common_.err, "... {} without events left out (--full-gaps waits for them)\n",
                   show_duration_ms(pace_.left_out_ms()));
      }
      if (!pace_.instant()) {
        SPINE_TRY_STATUS(flush());
        if (interruption_.wait_until(due)) break;
      }
      SPINE_TRY_STATUS(write(line));
      if (--left_ == 0) break;
    }
    return flush();
  }

  Status write(const Line& line) {
    fmt::print(common_.err, "{}", line.err);
    if (!line.err.empty()) code_ = kExitFailure;
    errno = 0;
    const std::size_t bytes = std::fwrite(line.out.data(), 1, line.out.size(), common_.out);
    return bytes == line.out.size() ? ok() : unwritten();
  }
  Status flush() {
    errno = 0;
    return done_ || std::fflush(common_.out) == 0 ? ok() : unwritten();
  }
  // Nobody reads any more, or Ctrl-C came while it was writing: that is an end like any other.
  Status unwritten() {
    const int code = errno;
    done_ = code == EPIPE || interruption_.requested();
    if (done_) return ok();
    return Error{class_of_errno(code), fmt::format("The output cannot be written: {}.",
                                                   std::generic_category().message(code))};
  }

  const Common& common_;
  const TailOptions& options_;
  Timeline& timeline_;
  Names names_;
  Selection selection_;
  Pace pace_;
  std::uint64_t left_;
  Interruption interruption_;
  Seq at_{};                         // the next event to look at
  Seq known_{timeline_.last()};      // cursor_ is of the journal up to here
  std::optional<Bits128> cursor_{};  // epoch of cursors
  int code_{kExitOk};
  bool done_{};
};

// The first of the last `count` events that are wanted.
Result<Seq> first_of_last(std::uint64_t count, const Common& common, Selection& selection,
                          Timeline& timeline) {
  Seq found = next(timeline.last());
  if (count == 0) return found;
  Names names(timeline);
  const std::uint64_t last = timeline.last().value;
  Progress progress(common.err, "looking back", 0, last);
  timeline.on_progress([&](Seq seq) { progress.at(last - seq.value); });
  const Status walked = timeline.for_each_event_back(
      selection.upto, selection.from,
      [&](const EventView& event) {
        if (!selection.wanted(event, names)) return true;
        found = event.seq;
        return --count != 0;
      },
      &selection.where());
  timeline.on_progress({});
  SPINE_TRY_STATUS(walked);
  return found;
}

Result<int> run_tail(const Common& common, const TailOptions& options,
                     const SelectionOptions& selected) {
  SPINE_TRY(const Pace pace, Pace::parse(options.speed, options.full_gaps ? Pace::Gaps::full
                                                                          : Pace::Gaps::shortened));
  SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
  SPINE_TRY(Selection selection, Selection::find(selected, timeline));
  Seq from = selection.from;
  if (!options.cursor.empty()) {
    SPINE_TRY(from, behind_cursor(options.cursor, timeline));
  } else if (options.new_only) {
    from = next(timeline.last());
  } else if (selected.from.empty()) {
    SPINE_TRY(from, first_of_last(options.last, common, selection, timeline));
  }
  if (selected.to.empty()) selection.upto = Seq{UINT64_MAX};
  selection.from = from;
  std::optional<Bits128> cursor;
  if (common.json) {
    if (const auto known = epoch_for_cursors(timeline)) {
      cursor = *known;
    } else {
      fmt::print(common.err, "Note: the lines have no cursors. {}\n",
                 printable(known.error().message));
    }
  }
  return TailStream(common, options, timeline, std::move(selection), pace).run(from, cursor);
}

}  // namespace

Action journal_tail(CLI::App& verb) {
  examples(verb, {"spine journal tail",
                  "spine journal tail --new --kind MessageReceived --json | jq .body.text",
                  "spine journal tail --from \"yesterday 14:03\" --speed 10x --headers-only",
                  "spine journal tail --json --cursor \"$(tail -1 seen.jsonl | jq -r .cursor)\""});
  const auto selected = selection_options(verb);
  const auto last = option<std::uint64_t>(verb, "--last", "Begin with this many of the past", 10);
  const auto new_only = option<bool>(verb, "--new", "Only what is committed from now on");
  const auto cursor = option(verb, "--cursor", "Go on after the event of this cursor");
  const auto speed = option(verb, "--speed", "Of the past: original, 10x (as fast), instant",
                            std::string("instant"));
  verb.get_option("--speed")->default_str("instant");
  const auto full_gaps = option<bool>(verb, "--full-gaps", "With --speed: wait out gaps over 5 s");
  const auto headers_only = option<bool>(verb, "--headers-only", "Leave the bodies out");
  const auto limit = option<std::uint64_t>(verb, "--limit", "End after so many events", UINT64_MAX);
  verb.get_option("--limit")->default_str("");
  const auto no_follow = option<bool>(verb, "--no-follow", "End where the journal ends now");
  // Each says where to begin.
  const std::vector<const char*> begins{"--from", "--last", "--new", "--cursor"};
  for (std::size_t i = 0; i < begins.size(); ++i)
    for (std::size_t j = i + 1; j < begins.size(); ++j)
      verb.get_option(begins[i])->excludes(verb.get_option(begins[j]));
  return [=](const Common& common) -> Result<int> {
    const TailOptions options{.last = *last,
                              .new_only = *new_only,
                              .cursor = *cursor,
                              .speed = *speed,
                              .full_gaps = *full_gaps,
                              .headers_only = *headers_only,
                              .limit = *limit,
                              .no_follow = *no_follow};
    return run_tail(common, options, *selected);
  };
}

}  // namespace spine::replay
