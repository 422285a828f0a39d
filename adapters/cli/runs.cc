// runs list, runs abort: what is being worked on and what waits, and an end to it.
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <optional>

#include "adapters/cli/admin_call.h"
#include "adapters/cli/json_read.h"
#include "adapters/cli/table.h"
#include "adapters/cli/verbs.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

using simdjson::dom::element;

constexpr std::uint64_t kLookedThrough = 1'000;  // for the run that is meant

Error unreadable() {
  return {Errc::corrupt, "The gateway's answer cannot be read."};
}

// How long it has been working, or waiting.
std::string age(const element& run, std::int64_t now_ms) {
  const std::int64_t started = number_at(run, "startedAt");
  const std::int64_t since = started != 0 ? started : number_at(run, "queuedAt");
  return show_duration_ms(static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms - since, 0)));
}

// The one run whose id is `which` or begins with it.
Result<element> pick(const element& root, const std::string& which) {
  std::optional<element> found;
  bool many = false;
  for (const element run : array_at(root, "runs")) {
    const std::string id = text_at(run, "runId");
    if (id == which) return run;
    if (!id.starts_with(which)) continue;
    many = found.has_value();
    found = run;
  }
  if (many) {
    return Error{Errc::invalid_argument,
                 fmt::format("\"{}\" is the beginning of more than one; give more of it.",
                             printable(which))};
  }
  if (found) return *found;
  return Error{Errc::not_found,
               fmt::format("There is no open run \"{}\". `spine runs list` shows what there is.",
                           printable(which))};
}

}  // namespace

int runs_list(const Arguments& args) {
  auto client = open_as_admin(args.common);
  if (!client) return fail(client.error());
  const auto answer = ask(*client, "runs.list", fmt::format(R"({{"limit":{}}})", args.runs.limit));
  if (!answer) return fail(answer.error());
  if (args.common.json) {
    print_json(*answer);
    return kExitOk;
  }
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(*answer).get(root) != simdjson::SUCCESS) return fail(unreadable());
  Table table({"RUN", "SESSION", "AGENT", "STATUS", "FOR", "TRY", "BEHIND"});
  std::size_t shown = 0;
  for (const element run : array_at(root, "runs")) {
    const std::string behind = text_at(run, "waitsBehind");
    table.add({text_at(run, "runId"), text_at(run, "sessionKey"), text_at(run, "agentId"),
               text_at(run, "status"), age(run, number_at(root, "ts")),
               std::to_string(number_at(run, "attempt")), behind.empty() ? "-" : behind});
    ++shown;
  }
  if (shown == 0) {
    fmt::print("Nothing is being worked on, and nothing waits.\n");
    return kExitOk;
  }
  fmt::print("{}To end one: spine runs abort <run>\n", table.text());
  const auto total = static_cast<std::size_t>(number_at(root, "totalCount"));
  if (total > shown) fmt::print("({} of {}: --limit shows more)\n", shown, total);
  return kExitOk;
}

int runs_abort(const Arguments& args) {
  auto client = open_as_admin(args.common);
  if (!client) return fail(client.error());
  const auto listed = ask(*client, "runs.list", fmt::format(R"({{"limit":{}}})", kLookedThrough));
  if (!listed) return fail(listed.error());
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(*listed).get(root) != simdjson::SUCCESS) return fail(unreadable());
  const auto run = pick(root, args.runs.id);
  if (!run) return fail(run.error());
  const auto answer =
      ask(*client, "chat.abort",
          fmt::format(R"({{"sessionKey":{},"runId":{}}})", json_string(text_at(*run, "sessionKey")),
                      json_string(text_at(*run, "runId"))));
  if (!answer) return fail(answer.error());
  if (args.common.json) {
    print_json(*answer);
    return kExitOk;
  }
  simdjson::dom::parser answer_parser;
  element said;
  if (answer_parser.parse(*answer).get(said) != simdjson::SUCCESS) return fail(unreadable());
  fmt::print("{}\n", flag_at(said, "aborted") ? "Stopped." : "It had ended by itself.");
  return kExitOk;
}

}  // namespace spine::cli
