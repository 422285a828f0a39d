// FieldHistory: the events that changed one field of one row of the state.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "engine/core/model/cells.h"
#include "engine/core/model/state.h"
#include "replay/timeline/timeline.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// A field as it was after some event.
struct FieldValue {
  bool there{};       // whether its row was; else nothing below is set
  bool is_default{};  // zero or empty, as in a row that was just made
  std::string text{};
  std::string json{};
};

struct FieldChange {
  Seq seq{};  // the event: the field was `before` until it, and `after` from it on
  FieldValue before{};
  FieldValue after{};
};

// Looks at one field while a state is folded. Cheap as long as it does not change.
class FieldWatch {
 public:
  // `key`: of a row as core::visit_row() takes it; any in meta.
  FieldWatch(std::string table, std::uint64_t key, std::string column)
      : table_(std::move(table)), key_(key), column_(std::move(column)) {}

  // Whether the field is another than at the last look, or than "no row" at the first.
  bool look(const core::State& state);
  // As of the last look.
  const FieldValue& value() const { return value_; }

 private:
  bool take(const core::Cell& cell);

  std::string table_;
  std::uint64_t key_;
  std::string column_;
  std::variant<std::uint64_t, Bits128, std::string> kept_{};
  FieldValue value_{};
};

// A value may change away and back, so that no halving finds the last change for certain, and two
// snapshots that agree say nothing of what lies between. Therefore every event of a stretch is
// folded and the field looked at after each. The stretches are those between snapshots, the last
// one first: only when nothing in it changed the field, the one before it is looked at. The event
// that made the row changed it from "no row", so nothing before that is ever looked at. Thread:
// one; the timeline outlives it.
class FieldHistory {
 public:
  // REQUIRES: the table has that column, and its rows have numbers.
  FieldHistory(Timeline& timeline, std::string table, std::uint64_t key, std::string column)
      : timeline_(timeline),
        table_(std::move(table)),
        key_(key),
        column_(std::move(column)),
        begin_(std::max(table_ == "meta" ? 0 : key_ - 1, timeline.before_first().value)) {}

  // The last change at or before `at`; nothing when there was none: in meta, the field is as before
  // the first event.
  Result<std::optional<FieldChange>> last(Seq at);
  // Calls each(change) for every change up to `at`, in order, and page() now and then between two
  // events, while the journal is not looked at.
  template <class Each, class Page>
  Status all(Seq at, Each each, Page page);

 private:
  Seq start_before(Seq upto) const;
  FieldWatch watch() const { return {table_, key_, column_}; }
  template <class Each>
  Status walk(FieldWatch& watch, core::State& state, Seq upto, Each each);

  Timeline& timeline_;
  std::string table_;
  std::uint64_t key_;
  std::string column_;
  std::uint64_t begin_;  // the last event before which the row cannot be
};

template <class Each>
Status FieldHistory::walk(FieldWatch& watch, core::State& state, Seq upto, Each each) {
  FieldValue before = watch.value();
  const auto look = [&] {
    if (!watch.look(state)) return;
    each(FieldChange{state.applied(), std::exchange(before, watch.value()), watch.value()});
  };
  SPINE_TRY_STATUS(timeline_.fold_to(upto, state, [&](const EventView&) { look(); }));
  look();
  return ok();
}

template <class Each, class Page>
Status FieldHistory::all(Seq at, Each each, Page page) {
  constexpr std::uint64_t kPageEvents = 65'536;
  core::State state;
  SPINE_TRY_STATUS(timeline_.state_at(Seq{begin_}, state));
  FieldWatch watched = watch();
  watched.look(state);
  while (state.applied() < at) {
    const Seq upto{std::min(at.value, state.applied().value + kPageEvents)};
    SPINE_TRY_STATUS(walk(watched, state, upto, each));
    timeline_.reader().release();
    page();
    SPINE_TRY_STATUS(timeline_.reader().renew());
  }
  return ok();
}

}  // namespace spine::replay
