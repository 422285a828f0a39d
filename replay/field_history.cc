// Looks, and stretches between snapshots.
#include "replay/field_history.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "replay/cell_text.h"

namespace spine::replay {

bool FieldWatch::look(const core::State& state) {
  bool there = false;
  bool changed = false;
  const auto show = [&](std::string_view, std::span<const core::Cell> cells) {
    there = true;
    if (const core::Cell* cell = find_cell(cells, column_)) changed = take(*cell);
  };
  if (table_ == "meta") {
    core::visit_rows(state, table_, show);
  } else {
    core::visit_row(state, table_, key_, show);
  }
  if (there || !value_.there) return changed;
  value_ = {};
  return true;
}

bool FieldWatch::take(const core::Cell& cell) {
  const bool same = std::visit(
      [&]<class Value>(const Value& value) {
        using Kept =
            std::conditional_t<std::is_same_v<Value, std::string_view>, std::string, Value>;
        const auto* kept = std::get_if<Kept>(&kept_);
        return value_.there && kept != nullptr && *kept == value;
      },
      cell.value);
  if (same) return false;
  if (const auto* text = std::get_if<std::string_view>(&cell.value)) {
    kept_ = std::string(*text);
  } else if (const auto* bits = std::get_if<Bits128>(&cell.value)) {
    kept_ = *bits;
  } else {
    kept_ = std::get<std::uint64_t>(cell.value);
  }
  value_ = {.there = true,
            .is_default = cell.is_default,
            .text = cell_text(cell),
            .json = cell_json(cell)};
  return true;
}

// The last snapshot before `upto` at which the row may have been, else the event before it.
Seq FieldHistory::start_before(Seq upto) const {
  Seq start{begin_};
  for (const Seq seq : timeline_.snapshots())
    if (seq < upto) start = std::max(start, seq);
  return start;
}

Result<std::optional<FieldChange>> FieldHistory::last(Seq at) {
  std::optional<FieldChange> found;
  for (Seq upto = at; !found && upto.value > begin_;) {
    const Seq start = start_before(upto);
    core::State state;
    SPINE_TRY_STATUS(timeline_.state_at(start, state));
    FieldWatch watched = watch();
    watched.look(state);
    SPINE_TRY_STATUS(
        walk(watched, state, upto, [&](FieldChange change) { found = std::move(change); }));
    upto = start;
  }
  return found;
}

}  // namespace spine::replay
