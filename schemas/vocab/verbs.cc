// Verbs, on CLI11.
#include "schemas/vocab/verbs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "schemas/vocab/show.h"

namespace spine {

int fail(std::FILE* err, const Error& error) {
  fmt::print(err, "Error: {}\n", printable(error.message, true));
  return error.code == Errc::invalid_argument ? kExitUsage : kExitFailure;
}

void examples(CLI::App& verb, std::initializer_list<const char*> lines) {
  verb.footer(fmt::format("Examples:\n  {}", fmt::join(lines, "\n  ")));
}

CLI::App& add_verb(CLI::App& app, const std::string& words, const char* help) {
  const std::size_t space = words.find(' ');
  if (space == std::string::npos) return *app.add_subcommand(words, help);
  return *app.get_subcommand(words.substr(0, space))->add_subcommand(words.substr(space + 1), help);
}

std::optional<Instead> parse_words(CLI::App& app, const std::vector<std::string>& words) {
  try {
    app.parse(
        std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 wants the last first
    return {};
  } catch (const CLI::CallForHelp&) {
    return Instead{.text = app.help()};
  } catch (const CLI::CallForVersion& version) {
    return Instead{.text = std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> unknown = app.remaining(true);
    return Instead{.text = fmt::format("Error: {}\nRun with --help for more.\n",
                                       unknown.empty() ? printable(error.what(), true)
                                                       : fmt::format("\"{}\" is not understood.",
                                                                     printable(unknown.front()))),
                   .exit_code = kExitUsage};
  }
}

}  // namespace spine
