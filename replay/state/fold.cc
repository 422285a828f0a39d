// fold: evolve over every event of a journal, with a comparison at each recorded digest.
#include "replay/state/fold.h"

#include <charconv>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>

#include "replay/timeline/progress.h"
#include "replay/verb.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

using Clock = std::chrono::steady_clock;

// Names of the tables whose recorded row count or digest is not the folded one.
std::vector<std::string> tables_that_differ(const fb::StateDigested& recorded,
                                            const core::StateDigest& own) {
  std::vector<std::string> names;
  if (recorded.tables() == nullptr) return names;
  for (const fb::TableDigest* table : *recorded.tables()) {
    const std::string name = table->table() ? table->table()->str() : std::string();
    bool equal = false;
    for (std::size_t i = 0; i < own.table_count; ++i) {
      const core::TableDigestView& mine = own.tables[i];
      equal = equal || (mine.table == name && mine.rows == table->rows() &&
                        mine.digest == bits_of(table->digest()));
    }
    if (!equal) names.push_back(name);
  }
  return names;
}

class Folder {
 public:
  Folder(FoldReport& report, const std::optional<LiveDigest>& live)
      : report_(report), live_(live) {}

  // From zero; a journal that begins later from the state that it begins with.
  Status fold_all(Timeline& timeline) {
    if (timeline.first() > Seq{1}) report_.from = Seq{timeline.first().value - 1};
    SPINE_TRY_STATUS(timeline.state_at(report_.from, state_));
    SPINE_TRY_STATUS(timeline.fold_to(timeline.last(), state_, [this](const EventView& event) {
      if (live_ && live_->seq == state_.applied()) compare_live();
      if (is_kind(event, fb::EventBody::StateDigested)) compare_recorded(event);
      ++report_.events;
    }));
    if (live_ && live_->seq == state_.applied()) compare_live();
    report_.digest = core::digest(state_);
    return ok();
  }

 private:
  void differs(Difference difference) {
    if (report_.differences++ == 0) report_.first = std::move(difference);
  }

  // The recorded digest is of the state just before its event.
  void compare_recorded(const EventView& event) {
    const auto* recorded = flatbuffers::GetRoot<fb::StateDigested>(event.body.data());
    if (recorded->version() != core::kDigestVersion) {
      ++report_.other_version;
      return;
    }
    const core::StateDigest own = core::digest(state_);
    ++report_.compared;
    if (own.total == bits_of(recorded->digest())) return;
    differs({.seq = state_.applied(),
             .recorded_in = event.seq,
             .recorded = bits_of(recorded->digest()),
             .folded = own.total,
             .tables = tables_that_differ(*recorded, own)});
  }

  void compare_live() {
    const core::StateDigest own = core::digest(state_);
    report_.live_compared = true;
    if (own.total == live_->total) return;
    differs({.seq = state_.applied(), .recorded = live_->total, .folded = own.total});
  }

  FoldReport& report_;
  const std::optional<LiveDigest>& live_;
  core::State state_{};
};

bool parse_hex128(std::string_view text, Bits128& out) {
  if (text.size() != 32) return false;
  const auto half = [](std::string_view digits, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + 16, value, 16);
    return error == std::errc() && end == digits.data() + 16;
  };
  return half(text.substr(0, 16), out.hi) && half(text.substr(16), out.lo);
}

double events_per_second(const FoldReport& report) {
  return report.seconds > 0 ? static_cast<double>(report.events) / report.seconds : 0;
}

std::string report_json(const FoldReport& report) {
  return json_object([&](JsonWriter& json) {
    json.member("equal", report.differences == 0);
    json.member("events", report.events);
    json.member_raw("seconds", fmt::format("{:.3f}", report.seconds));
    json.member_raw("eventsPerSecond", fmt::format("{:.0f}", events_per_second(report)));
    json.member("from", report.from.value);
    json.member("seq", report.digest.seq.value);
    json.member("digestVersion", report.digest.version);
    json.member("digest", show_hex(report.digest.total));
    const std::span tables(report.digest.tables.data(), report.digest.table_count);
    json.objects("tables", tables, [&](const core::TableDigestView& table) {
      json.member("table", table.table);
      json.member("rows", table.rows);
      json.member("digest", show_hex(table.digest));
    });
    json.member("recordedCompared", report.compared);
    json.member("recordedOtherVersion", report.other_version);
    json.member("liveCompared", report.live_compared);
    json.member("differences", report.differences);
    if (!report.first) return json.member_null("firstDifference");
    json.object("firstDifference", [&, &d = *report.first] {
      json.member("seq", d.seq.value);
      json.member("recordedIn", d.recorded_in.value);
      json.member("recorded", show_hex(d.recorded));
      json.member("folded", show_hex(d.folded));
      json.array("tables", d.tables);
    });
  });
}

void print_text(const FoldReport& report, std::FILE* out) {
  const auto rate = static_cast<std::uint64_t>(events_per_second(report));
  const std::string from =
      report.from ? fmt::format("the snapshot at #{}", report.from.value) : std::string("zero");
  fmt::print(out, "{}: {} events folded from {} in {:.3f} s ({} events/s)\n",
             report.differences == 0 ? "Equal" : "DIFFERENT", show_count(report.events), from,
             report.seconds, show_count(rate));
  fmt::print(out, "Digest {} (version {}) of the state at #{}\n", show_hex(report.digest.total),
             report.digest.version, report.digest.seq.value);
  fmt::print(out, "Compared with {} recorded digest{}{}\n", report.compared,
             report.compared == 1 ? "" : "s",
             report.live_compared ? " and with the live daemon" : "");
  if (report.other_version > 0) {
    fmt::print(out, "Not comparable: {} recorded by another version of the digest\n",
               report.other_version);
  }
  if (!report.first) return;
  const Difference& d = *report.first;
  fmt::print(out, "First difference at #{}: {} has {}, the fold gives {}\n", d.seq.value,
             d.recorded_in ? fmt::format("event #{}", d.recorded_in.value) : "the live daemon",
             show_hex(d.recorded), show_hex(d.folded));
  if (!d.tables.empty()) fmt::print(out, "Tables that differ: {}\n", fmt::join(d.tables, ", "));
}

}  // namespace

Result<FoldReport> fold(Timeline& timeline, const std::optional<LiveDigest>& live) {
  FoldReport report;
  const auto start = Clock::now();
  SPINE_TRY_STATUS(Folder(report, live).fold_all(timeline));
  report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (live && !report.live_compared) {
    return Error{Errc::unavailable,
                 fmt::format("The live daemon is at event {}, but this journal ends at {}: it is "
                             "not the daemon's journal. Check --state-dir and --port.",
                             live->seq.value, report.digest.seq.value)};
  }
  return report;
}

Action replay_verify(CLI::App& verb) {
  verb.footer(
      "Exit code 3 means a digest differs; the first seq and the tables are named.\n\n"
      "Example:\n  spine replay verify --json");
  const auto live_seq = option<std::uint64_t>(verb, "--live-seq", "");
  const auto live_digest = option(verb, "--live-digest", "");
  verb.get_option("--live-seq")->group("");
  verb.get_option("--live-digest")->group("");
  return [=](const Common& common) -> Result<int> {
    std::optional<LiveDigest> live;
    if (*live_seq != 0) {
      live = LiveDigest{.seq = Seq{*live_seq}};
      if (!parse_hex128(*live_digest, live->total)) {
        return Error{Errc::invalid_argument, "--live-digest needs 32 hexadecimal digits."};
      }
    }
    SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
    Progress progress(common.err, "folding", 0, timeline.last().value);
    timeline.on_progress([&](Seq seq) { progress.at(seq.value); });
    SPINE_TRY(const FoldReport report, fold(timeline, live));
    progress.clear();
    if (common.json) {
      fmt::print(common.out, "{}\n", json_for_terminal(report_json(report)));
    } else {
      print_text(report, common.out);
    }
    return report.differences == 0 ? kExitOk : kExitDiffers;
  };
}

}  // namespace spine::replay
