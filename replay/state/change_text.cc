// Changes as text and as JSON lines.
#include "replay/state/change_text.h"

#include <fmt/format.h>
#include <string>

#include "replay/state/cell_text.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

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

}  // namespace

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

}  // namespace spine::replay
