// The command line, from the table of verbs.
#include "replay/cli.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "replay/verb.h"
#include "schemas/vocab/show.h"

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

// The default state directory, the same as the daemon's.
std::filesystem::path default_state_dir() {
  if (const char* dir = std::getenv("OPENCLAW_STATE_DIR"); dir != nullptr && *dir != '\0') {
    return std::filesystem::path(dir) / "spine";
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : ".") / ".openclaw" / "spine";
}

// Adds every row; `chosen` becomes the action of the verb that is parsed.
void add_verbs(CLI::App& app, Action& chosen) {
  for (const VerbRow& row : kRows) {
    const std::string words = row.words;
    const std::size_t space = words.find(' ');
    const bool titled = space != std::string::npos;
    CLI::App& parent = titled ? *app.get_subcommand(words.substr(0, space)) : app;
    CLI::App* verb = parent.add_subcommand(titled ? words.substr(space + 1) : words, row.help);
    if (*row.help == '\0') verb->group("");
    if (row.declare == nullptr) {
      verb->require_subcommand(1);
      verb->footer(
          fmt::format("Help for one of them, with examples:\n  spine {} <verb> --help", words));
      continue;
    }
    verb->final_callback([&chosen, action = row.declare(*verb)] { chosen = action; });
  }
}

}  // namespace

int fail(std::FILE* err, const Error& error) {
  fmt::print(err, "Error: {}\n", printable(error.message, true));
  return error.code == Errc::invalid_argument ? kExitUsage : kExitFailure;
}

void examples(CLI::App& verb, std::initializer_list<const char*> lines) {
  verb.footer(fmt::format("Examples:\n  {}", fmt::join(lines, "\n  ")));
}

int run(const std::vector<std::string>& arguments, std::FILE* out, std::FILE* err) {
  CLI::App app("Tools that look at a Spine journal. They never write to it and cannot act.",
               "spine");
  app.set_version_flag("--version", std::string("spine-replay ") + SPINE_VERSION);
  std::string state_dir;
  Common common{.out = out, .err = err};
  app.add_option("--state-dir", state_dir,
                 "Directory that holds journal/ (default ~/.openclaw/spine)");
  app.add_flag("--json", common.json, "Print JSON");
  app.fallthrough();
  app.require_subcommand(1);
  Action action;
  add_verbs(app, action);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    fmt::print(out, "{}", app.help());
    return kExitOk;
  } catch (const CLI::CallForVersion& version) {
    fmt::print(out, "{}\n", version.what());
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> unknown = app.remaining(true);
    fmt::print(err, "Error: {}\nRun with --help for more.\n",
               unknown.empty()
                   ? printable(error.what(), true)
                   : fmt::format("\"{}\" is not understood.", printable(unknown.front())));
    return kExitUsage;
  }
  common.state_dir = state_dir.empty() ? default_state_dir() : std::filesystem::path(state_dir);
  const Result<int> code = action(common);
  return code ? *code : fail(err, code.error());
}

}  // namespace spine::replay
