// rehearse: forks of many journals, for an upgrade: would this program have decided the same?
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <vector>

#include "replay/fork/redecision.h"
#include "replay/timeline/progress.h"
#include "replay/verb.h"
#include "replay/xml_text.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

namespace fs = std::filesystem;

// What came of one journal.
struct Rehearsal {
  std::string path{};
  std::string problem{};  // it could not be rehearsed; empty = it was
  ForkReport report{};
  std::string text{};  // of the report
  std::string json{};

  const char* word() const {
    return !problem.empty() ? "failed" : report.differ == 0 ? "same" : "different";
  }
};

// The state directory that is meant: itself, or the one whose journal it is.
Result<fs::path> state_dir_of(const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(path / "journal", ignored)) return path;
  const fs::path clean = fs::absolute(path).lexically_normal();
  const fs::path journal = clean.filename().empty() ? clean.parent_path() : clean;
  if (fs::exists(journal / "data.mdb", ignored) && journal.filename() == "journal") {
    return journal.parent_path();
  }
  return Error{
      Errc::not_found,
      fmt::format("{} is neither a state directory nor the journal/ in one.", path.string())};
}

Result<ForkReport> rehearse(const fs::path& path, const Common& common, Rehearsal& verdict) {
  SPINE_TRY(const fs::path state_dir, state_dir_of(path));
  SPINE_TRY(Timeline timeline, Timeline::open(state_dir));
  Progress progress(common.err, verdict.path, timeline.first().value, timeline.last().value);
  timeline.on_progress([&](Seq seq) { progress.at(seq.value); });
  SPINE_TRY(ForkReport report, fork_journal(timeline, timeline.first(), timeline.last(), {}));
  progress.clear();
  Names names(timeline);
  verdict.text = fork_text(report, names);
  verdict.json = fork_json(report, names);
  return report;
}

Rehearsal verdict_of(const std::string& path, const Common& common) {
  Rehearsal verdict{.path = path};
  Result<ForkReport> report = rehearse(path, common, verdict);
  if (report) {
    verdict.report = std::move(*report);
  } else {
    verdict.problem = report.error().message;
  }
  return verdict;
}

// With control characters as visible escapes.
std::string xml(std::string_view text) {
  return xml_text(printable(text, true));
}

std::string test_case(const Rehearsal& verdict) {
  const std::string begin =
      fmt::format("    <testcase classname=\"spine.rehearse\" name=\"{}\" time=\"{:.3f}\"",
                  xml(verdict.path), verdict.report.seconds);
  if (!verdict.problem.empty()) {
    return fmt::format("{}>\n      <error message=\"{}\"/>\n    </testcase>\n", begin,
                       xml(verdict.problem));
  }
  if (verdict.report.differ == 0) return begin + "/>\n";
  const std::vector<Divergence>& kept = verdict.report.kept;
  const auto meant = [](const Divergence& each) { return each.on_purpose == nullptr; };
  const auto real = std::ranges::find_if(kept, meant);
  const Divergence& first = real == kept.end() ? kept.front() : *real;
  return fmt::format(
      "{}>\n      <failure type=\"divergence\" message=\"{} decided otherwise, the first at #{}: "
      "{}\">{}</failure>\n    </testcase>\n",
      begin, verdict.report.differ, first.seq.value, xml(first.reason), xml(verdict.text));
}

struct Totals {
  std::size_t different{};
  std::size_t failed{};
  double seconds{};
};

Totals add_up(const std::vector<Rehearsal>& verdicts) {
  Totals totals;
  for (const Rehearsal& verdict : verdicts) {
    totals.failed += verdict.problem.empty() ? 0 : 1;
    totals.different += verdict.report.differ == 0 ? 0 : 1;
    totals.seconds += verdict.report.seconds;
  }
  return totals;
}

std::string junit(const std::vector<Rehearsal>& verdicts, const Totals& totals) {
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "  <testsuite name=\"spine replay rehearse\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "time=\"{:.3f}\">\n",
      verdicts.size(), totals.different, totals.failed, totals.seconds);
  for (const Rehearsal& verdict : verdicts)
    out += test_case(verdict);
  return out + "  </testsuite>\n</testsuites>\n";
}

void print_text(const Rehearsal& verdict, std::FILE* out) {
  fmt::print(out, "{}: ", printable(verdict.path));
  if (verdict.problem.empty()) {
    fmt::print(out, "{}", verdict.text);
  } else {
    fmt::print(out, "FAILED: {}\n", printable(verdict.problem, true));
  }
}

void print_json(const std::vector<Rehearsal>& verdicts, const Totals& totals, std::FILE* out) {
  const std::string text = json_object([&](JsonWriter& json) {
    json.member("same", totals.different + totals.failed == 0);
    json.member("journals", verdicts.size());
    json.member("different", totals.different);
    json.member("failed", totals.failed);
    json.objects("verdicts", verdicts, [&](const Rehearsal& verdict) {
      json.member("path", verdict.path);
      json.member("verdict", verdict.word());
      json.member_or_null("problem", verdict.problem);
      verdict.json.empty() ? json.member_null("report") : json.member_raw("report", verdict.json);
    });
  });
  fmt::print(out, "{}\n", json_for_terminal(text));
}

}  // namespace

Action replay_rehearse(CLI::App& verb) {
  verb.footer(
      "Before an upgrade: decides every recorded input of each journal again, by the rules of "
      "this\n"
      "program, and says which decisions differ. What a release changed on purpose does not "
      "count.\n"
      "All journals are looked at, whatever comes of the first.\n"
      "Exit codes: 0 all are the same, 3 a decision differs, 1 a journal could not be "
      "rehearsed.\n\n"
      "Examples:\n"
      "  spine replay rehearse ~/.openclaw/spine\n"
      "  spine replay rehearse backups/*/ --junit rehearsal.xml");
  const auto paths = argument<std::vector<std::string>>(
      verb, "journals", "State directories, or the journal/ in them");
  const auto junit_file = option(verb, "--junit", "Write the verdicts as JUnit XML to this file");
  return [=](const Common& common) -> Result<int> {
    std::vector<Rehearsal> verdicts;
    for (const std::string& path : *paths) {
      verdicts.push_back(verdict_of(path, common));
      if (!common.json) print_text(verdicts.back(), common.out);
    }
    const Totals totals = add_up(verdicts);
    if (common.json) {
      print_json(verdicts, totals, common.out);
    } else {
      fmt::print(common.out, "{} of {} journals are the same\n",
                 verdicts.size() - totals.different - totals.failed, verdicts.size());
    }
    if (!junit_file->empty()) {
      SPINE_TRY_STATUS(replace_file(*junit_file, {as_bytes(junit(verdicts, totals))}));
    }
    if (totals.failed != 0) return kExitFailure;
    return totals.different == 0 ? kExitOk : kExitDiffers;
  };
}

}  // namespace spine::replay
