// The report of a fork, for people and for programs.
#include "replay/fork/fork_report.h"

#include <fmt/format.h>
#include <string_view>

#include "engine/core/model/rules.h"
#include "replay/timeline/moment.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

std::string s_of(std::uint64_t count) {
  return count == 1 ? "" : "s";
}

// The rows of the summary: what became of the inputs in each world.
template <class Row>
void for_each_outcome(const ForkReport& report, Row row) {
  const Outcomes& then = report.recorded;
  const Outcomes& now = report.decided;
  row("messagesAccepted", "messages accepted", then.accepted, now.accepted);
  row("messagesRefused", "messages refused", then.refused, now.refused);
  row("sessionsOpened", "sessions opened", then.sessions, now.sessions);
  row("runsQueued", "runs queued", then.runs, now.runs);
  row("runsFinished", "runs finished", then.finished, now.finished);
  row("runsFailed", "runs failed", then.failed, now.failed);
  if (report.decided_end.bytes == 0) return;
  row("sessionsAtEnd", "sessions at the end", report.recorded_end.sessions,
      report.decided_end.sessions);
  row("runsOpenAtEnd", "runs open at the end", report.recorded_end.runs_open,
      report.decided_end.runs_open);
}

// How many more there are than are listed.
std::string left_out(const ForkReport& report) {
  std::uint64_t differ = report.differ;
  std::uint64_t on_purpose = report.on_purpose;
  for (const Divergence& each : report.kept)
    --(each.on_purpose != nullptr ? on_purpose : differ);
  if (differ + on_purpose == 0) return {};
  std::string purpose;
  if (on_purpose != 0) purpose = fmt::format(", {} of them on purpose", show_count(on_purpose));
  return fmt::format("... and {} more{} (--limit 0 lists all)\n", show_count(differ + on_purpose),
                     purpose);
}

std::string verdict(const ForkReport& report) {
  const std::string range =
      report.events == 0 ? fmt::format("nothing is recorded behind #{}", report.at.value)
                         : fmt::format("{} input{} of #{} to #{}", show_count(report.inputs),
                                       s_of(report.inputs), report.at.value + 1, report.upto.value);
  if (report.differ == 0 && report.inputs == 0) return fmt::format("Same: {}\n", range);
  if (report.differ == 0) return fmt::format("Same: {}, decided as recorded\n", range);
  return fmt::format("DIFFERENT: {} of {} decided otherwise\n", show_count(report.differ), range);
}

}  // namespace

std::string fork_text(const ForkReport& report, Names& names) {
  std::string out = verdict(report);
  if (report.on_purpose != 0) {
    out += fmt::format("Changed on purpose by a release: {}\n", show_count(report.on_purpose));
  }
  if (report.facts != 0) {
    out += fmt::format("Recorded, and decided by no rule: {}\n", show_count(report.facts));
  }
  if (report.without_subject != 0) {
    out += fmt::format("About what is not there in this course of events: {} input{}\n",
                       show_count(report.without_subject), s_of(report.without_subject));
  }
  if (report.rules_upto > core::kRulesVersion) {
    out += fmt::format("Recorded under rules of version {}; this program has version {}\n",
                       report.rules_upto, core::kRulesVersion);
  }
  for (const Divergence& divergence : report.kept)
    out += divergence_text(divergence, names);
  out += left_out(report);
  if (report.differ + report.on_purpose == 0) return out;
  out += fmt::format("{:22} {:>12} {:>12}\n", "", "recorded", "decided now");
  for_each_outcome(
      report, [&](const char*, const char* what, std::uint64_t then, std::uint64_t now) {
        out += fmt::format("{:22} {:>12} {:>12}\n", what, show_count(then), show_count(now));
      });
  return out;
}

std::string fork_json(const ForkReport& report, Names& names) {
  return json_object([&](JsonWriter& json) {
    json.member("same", report.differ == 0);
    json.member("at", report.at.value);
    json.member("atTime", utc_text(report.at_wall_ms));
    json.member("upto", report.upto.value);
    json.member("events", report.events);
    json.member("inputs", report.inputs);
    json.member("differ", report.differ);
    json.member("onPurpose", report.on_purpose);
    json.member("withoutSubject", report.without_subject);
    json.member("facts", report.facts);
    json.member("rulesFrom", report.rules_from);
    json.member("rulesUpto", report.rules_upto);
    json.member("rules", core::kRulesVersion);
    json.member_raw("seconds", fmt::format("{:.3f}", report.seconds));
    json.objects("divergences", report.kept,
                 [&](const Divergence& divergence) { write_divergence(divergence, names, json); });
    const auto side = [&](JsonKey name, bool now) {
      json.object(name, [&] {
        for_each_outcome(report, [&](const char* key, const char*, std::uint64_t recorded,
                                     std::uint64_t decided) {
          json.member(std::string_view(key), now ? decided : recorded);
        });
      });
    };
    side("recorded", false);
    side("decided", true);
  });
}

}  // namespace spine::replay
