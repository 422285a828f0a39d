// The command line, from the table of verbs.
#include "replay/cli.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <optional>

#include "replay/verb.h"
#include "schemas/vocab/home.h"

namespace spine::replay {
namespace {

struct VerbRow {
  const char* words{};
  Action (*declare)(CLI::App&){};  // null: a title
  const char* help{};
};

constexpr VerbRow kRows[]{
#define SPINE_REPLAY_TITLE(words, help) {words, nullptr, help},
#define SPINE_REPLAY(words, function, help) {words, function, help},
#include "replay/verb_table.h"
#undef SPINE_REPLAY_TITLE
#undef SPINE_REPLAY
};

const char* environment(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
  return std::getenv(name);
}

// Adds every row; `chosen` becomes the action of the verb that is parsed.
void add_verbs(CLI::App& app, Action& chosen) {
  for (const VerbRow& row : kRows) {
    const std::string words = row.words;
    CLI::App& verb = add_verb(app, words, row.help);
    if (*row.help == '\0') verb.group("");
    if (row.declare == nullptr) {
      verb.require_subcommand(1);
      verb.footer(
          fmt::format("Help for one of them, with examples:\n  spine {} <verb> --help", words));
      continue;
    }
    verb.final_callback([&chosen, action = row.declare(verb)] { chosen = action; });
  }
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::FILE* out, std::FILE* err, std::FILE* in) {
  CLI::App app("Tools that look at a Spine journal. They never write to it and cannot act.",
               "spine");
  app.set_version_flag("--version", std::string("spine-replay ") + SPINE_VERSION);
  std::string state_dir;
  Common common{.out = out, .err = err, .in = in};
  app.add_option("--state-dir", state_dir,
                 "Directory that holds journal/ (default ~/.openclaw/spine)");
  app.add_flag("--json", common.json, "Print JSON");
  app.fallthrough();
  app.require_subcommand(1);
  Action action;
  add_verbs(app, action);
  if (const std::optional<Instead> said = parse_words(app, arguments)) {
    fmt::print(said->exit_code == kExitOk ? out : err, "{}", said->text);
    return said->exit_code;
  }
  common.state_dir =
      state_dir.empty() ? default_state_dir(environment) : std::filesystem::path(state_dir);
  const Result<int> code = action(common);
  return code ? *code : fail(err, code.error());
}

}  // namespace spine::replay
