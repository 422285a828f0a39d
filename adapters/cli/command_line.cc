// CommandLine: a CLI11 parser from the table of verbs; shell completions; and verbs that are passed
// on to spine-replay, which only reads the journal.
#include "adapters/cli/command_line.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <set>
#include <string_view>
#include <sys/mman.h>

#include "adapters/cli/bisect_run.h"
#include "adapters/cli/common.h"
#include "adapters/cli/gateway_client.h"
#include "adapters/cli/output.h"
#include "adapters/cli/process.h"
#include "engine/config/config.h"
#include "engine/core/model/digest.h"
#include "engine/state_dir/state_dir.h"
#include "journal/journal.h"
#include "schemas/fields.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::cli {
namespace {

enum class Kind : std::uint8_t { title, verb, reads, replay };

struct VerbRow {
  Kind kind{};
  const char* words{};
  Action (*declare)(CLI::App&){};  // of a verb
  const char* help{};
};

constexpr VerbRow kRows[]{
#define SPINE_TITLE(words, help) {Kind::title, words, nullptr, help},
#define SPINE_VERB(words, function, help) {Kind::verb, words, function, help},
#define SPINE_READS(words, function, help) {Kind::reads, words, function, help},
#include "adapters/cli/verb_table.h"
#undef SPINE_TITLE
#undef SPINE_VERB
#undef SPINE_READS
// Run by spine-replay; here for help and completion.
#define SPINE_REPLAY_TITLE(words, help) {Kind::replay, words, nullptr, help},
#define SPINE_REPLAY(words, function, help) {Kind::replay, words, nullptr, help},
#include "replay/verb_table.h"
#undef SPINE_REPLAY_TITLE
#undef SPINE_REPLAY
};

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

// The verbs that can be asked about the past.
const std::vector<std::string>& reading_verbs() {
  static const std::vector<std::string> kVerbs = [] {
    std::vector<std::string> verbs;
    for (const VerbRow& row : kRows)
      if (row.kind == Kind::reads) verbs.emplace_back(row.words);
    return verbs;
  }();
  return kVerbs;
}

// The words that can follow a verb: inner verbs, then options (those of every verb included).
std::vector<std::string> words_after(const std::vector<VerbHelp>& all, const VerbHelp& verb) {
  std::vector<std::string> words;
  const std::string prefix = verb.path.empty() ? "" : verb.path + " ";
  for (const VerbHelp& other : all) {
    if (other.path.empty() || other.path.size() <= prefix.size()) continue;
    const std::string rest = other.path.substr(prefix.size());
    if (other.path.starts_with(prefix) && rest.find(' ') == std::string::npos) {
      words.push_back(rest);
    }
  }
  std::set<std::string> options(verb.options.begin(), verb.options.end());
  options.insert(all.front().options.begin(), all.front().options.end());
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

std::string bash(const std::vector<VerbHelp>& all) {
  std::string out =
      "# bash completion for spine\n"
      "_spine() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= word\n"
      "  case $prev in\n"
      "    --config|--token-file) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
      "    --state-dir) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
      "  esac\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    [[ $word == -* ]] || path=\"${path:+$path }$word\"\n"
      "  done\n"
      "  case $path in\n";
  for (const VerbHelp& verb : all) {
    out += fmt::format("    '{}') COMPREPLY=($(compgen -W '{}' -- \"$cur\")) ;;\n", verb.path,
                       fmt::join(words_after(all, verb), " "));
  }
  return out +
         "    'completion') COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")) ;;\n"
         "    *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
         "  esac\n"
         "}\n"
         "complete -F _spine spine\n";
}

std::string zsh(const std::vector<VerbHelp>& all) {
  std::string out =
      "#compdef spine\n"
      "_spine() {\n"
      "  local path= word\n"
      "  for word in ${words[2,CURRENT-1]}; do\n"
      "    [[ $word == -* ]] || path=\"${path:+$path }$word\"\n"
      "  done\n"
      "  case $path in\n";
  for (const VerbHelp& verb : all) {
    out += fmt::format("    '{}') compadd -- {} ;;\n", verb.path,
                       fmt::join(words_after(all, verb), " "));
  }
  return out + "    *) _files ;;\n  esac\n}\ncompdef _spine spine\n";
}

std::string fish_quoted(std::string text) {
  for (std::size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 2)) {
    text.insert(at, "\\");
  }
  return "'" + text + "'";
}

std::string fish(const std::vector<VerbHelp>& all) {
  std::string out = "# fish completion for spine\ncomplete -c spine -f\n";
  for (const VerbHelp& verb : all) {
    const std::size_t space = verb.path.find(' ');
    if (verb.path.empty()) {
      for (const std::string& option : verb.options) {
        out += fmt::format("complete -c spine -l {}\n", option.substr(2));
      }
      continue;
    }
    const std::string condition = space == std::string::npos
                                      ? "__fish_use_subcommand"
                                      : "__fish_seen_subcommand_from " + verb.path.substr(0, space);
    const std::string last = space == std::string::npos ? verb.path : verb.path.substr(space + 1);
    out += fmt::format("complete -c spine -n '{}' -a {} -d {}\n", condition, last,
                       fish_quoted(verb.description));
    for (const std::string& option : verb.options) {
      out += fmt::format("complete -c spine -n '__fish_seen_subcommand_from {}' -l {}\n", last,
                         option.substr(2));
    }
  }
  return out;
}

constexpr std::uint64_t kAskMs = 30'000;

std::vector<std::string> not_compared(std::string_view why) {
  fmt::print(stderr, "Note: the running gateway is not compared: {}\n", printable(why));
  return {};
}

// --live-seq and --live-digest if a gateway runs on this state directory; nothing otherwise, as a
// gateway on the default port may have another journal.
std::vector<std::string> live_digest(const Place& place) {
  const state_dir::LockInfo lock = place.lock();
  if (!lock.running) return {};
  if (lock.port == 0) return not_compared("it is still starting.");
  client::Target target = place.target;
  target.port = lock.port;
  auto gateway = GatewayClient::open(target, kReadScopes, kAskMs);
  if (!gateway) return not_compared(gateway.error().message);
  const auto asked = gateway->ask("spine.digest");
  if (!asked) return not_compared(asked.error().message);
  const Json& digest = *asked;
  const std::string epoch = digest.text("epoch");
  const auto reader = journal::Reader::open_read_only(place.state_dir / "journal");
  if (!epoch.empty() && (!reader || uuid_string(reader->epoch()) != epoch)) {
    return not_compared("its journal is not the one in this state directory.");
  }
  if (digest.number("version") != core::kDigestVersion) {
    return not_compared(fmt::format("its digests have version {}.", digest.number("version")));
  }
  return {"--live-seq", std::to_string(digest.number("seq")), "--live-digest",
          digest.text("digest")};
}

// --policy, with what the gateway would record of the configuration that was named: spine-replay
// reads no configuration. A file without a name, which goes away with the last process that has it.
Result<std::vector<std::string>> policy_words(const Place& place) {
  if (place.config_error) return *place.config_error;
  if (!place.config.exists) {
    return Error{Errc::not_found, fmt::format("There is no configuration file {}.",
                                              printable(place.config_path.string()))};
  }
  flatbuffers::FlatBufferBuilder policy;
  config::build_policy(place.config, policy);
  const int file = ::memfd_create("policy", 0);
  const int problem = file < 0 ? errno : write_all(file, finished(policy));
  if (problem != 0) return path_error(problem, "written", "the policy");
  return std::vector<std::string>{"--policy", fmt::format("/proc/self/fd/{}", file)};
}

// What `spine` itself finds out for the verb.
Result<std::vector<std::string>> words_for(const std::vector<std::string>& words,
                                           const Common& common, const Place& place) {
  const auto is = [&](std::string_view verb) {
    return words.size() >= 2 && words[0] == "replay" && words[1] == verb;
  };
  if (is("verify")) return live_digest(place);
  if (is("fork") && !common.config.empty()) return policy_words(place);
  return std::vector<std::string>{};
}

// Execs spine-replay with `words`: returns only if that fails.
Error exec_replay(const std::vector<std::string>& words, const Common& common) {
  SPINE_TRY(const Place place, locate(common));
  SPINE_TRY(const std::filesystem::path program, sibling_program("spine-replay"));
  std::vector<std::string> full{program.string()};
  full.insert(full.end(), words.begin(), words.end());
  full.insert(full.end(), {"--state-dir", place.state_dir.string()});
  if (common.json) full.push_back("--json");
  const bool told = std::ranges::any_of(words, [](std::string_view word) {
    return word == "--help" || word == "-h" || word == "--live-seq" || word == "--policy";
  });
  if (!told) {
    SPINE_TRY(const std::vector<std::string> found, words_for(words, common, place));
    full.insert(full.end(), found.begin(), found.end());
  }
  return become(full);
}

}  // namespace

CommandLine::CommandLine(Common common)
    : common_(std::move(common)),
      app_("Spine: a gateway for personal AI agents in which every message is journalled first.",
           "spine") {
  app_.fallthrough();
  app_.set_version_flag("--version", std::string("spine ") + SPINE_VERSION);
  app_.footer(
      "A first try:\n  spine start\n  spine send \"hello\"\n  spine sessions list\n"
      "Help for one verb: spine <verb> --help");
  add_common(app_, common_);
  verbs_.emplace_back("", &app_);
  for (const VerbRow& row : kRows) {
    if (*row.help != '\0') add(row.words, row.declare, row.help);
  }
}

// A title requires one of its verbs.
void CommandLine::add(const char* words, Action (*declare)(CLI::App&), const char* help) {
  CLI::App& verb = add_verb(app_, words, help);
  if (declare != nullptr) verb.get_parent()->require_subcommand(1);
  verbs_.emplace_back(words, &verb);
  if (declare == nullptr) return;
  verb.final_callback([this, path = std::string(words), &verb, action = declare(verb)] {
    parsed_ = {.action = action, .path = path, .verb = &verb};
  });
}

Parsed CommandLine::parse(const std::vector<std::string>& words) {
  if (words.empty()) return {.text = app_.help(), .exit_code = kExitUsage};
  if (const std::optional<Instead> said = parse_words(app_, words)) {
    return {.text = said->text, .exit_code = said->exit_code};
  }
  return std::move(parsed_);
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
  if (parse_words(app, words)) return {};
  const std::vector<std::string> rest = app.remaining();
  const auto is_meant = [&](const VerbRow& row) {
    return row.kind == Kind::replay && row.words == rest[0];
  };
  if (rest.empty() || std::ranges::none_of(kRows, is_meant)) return {};
  common = found;
  return rest;
}

int run_command(const std::vector<std::string>& words) {
  Common common;
  const std::vector<std::string> replay = replay_words(words, common);
  if (is_bisect_run(replay)) {
    const Result<int> code = bisect_run(replay, common);
    if (code) return *code;
    return spine::fail(stderr, code.error());
  }
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

// The verb and its words are parsed anew, by a command line of their own.
Action at(CLI::App& verb) {
  verb.footer(fmt::format(
      "spine at <seq or time> <verb> [what belongs to it]\n\nVerbs: {}\nTimes: 1234 (after that "
      "event), latest, \"2026-11-28 14:03\", \"yesterday 14:03\", -2h, \"3 messages ago\"\n\n"
      "Examples:\n  spine at -1h sessions list\n"
      "  spine at \"yesterday 14:03\" sessions show agent:main:main\n  spine at 1234 runs list "
      "--json",
      fmt::join(reading_verbs(), ", ")));
  verb.fallthrough(false);
  verb.prefix_command();
  return [&verb](const Common& common) -> Result<int> {
    std::vector<std::string> words = verb.remaining();
    if (words.size() < 2) {
      fmt::print(stderr,
                 "Error: which moment, and which verb? Example: spine at -1h sessions list\n");
      return kExitUsage;
    }
    Common then = common;
    then.as_of = words.front();
    words.erase(words.begin());
    CommandLine line{then};
    const Parsed parsed = line.parse(words);
    if (!parsed.text.empty()) {
      fmt::print(parsed.exit_code == kExitOk ? stdout : stderr, "{}", parsed.text);
      return parsed.exit_code;
    }
    if (std::ranges::find(reading_verbs(), parsed.path) == reading_verbs().end()) {
      fmt::print(stderr,
                 "Error: `spine {}` cannot be run as of a moment of the past. These can: {}.\n",
                 printable(parsed.path.empty() ? words.front() : parsed.path),
                 fmt::join(reading_verbs(), ", "));
      return kExitUsage;
    }
    return parsed.action(line.common());
  };
}

Action completion(CLI::App& verb) {
  examples(verb, {"spine completion bash > ~/.local/share/bash-completion/completions/spine",
                  "spine completion zsh > ~/.zfunc/_spine",
                  "spine completion fish > ~/.config/fish/completions/spine.fish"});
  const auto shell = argument(verb, "shell", "bash, zsh or fish");
  verb.get_option("shell")->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return [=](const Common&) {
    const std::vector<VerbHelp> all = CommandLine().verbs();
    fmt::print("{}", *shell == "bash" ? bash(all) : *shell == "zsh" ? zsh(all) : fish(all));
    return kExitOk;
  };
}

}  // namespace spine::cli
