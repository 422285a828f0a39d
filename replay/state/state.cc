// state: the tables of the state at a moment.
#include <fmt/format.h>
#include <string>

#include "engine/core/model/cells.h"
#include "engine/core/model/digest.h"
#include "replay/state/cell_text.h"
#include "replay/state/row_filter.h"
#include "replay/state/row_finder.h"
#include "replay/timeline/moment.h"
#include "replay/timeline/progress.h"
#include "replay/timeline/timeline.h"
#include "replay/verb.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

struct StateOptions {
  std::string at{};
  RowOptions rows{};
  bool digests{};
};

void print_summary_json(const Place& place, const core::StateDigest& digest, std::FILE* out) {
  fmt::print(out, "{}\n", json_object([&](JsonWriter& json) {
               json.member("seq", place.seq.value);
               json.member("time", utc_text(place.wall_ms));
               json.member("wallMs", place.wall_ms);
               json.member("digest", show_hex(digest.total));
               json.member("digestVersion", digest.version);
               json.array("tables", [&] {
                 for (std::size_t i = 0; i < digest.table_count; ++i)
                   json.object([&] {
                     json.member("table", digest.tables[i].table);
                     json.member("rows", digest.tables[i].rows);
                     json.member("digest", show_hex(digest.tables[i].digest));
                   });
               });
             }));
}

void print_summary_text(const Place& place, const core::StateDigest& digest, bool digests,
                        std::FILE* out) {
  fmt::print(out, "State after {}\nDigest {} (version {})\n\n", place.text(),
             show_hex(digest.total), digest.version);
  fmt::print(out, "{:<18}{:>10}{}\n", "TABLE", "ROWS", digests ? "  DIGEST" : "");
  for (std::size_t i = 0; i < digest.table_count; ++i) {
    const core::TableDigestView& table = digest.tables[i];
    fmt::print(out, "{:<18}{:>10}{}{}\n", table.table, show_count(table.rows), digests ? "  " : "",
               digests ? show_hex(table.digest) : "");
  }
}

// The rows one after the other, as they stand in the state: nothing is gathered.
void print_rows(const core::State& state, const RowFilter& filter, const Common& common) {
  core::visit_rows(state, filter.table,
                   [&](std::string_view table, std::span<const core::Cell> cells) {
                     if (!filter.wanted(table, cells)) return;
                     fmt::print(common.out, "{}{}", common.json ? "" : "\n",
                                row_shown(table, cells, common.json));
                   });
}

Result<int> show_state(const Common& common, const StateOptions& options) {
  if (!options.rows.table.empty()) SPINE_TRY_STATUS(check_table(options.rows.table));
  SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
  SPINE_TRY(const Place place, find_place(options.at, timeline, options.rows.session));
  core::State state;
  {
    Progress progress(common.err, "folding", 0, place.seq.value);
    timeline.on_progress([&](Seq seq) { progress.at(seq.value); });
    SPINE_TRY_STATUS(timeline.state_at(place.seq, state));
    timeline.on_progress({});
  }
  // A pager can block for long; the state needs the journal no more.
  timeline.reader().release();
  RowFilter filter{.table = options.rows.table};
  if (!options.rows.session.empty()) {
    SPINE_TRY(const std::uint64_t session, find_row(state, "sessions", options.rows.session));
    if (session == 0) {
      return Error{Errc::not_found, fmt::format("There is no session {} at {}.",
                                                printable(options.rows.session), place.text())};
    }
    filter.sessions = {session};
    filter.of_sessions = true;
  }
  const core::StateDigest digest = core::digest(state);
  if (common.json) {
    print_summary_json(place, digest, common.out);
  } else {
    print_summary_text(place, digest, options.digests, common.out);
  }
  if (common.json || !filter.table.empty() || filter.of_sessions) {
    print_rows(state, filter, common);
  }
  return kExitOk;
}

}  // namespace

Action replay_state(CLI::App& verb) {
  examples(verb, {"spine replay state --at \"yesterday 14:03\"",
                  "spine replay state --at -2h --session agent:main:main",
                  "spine replay state --at 1234 --table runs", "spine replay state --digests",
                  "spine replay state --json --table sessions | jq 'select(.table) | .row.key'"});
  const auto at =
      option(verb, "--at", "The moment: a seq, a time, \"3 messages ago\"", std::string("latest"));
  const auto rows = row_options(verb);
  const auto digests = option<bool>(verb, "--digests", "Print the digest of each table, too");
  return [=](const Common& common) {
    return show_state(common, {.at = *at, .rows = *rows, .digests = *digests});
  };
}

}  // namespace spine::replay
