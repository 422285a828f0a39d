// CommandLine: the table of verbs, made into a parser by CLI11.
#include "adapters/cli/command_line.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>
#include <utility>

#include "adapters/cli/exec_replay.h"
#include "adapters/cli/output.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

enum class Kind : std::uint8_t { title, verb, replay };

struct VerbRow {
  Kind kind{};
  const char* words{};
  Action (*declare)(CLI::App&){};  // of a verb
  const char* help{};
};

constexpr VerbRow kRows[]{
#define SPINE_TITLE(words, help) {Kind::title, words, nullptr, help},
#define SPINE_REPLAY(words, help) {Kind::replay, words, nullptr, help},
#define SPINE_VERB(words, function, help) {Kind::verb, words, function, help},
#include "adapters/cli/verb_table.h"
#undef SPINE_TITLE
#undef SPINE_REPLAY
#undef SPINE_VERB
};

bool is_of_replay(std::string_view word) {
  return std::ranges::any_of(
      kRows, [&](const VerbRow& row) { return row.kind == Kind::replay && row.words == word; });
}

void add_common(CLI::App& app, Common& common) {
  const std::string group = "Options of every verb";
  app.add_option("--config", common.config, "openclaw.json (default ~/.openclaw/openclaw.json)")
      ->group(group);
  app.add_option("--state-dir", common.state_dir, "Where state is (default ~/.openclaw/spine)")
      ->group(group);
  app.add_option("--port", common.port, "Port of the gateway (default 18789)")->group(group);
  app.add_option("--token", common.token, "Token of the gateway; other users can see it in `ps`")
      ->group(group);
  app.add_option("--token-file", common.token_file, "File that holds the token")->group(group);
  app.add_flag("--json", common.json, "Print JSON")->group(group);
}

std::vector<std::string> reversed(const std::vector<std::string>& words) {
  return {words.rbegin(), words.rend()};  // as CLI11 takes them
}

}  // namespace

void examples(CLI::App& verb, std::initializer_list<const char*> lines) {
  verb.footer(fmt::format("Examples:\n  {}", fmt::join(lines, "\n  ")));
}

CommandLine::CommandLine()
    : app_("Spine: a gateway for personal AI agents in which every message is journalled first.",
           "spine") {
  app_.fallthrough();
  app_.set_version_flag("--version", std::string("spine ") + SPINE_VERSION);
  app_.footer(
      "A first try:\n  spine start\n  spine send \"hello\"\n  spine sessions list\n"
      "Help for one verb: spine <verb> --help");
  add_common(app_, common_);
  verbs_.emplace_back("", &app_);
  for (const VerbRow& row : kRows)
    add_verb(row.words, row.declare, row.help);
}

// The last word is its name, those before are its title's. A title asks for one of its verbs.
void CommandLine::add_verb(const char* words, Action (*declare)(CLI::App&), const char* help) {
  const std::string path = words;
  const std::size_t space = path.find(' ');
  const bool titled = space != std::string::npos;
  CLI::App& parent = titled ? *app_.get_subcommand(path.substr(0, space)) : app_;
  if (declare != nullptr) parent.require_subcommand(1);
  CLI::App* verb = parent.add_subcommand(titled ? path.substr(space + 1) : path, help);
  verbs_.emplace_back(path, verb);
  if (declare == nullptr) return;
  verb->final_callback([this, path, verb, action = declare(*verb)] {
    parsed_ = {.action = action, .path = path, .verb = verb};
  });
}

Parsed CommandLine::parse(const std::vector<std::string>& words) {
  if (words.empty()) return {.text = app_.help(), .exit_code = kExitUsage};
  try {
    app_.parse(reversed(words));
    return std::move(parsed_);
  } catch (const CLI::CallForHelp&) {
    return {.text = app_.help()};
  } catch (const CLI::CallForVersion& version) {
    return {.text = std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> unknown = app_.remaining(true);
    return {.text = fmt::format("Error: {}\nRun with --help for more.\n",
                                unknown.empty() ? printable(error.what(), true)
                                                : fmt::format("\"{}\" is not understood.",
                                                              printable(unknown.front()))),
            .exit_code = kExitUsage};
  }
}

std::vector<VerbHelp> CommandLine::verbs() const {
  std::vector<VerbHelp> list;
  for (const auto& [path, verb] : verbs_) {
    VerbHelp help{.path = path, .description = verb->get_description()};
    for (const CLI::Option* option : verb->get_options()) {
      if (option->get_group().empty()) continue;
      for (const std::string& name : option->get_lnames())
        help.options.push_back("--" + name);
    }
    list.push_back(std::move(help));
  }
  return list;
}

std::vector<std::string> replay_words(const std::vector<std::string>& words, Common& common) {
  Common found;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  add_common(app, found);
  try {
    app.parse(reversed(words));
  } catch (const CLI::ParseError&) {
    return {};
  }
  const std::vector<std::string> rest = app.remaining();
  if (rest.empty() || !is_of_replay(rest[0])) return {};
  common = found;
  return rest;
}

int run_command(const std::vector<std::string>& words) {
  Common common;
  const std::vector<std::string> replay = replay_words(words, common);
  if (!replay.empty()) return fail(exec_replay(replay, common));
  CommandLine line;
  const Parsed parsed = line.parse(words);
  if (!parsed.action) {
    fmt::print(parsed.exit_code == kExitOk ? stdout : stderr, "{}", parsed.text);
    return parsed.exit_code;
  }
  const Result<int> code = parsed.action(line.common());
  return code ? *code : fail(code.error());
}

}  // namespace spine::cli
