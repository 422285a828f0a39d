// fork: what other rules, or another policy, would have decided.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "replay/fork/redecision.h"
#include "replay/timeline/moment.h"
#include "replay/timeline/progress.h"
#include "replay/timeline/selection.h"
#include "replay/verb.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

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

// What the command line says.
struct ForkArguments {
  std::string at{};
  std::string to{};
  bool decide{};
  std::size_t limit{100};
  std::string policy{};
  SelectionOptions wanted{};
};

void declare(CLI::App& verb, ForkArguments& arguments) {
  verb.add_option("--at", arguments.at,
                  "The state to begin with: a seq or a time (default: the first event)");
  verb.add_option("--to", arguments.to, "The last event: a seq or a time (default: the last)");
  verb.add_flag("--decide", arguments.decide, "Go on with its own decisions: what would have been");
  verb.add_option("--kind", arguments.wanted.kinds,
                  "Only inputs recorded as this kind; may be repeated");
  verb.add_option("--session", arguments.wanted.session,
                  "Only inputs of this session: its key or number");
  verb.add_option("--channel", arguments.wanted.channel, "Only inputs of this channel");
  verb.add_option("--limit", arguments.limit,
                  "How many differences are listed, and as many that are on purpose; 0 = all")
      ->capture_default_str();
  verb.add_option("--policy", arguments.policy)->group("");
}

bool picks(const SelectionOptions& wanted) {
  return !wanted.kinds.empty() || !wanted.session.empty() || !wanted.channel.empty();
}

Result<Seq> seq_of(const std::string& text, Timeline& timeline, Seq otherwise) {
  if (text.empty()) return otherwise;
  SPINE_TRY(const Place place, find_place(text, timeline));
  return place.seq;
}

Result<ForkReport> fork_of(const ForkArguments& arguments, Timeline& timeline,
                           const Common& common) {
  std::vector<std::uint64_t> policy;
  std::size_t bytes = 0;
  if (!arguments.policy.empty()) {
    SPINE_TRY(policy, read_policy(arguments.policy, bytes));
  }
  SPINE_TRY(const Seq at, seq_of(arguments.at, timeline, timeline.first()));
  SPINE_TRY(const Seq to, seq_of(arguments.to, timeline, timeline.last()));
  if (to < at) {
    return Error{Errc::invalid_argument,
                 fmt::format("--to (#{}) is before --at (#{}).", to.value, at.value)};
  }
  SPINE_TRY(const Selection selection, Selection::find(arguments.wanted, timeline));
  Names names(timeline);
  Progress progress(common.err, "deciding", at.value, to.value);
  timeline.on_progress([&](Seq seq) { progress.at(seq.value); });
  const auto wanted = [&](const EventView& input) { return selection.wanted(input, names); };
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  Result<ForkReport> report =
      fork_journal(timeline, at, to,
                   {.decide = arguments.decide,
                    .policy = std::as_bytes(std::span(policy)).first(bytes),
                    .wanted = picks(arguments.wanted) ? wanted : decltype(ForkOptions::wanted){},
                    .kept_max = arguments.limit != 0 ? arguments.limit : kAll});
  timeline.on_progress({});
  return report;
}

}  // namespace

Action replay_fork(CLI::App& verb) {
  verb.footer(
      "Takes the state at a moment and decides every recorded input after it again, by the rules "
      "of\n"
      "this program and, with --config FILE, under that configuration. Each decision is compared\n"
      "with the recorded one on the recorded state, so that one difference does not lead to "
      "others.\n"
      "With --decide it goes on with its own decisions instead. Agents answer there as they were\n"
      "recorded; a run without a recorded answer stays open.\n"
      "Inputs that were refused without a record (a rate limit, a repeated request) are not in "
      "the\n"
      "journal, and so are not decided again.\n"
      "Exit code 3 means that a decision differs.\n\n"
      "Examples:\n"
      "  spine replay fork --at 1\n"
      "  spine replay fork --at -2h --config new.json --channel telegram\n"
      "  spine replay fork --at \"yesterday 14:03\" --config new.json --decide --json");
  const auto arguments = std::make_shared<ForkArguments>();
  declare(verb, *arguments);
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
    SPINE_TRY(const ForkReport report, fork_of(*arguments, timeline, common));
    Names names(timeline);
    const Place place{.seq = report.at, .wall_ms = report.at_wall_ms};
    const std::string text =
        common.json ? json_for_terminal(fork_json(report, names)) + '\n'
                    : fmt::format("From {}\n{}", place.text(), fork_text(report, names));
    timeline.reader().release();  // a pager may take long
    fmt::print(common.out, "{}", text);
    return report.differ == 0 ? kExitOk : kExitDiffers;
  };
}

}  // namespace spine::replay
