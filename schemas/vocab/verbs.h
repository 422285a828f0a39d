// Verbs: what the command lines of `spine` and `spine-replay` have in common: exit codes, and how
// verbs are declared and words parsed.
#pragma once

#include <CLI/CLI.hpp>
#include <concepts>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schemas/vocab/result.h"

namespace spine {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDiffers = 3;  // a comparison found differences

// Prints "Error: ..." to `err`. kExitUsage for Errc::invalid_argument, else kExitFailure.
int fail(std::FILE* err, const Error& error);

// Sets the examples that help prints below the options.
void examples(CLI::App& verb, std::initializer_list<const char*> lines);

// Declares an option, a flag or, without dashes, an argument. The value is set when the action of
// the verb is called.
template <class T = std::string>
std::shared_ptr<T> option(CLI::App& verb, const char* name, const char* help, T otherwise = {}) {
  const auto value = std::make_shared<T>(std::move(otherwise));
  if constexpr (std::same_as<T, bool>) {
    verb.add_flag(name, *value, help);
  } else {
    CLI::Option* added = verb.add_option(name, *value, help);
    if constexpr (std::integral<T>) added->capture_default_str();
  }
  return value;
}

// An argument that has to be given.
template <class T = std::string>
std::shared_ptr<T> argument(CLI::App& verb, const char* name, const char* help) {
  const auto value = option<T>(verb, name, help);
  verb.get_option(name)->required();
  return value;
}

// Adds the verb of these words: the last one is its name, one before that the title it stands
// under, which was added before.
CLI::App& add_verb(CLI::App& app, const std::string& words, const char* help);

// What is printed when no verb is to be run: help, the version, or what is wrong.
struct Instead {
  std::string text{};
  int exit_code{};
};
// Parses words without the program's name, and calls the callbacks of what they name. None = they
// were understood.
std::optional<Instead> parse_words(CLI::App& app, const std::vector<std::string>& words);

}  // namespace spine
