// Source: a configuration as one tree, with what it includes and ${VAR} filled in.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "engine/config/json5/json5.h"
#include "engine/config/source/environment.h"
#include "engine/config/source/findings.h"

namespace spine::config {

struct Source {
  Document document{};
  NodeId root{};
  std::string redacted_text{};  // of the file itself, without what it includes and comments
};

// Parses `text`, merges what `$include` names and fills in `${VAR}`. Errors: invalid_argument with
// the place; io when an included file cannot be read.
//
// `$include`: "file" or ["a", "b"], relative to the including file, within the directory of `path`;
// later files win over earlier ones, the keys beside `$include` win over all; lists are joined.
// `${VAR}` (capitals, digits, _) becomes the variable's value and `$${VAR}` becomes `${VAR}`. An
// unset or empty variable leaves the text as it is, with a warning; for a secret under gateway that
// is an error, because the literal text could be guessed.
Result<Source> read_source(std::string_view text, const std::filesystem::path& path,
                           const Environment& environment, Findings& findings);

}  // namespace spine::config
