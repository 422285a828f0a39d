// fork: what other rules, or another policy, would have decided.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <limits>
#include <string>
#include <vector>

#include "replay/fork.h"
#include "replay/moment.h"
#include "replay/progress.h"
#include "replay/verb.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/files.h"

namespace spine::replay {
namespace {

constexpr std::uint64_t kPolicyBytesMax = 16 * limits::kMiB;

// A ConfigApplied, as `spine` hands it over: the file of a body, 8-aligned.
Result<std::vector<std::uint64_t>> read_policy(const std::string& path, std::size_t& bytes) {
  SPINE_TRY(InputFile file, InputFile::open(path));
  if (file.bytes() > kPolicyBytesMax) {
    return Error{Errc::invalid_argument, fmt::format("{} is too large for a policy.", path)};
  }
  bytes = file.bytes();
  std::vector<std::uint64_t> words(align8(bytes) / sizeof(std::uint64_t));
  const auto body = std::as_writable_bytes(std::span(words)).first(bytes);
  SPINE_TRY_STATUS(file.read(body));
  if (!verify_event_body(kind_number(fb::EventBody::ConfigApplied), body)) {
    return Error{Errc::invalid_argument,
                 fmt::format("{} is no policy. Give the configuration file to `spine replay fork "
                             "--config`, which makes one of it.",
                             path)};
  }
  return words;
}

}  // namespace

Action replay_fork(CLI::App& verb) {
  verb.footer(
      "Takes the state at a moment and decides every recorded input after it again, by the rules "
      "of\n"
      "this program and, with --config FILE, under that configuration. Each decision is compared\n"
      "with the recorded one on the recorded state, so that one difference does not lead to "
      "others.\n"
      "With --decide it goes on with its own decisions instead: what would have been. Agents "
      "answer\n"
      "there as they were recorded; a run without a recorded answer stays open.\n"
      "Inputs that were refused without a record (a rate limit, a repeated request) are not in "
      "the\n"
      "journal, and so are not decided again.\n"
      "Exit code 3 means that a decision differs.\n\n"
      "Examples:\n"
      "  spine replay fork --at 1\n"
      "  spine replay fork --at -2h --config new.json\n"
      "  spine replay fork --at \"yesterday 14:03\" --config new.json --decide --json");
  const auto at =
      option(verb, "--at", "The state to begin with: a seq or a time (default: the first event)");
  const auto to = option(verb, "--to", "The last event: a seq or a time (default: the last)");
  const auto decide = option<bool>(verb, "--decide", "Go on with its own decisions");
  const auto limit =
      option<std::size_t>(verb, "--limit", "How many differences are listed; 0 = all", 100);
  const auto policy = option(verb, "--policy", "");
  verb.get_option("--policy")->group("");
  return [=](const Common& common) -> Result<int> {
    std::vector<std::uint64_t> words;
    std::size_t bytes = 0;
    if (!policy->empty()) {
      SPINE_TRY(words, read_policy(*policy, bytes));
    }
    SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
    Seq from = timeline.first();
    Seq upto = timeline.last();
    if (!at->empty()) {
      SPINE_TRY(const Place place, find_place(*at, timeline));
      from = place.seq;
    }
    if (!to->empty()) {
      SPINE_TRY(const Place place, find_place(*to, timeline));
      upto = place.seq;
    }
    if (upto < from) {
      return Error{Errc::invalid_argument,
                   fmt::format("--to (#{}) is before --at (#{}).", upto.value, from.value)};
    }
    Progress progress(common.err, "deciding", from.value, upto.value);
    timeline.on_progress([&](Seq seq) { progress.at(seq.value); });
    SPINE_TRY(
        const ForkReport report,
        fork_journal(timeline, from, upto,
                     {.decide = *decide,
                      .policy = std::as_bytes(std::span(words)).first(bytes),
                      .kept_max = *limit != 0 ? *limit : std::numeric_limits<std::size_t>::max()}));
    progress.clear();
    Names names(timeline.reader());
    if (common.json) {
      fmt::print(common.out, "{}\n", fork_json(report, names));
    } else {
      const Place place{.seq = report.at, .wall_ms = report.at_wall_ms};
      fmt::print(common.out, "From {}\n{}", place.text(), fork_text(report, names));
    }
    return report.differ == 0 ? kExitOk : kExitDiffers;
  };
}

}  // namespace spine::replay
