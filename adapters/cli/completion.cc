// completion: scripts for shells, made from the verbs themselves so that they stay true.
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "adapters/cli/command_line.h"
#include "adapters/cli/verb.h"

namespace spine::cli {
namespace {

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

}  // namespace

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
