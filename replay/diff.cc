// diff: what is different between two moments.
#include <fmt/format.h>
#include <string>

#include "replay/cell_text.h"
#include "replay/moment.h"
#include "replay/progress.h"
#include "replay/row_filter.h"
#include "replay/row_finder.h"
#include "replay/state_diff.h"
#include "replay/timeline.h"
#include "replay/verb.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

struct DiffOptions {
  std::string from{};
  std::string to{};
  RowOptions rows{};
  bool all{};
};

// A field of a body that was recorded is compared by what it says, not as one text.
void print_body_fields(const core::Cell& before, const core::Cell& after, std::FILE* out) {
  auto old_fields = body_fields(before);
  for (const auto& [name, value] : body_fields(after)) {
    const auto old = old_fields.find(name);
    const bool known = old != old_fields.end();
    if (!known || old->second != value) {
      fmt::print(out, "    {}.{}: {} -> {}\n", after.column, name, known ? old->second : "unset",
                 value);
    }
    if (known) old_fields.erase(old);
  }
  for (const auto& [name, value] : old_fields)
    fmt::print(out, "    {}.{}: {} -> unset\n", after.column, name, value);
}

void print_change_text(const RowChange& change, std::FILE* out) {
  if (change.before.empty()) {
    fmt::print(out, "+ {}\n{}", row_title(change.table, change.after), row_text(change.after));
    return;
  }
  if (change.after.empty()) {
    fmt::print(out, "- {}\n", row_title(change.table, change.before));
    return;
  }
  fmt::print(out, "~ {}\n", row_title(change.table, change.after));
  for (const std::size_t i : change.columns) {
    const core::Cell& before = change.before[i];
    const core::Cell& after = change.after[i];
    if (!body_fields(before).empty() || !body_fields(after).empty()) {
      print_body_fields(before, after, out);
    } else {
      fmt::print(out, "    {}: {} -> {}\n", after.column, cell_text(before), cell_text(after));
    }
  }
}

void print_change_json(const RowChange& change, std::FILE* out) {
  const bool added = change.before.empty();
  const bool removed = change.after.empty();
  const auto shown = added ? change.after : change.before;
  fmt::print(out, "{}\n", json_object([&](JsonWriter& json) {
               json.member("change", added ? "added" : removed ? "removed" : "changed");
               json.member("table", change.table);
               json.member_raw("id", row_key_json(change.table, shown));
               if (added || removed) return json.member_raw("row", row_json(shown));
               json.array("fields", [&] {
                 for (const std::size_t i : change.columns)
                   json.object([&] {
                     json.member("field", change.before[i].column);
                     json.member_raw("before", cell_json(change.before[i]));
                     json.member_raw("after", cell_json(change.after[i]));
                   });
               });
             }));
}

void print_report_text(const DiffReport& report, std::FILE* out) {
  if (report.equal()) {
    fmt::print(out, "Nothing differs.\n");
  } else {
    fmt::print(out, "{} added, {} removed, {} changed\n", report.added, report.removed,
               report.changed);
  }
  if (report.bookkeeping.empty()) return;
  std::string list;
  for (const auto& [name, rows] : report.bookkeeping)
    list += fmt::format("{}{} {}{}", list.empty() ? "" : ", ", name.first, name.second,
                        name.first == "meta" ? "" : fmt::format(" ({})", show_count(rows)));
  fmt::print(out, "Bookkeeping, shown with --all: {}\n", list);
}

void print_report_json(const DiffReport& report, std::FILE* out) {
  fmt::print(out, "{}\n", json_object([&](JsonWriter& json) {
               json.member("equal", report.equal());
               json.member("added", report.added);
               json.member("removed", report.removed);
               json.member("changed", report.changed);
               json.objects("bookkeeping", report.bookkeeping, [&](const auto& entry) {
                 json.member("table", entry.first.first);
                 json.member("field", entry.first.second);
                 json.member("rows", entry.second);
               });
             }));
}

Status reach(Timeline& timeline, const Common& common, const Place& place, core::State& state) {
  Progress progress(common.err, fmt::format("folding to #{}", place.seq.value), 0, place.seq.value);
  timeline.on_progress([&](Seq seq) { progress.at(seq.value); });
  const Status reached = timeline.state_at(place.seq, state);
  timeline.on_progress({});
  return reached;
}

// The session may be there at one of the moments only, or be another one of that key at each.
Result<RowFilter> filter_of(const RowOptions& rows, const core::State& before,
                            const core::State& after) {
  RowFilter filter{.table = rows.table};
  if (rows.session.empty()) return filter;
  filter.of_sessions = true;
  for (const core::State* state : {&before, &after}) {
    SPINE_TRY(const std::uint64_t session, find_row(*state, "sessions", rows.session));
    if (session != 0) filter.sessions.push_back(session);
  }
  if (filter.sessions.empty()) {
    return Error{Errc::not_found,
                 fmt::format("There is no session {} at either moment.", printable(rows.session))};
  }
  return filter;
}

Result<int> show_diff(const Common& common, const DiffOptions& options) {
  if (!options.rows.table.empty()) SPINE_TRY_STATUS(check_table(options.rows.table));
  SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
  SPINE_TRY(const Place from, find_place(options.from, timeline, options.rows.session));
  SPINE_TRY(const Place to, find_place(options.to, timeline, options.rows.session));
  core::State before;
  core::State after;
  SPINE_TRY_STATUS(reach(timeline, common, from, before));
  SPINE_TRY_STATUS(reach(timeline, common, to, after));
  // A pager can block for long; the states need the journal no more.
  timeline.reader().release();
  SPINE_TRY(const RowFilter filter, filter_of(options.rows, before, after));
  if (common.json) {
    fmt::print(common.out,
               R"({{"from":{},"to":{}}})"
               "\n",
               place_json(from), place_json(to));
  } else {
    fmt::print(common.out, "From {}\nTo   {}\n\n", from.text(), to.text());
  }
  const DiffReport report =
      diff_states(before, after, filter, options.all, [&](const RowChange& change) {
        (common.json ? print_change_json : print_change_text)(change, common.out);
      });
  (common.json ? print_report_json : print_report_text)(report, common.out);
  return report.equal() ? kExitOk : kExitDiffers;
}

}  // namespace

Action replay_diff(CLI::App& verb) {
  verb.footer(
      "Exit code 3 when something differs. What nearly every event moves on (clocks, rates, the\n"
      "tables that recognise repeats) is counted and not compared, unless --all is given.\n\n"
      "Examples:\n"
      "  spine replay diff 1200 1300\n"
      "  spine replay diff \"yesterday 14:03\" latest --session agent:main:main\n"
      "  spine replay diff -2h now --table devices\n"
      "  spine replay diff \"3 messages ago\" latest --json");
  const auto from = argument(verb, "from", "A moment: a seq, a time, \"3 messages ago\"");
  const auto to = argument(verb, "to", "Another one");
  const auto rows = row_options(verb);
  const auto all = option<bool>(verb, "--all", "Compare the bookkeeping, too");
  return [=](const Common& common) {
    return show_diff(common, {.from = *from, .to = *to, .rows = *rows, .all = *all});
  };
}

}  // namespace spine::replay
