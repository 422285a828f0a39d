// runs list, runs abort: what is being worked on and what waits, and an end to it.
#include <algorithm>
#include <fmt/format.h>

#include "adapters/cli/gateway.h"
#include "adapters/cli/pick.h"
#include "adapters/cli/verb.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

constexpr std::uint64_t kLookedThrough = 1'000;  // for the run that is meant

// How long a run has been working, or waiting.
std::string age(const Json& run, std::int64_t now_ms) {
  const std::int64_t started = run.number("startedAt");
  const std::int64_t since = started != 0 ? started : run.number("queuedAt");
  return show_duration_ms(static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms - since, 0)));
}

Result<Json> fetch_runs(Gateway& gateway, std::uint64_t limit) {
  return gateway.ask("runs.list", json_object({{"limit", limit}}));
}

}  // namespace

Action runs_list(CLI::App& verb) {
  examples(verb, {"spine runs list", "spine runs list --json"});
  const auto limit = option<std::uint64_t>(verb, "--limit", "At most this many", 100);
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(Gateway gateway, Gateway::open(common));
    SPINE_TRY(const Json list, fetch_runs(gateway, *limit));
    if (common.json) return show(common, list, {});
    const Column columns[]{
        {"RUN", "runId"},
        {"SESSION", "sessionKey"},
        {"AGENT", "agentId"},
        {"STATUS", "status"},
        {"FOR", "", [&](const Json& run, auto) { return age(run, list.number("ts")); }},
        {"TRY", "attempt", number_text},
        {"BEHIND", "waitsBehind", text_or_dash}};
    print_list(list, {.rows = "runs",
                      .columns = columns,
                      .none = "Nothing is being worked on, and nothing waits.",
                      .hint = "To end one: spine runs abort <run>\n"});
    return kExitOk;
  };
}

Action runs_abort(CLI::App& verb) {
  examples(verb, {"spine runs abort 3f2a"});
  const auto which = argument(verb, "run", "Its id, or the first characters of it");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(Gateway gateway, Gateway::open(common));
    SPINE_TRY(const Json list, fetch_runs(gateway, kLookedThrough));
    const std::vector<Json> runs = list.array("runs");
    std::vector<Named> names;
    for (const Json& run : runs)
      names.push_back({.id = run.text("runId")});
    SPINE_TRY(
        const std::size_t at,
        pick(names, *which,
             fmt::format("There is no open run \"{}\". `spine runs list` shows what there is.",
                         printable(*which))));
    SPINE_TRY(const Json said,
              gateway.ask("chat.abort", json_object({{"sessionKey", runs[at].text("sessionKey")},
                                                     {"runId", names[at].id}})));
    return show(common, said, said.flag("aborted") ? "Stopped." : "It had ended by itself.");
  };
}

}  // namespace spine::cli
