// Verb: one command of `spine`: a row of verb_table.h, and the function that the row names, which
// declares the verb's options and returns its action.
#pragma once

#include <CLI/CLI.hpp>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>

#include "adapters/cli/common.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

// Runs the verb; prints text, or JSON with --json. Returns the exit code; an error is printed to
// standard error, and gives kExitFailure.
using Action = std::function<Result<int>(const Common&)>;

// Sets the examples that help prints below the options.
void examples(CLI::App& verb, std::initializer_list<const char*> lines);

// Declares an option, a flag or, without dashes, an argument. The value is set when the action is
// called.
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

// Declares the function of each row.
#define SPINE_TITLE(words, help)
#define SPINE_VERB(words, function, help) Action function(CLI::App& verb);
#define SPINE_READS(words, function, help) Action function(CLI::App& verb);
#include "adapters/cli/verb_table.h"
#undef SPINE_TITLE
#undef SPINE_VERB
#undef SPINE_READS

}  // namespace spine::cli
