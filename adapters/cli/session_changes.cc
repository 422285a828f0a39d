// sessions reset, delete, abort: a fresh start, an end, and an end of what is being worked on.
#include <cstdio>
#include <fmt/format.h>

#include "adapters/cli/admin_call.h"
#include "adapters/cli/json_read.h"
#include "adapters/cli/verbs.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

using simdjson::dom::element;

// Calls the method for the session and prints what it says; `words` makes a line of its payload,
// or an error.
template <class Words>
int change(const Arguments& args, const char* method, Words words) {
  auto client = open_as_admin(args.common);
  if (!client) return fail(client.error());
  const auto answer =
      ask(*client, method, fmt::format(R"({{"key":{}}})", json_string(args.sessions.key)));
  if (!answer) return fail(answer.error());
  simdjson::dom::parser parser;
  element said;
  if (parser.parse(*answer).get(said) != simdjson::SUCCESS) {
    return fail({Errc::corrupt, "The gateway's answer cannot be read."});
  }
  const Result<std::string> line = words(said);
  if (args.common.json) {
    print_json(*answer);
    return line ? kExitOk : kExitFailure;
  }
  if (!line) return fail(line.error());
  fmt::print("{}\n", *line);
  return kExitOk;
}

}  // namespace

int sessions_reset(const Arguments& args) {
  return change(args, "sessions.reset", [](const element&) -> Result<std::string> {
    return std::string{
        "Reset: the next message begins afresh. What was said stays in the journal."};
  });
}

int sessions_delete(const Arguments& args) {
  return change(args, "sessions.delete", [&args](const element& said) -> Result<std::string> {
    if (flag_at(said, "deleted")) {
      return std::string{"Deleted. What was said in it stays in the journal."};
    }
    return Error{Errc::not_found, fmt::format("There is no session \"{}\". `spine sessions list` "
                                              "shows the ones there are.",
                                              printable(args.sessions.key))};
  });
}

int sessions_abort(const Arguments& args) {
  return change(args, "sessions.abort", [](const element& said) -> Result<std::string> {
    if (text_at(said, "status") != "aborted") {
      return std::string{"Nothing was being worked on there, and nothing waited."};
    }
    const std::string run = text_at(said, "abortedRunId");
    if (run.empty()) return std::string{"Stopped what waited there."};
    return fmt::format("Stopped run {}, and what waited there.", printable(run));
  });
}

}  // namespace spine::cli
