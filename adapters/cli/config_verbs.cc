// config get, config validate: the configuration file, without a running gateway.
#include <cstdio>
#include <fmt/format.h>
#include <simdjson.h>

#include "adapters/cli/place.h"
#include "adapters/cli/verbs.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

std::filesystem::path path_of(const Common& common) {
  return common.config.empty() ? config::default_config_path(environment)
                               : std::filesystem::path(common.config);
}

int print_findings(const std::filesystem::path& path, bool exists,
                   const std::vector<config::Finding>& findings, bool json) {
  bool valid = true;
  std::string list;
  for (const config::Finding& finding : findings) {
    const bool error = finding.severity == config::Severity::error;
    valid = valid && !error;
    if (json) {
      list += fmt::format(R"({}{{"severity":"{}","text":{}}})", list.empty() ? "" : ",",
                          error ? "error" : "warning", json_string(finding.text));
    } else {
      fmt::print("{}: {}\n", error ? "Error" : "Warning", printable(finding.text));
    }
  }
  if (json) {
    fmt::print(R"({{"path":{},"exists":{},"valid":{},"findings":[{}]}})"
               "\n",
               json_string(path.string()), exists, valid, list);
  } else {
    fmt::print("{} {}\n", printable(path.string()),
               !valid   ? "cannot be used"
               : exists ? "is valid"
                        : "is not there; the defaults are used");
  }
  return valid ? kExitOk : kExitFailure;
}

}  // namespace

int config_get(const Arguments& args) {
  const std::filesystem::path path = path_of(args.common);
  const auto loaded = config::load(path, environment);
  if (!loaded) return fail(loaded.error());
  const auto value = config::get_path(*loaded, args.config.key);
  if (!value) return fail(value.error());
  simdjson::dom::parser parser;
  simdjson::dom::element parsed;
  std::string_view text;
  const bool is_text = parser.parse(*value).get(parsed) == simdjson::SUCCESS &&
                       parsed.get(text) == simdjson::SUCCESS;
  if (is_text && !args.common.json) {
    fmt::print("{}\n", printable(text));
  } else {
    print_json(*value);
  }
  return kExitOk;
}

int config_validate(const Arguments& args) {
  const std::filesystem::path path =
      args.config.file.empty() ? path_of(args.common) : std::filesystem::path(args.config.file);
  std::error_code ignored;
  const bool exists = std::filesystem::exists(path, ignored);
  if (!args.config.file.empty() && !exists) {
    return fail({Errc::not_found, fmt::format("There is no file {}.", path.string())});
  }
  return print_findings(path, exists, config::validate(path, environment), args.common.json);
}

}  // namespace spine::cli
