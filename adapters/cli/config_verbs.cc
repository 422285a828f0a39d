// config get and validate: the file itself. config set: through the gateway where one runs.
#include <algorithm>
#include <fmt/format.h>

#include "adapters/cli/common.h"
#include "adapters/cli/gateway_client.h"
#include "adapters/cli/verb.h"
#include "engine/config/edit/changes.h"
#include "engine/config/edit/edit.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

std::filesystem::path path_of(const Common& common) {
  return common.config.empty() ? config::default_config_path(environment)
                               : std::filesystem::path(common.config);
}

bool is_error(const config::Finding& finding) {
  return finding.severity == config::Severity::error;
}

// Through the running gateway, which records who changed what, and reads the file again.
Result<Json> set_by_gateway(const Place& place, const std::string& patch) {
  SPINE_TRY(GatewayClient gateway, GatewayClient::open(place.target, R"(["operator.admin"])"));
  SPINE_TRY(const Json now, gateway.ask("config.get"));
  const std::string used = now.text("path");
  if (std::filesystem::weakly_canonical(used) !=
      std::filesystem::weakly_canonical(place.config_path)) {
    return Error{
        Errc::refused,
        fmt::format("The gateway that runs uses {}, not {}: name it with --config, or stop "
                    "that gateway first.",
                    used, place.config_path.string())};
  }
  const std::string hash = now.flag("exists") ? now.text("hash") : std::string{};
  return gateway.ask("config.patch",
                     json_object({{"raw", patch}, Member::unless_empty("baseHash", hash)}));
}

// Without a gateway the file is changed directly, with the user's own permissions.
Result<Json> set_in_file(const std::filesystem::path& path, const std::string& patch,
                         config::Given given) {
  std::string hash;
  if (const auto loaded = config::load(path, environment, given); loaded && loaded->exists) {
    hash = show_hex(loaded->hash);
  }
  const config::EditOutcome outcome = config::prepare_edit(path,
                                                           {.kind = config::EditKind::patch,
                                                            .raw = patch,
                                                            .base_hash = hash,
                                                            .local = true,
                                                            .given = given},
                                                           environment);
  if (const auto* refusal = std::get_if<config::EditRefusal>(&outcome)) {
    return Error{Errc::refused, refusal->message};
  }
  const auto& edit = std::get<config::PreparedEdit>(outcome);
  if (!edit.noop) SPINE_TRY_STATUS(config::write_edit(path, edit));
  return *Json::parse(json_object({{"ok", true}, {"noop", edit.noop}, {"path", path.string()}}));
}

}  // namespace

Action config_set(CLI::App& verb) {
  examples(verb, {"spine config set gateway.rate_limit.burst 20",
                  "spine config set session.dmScope '\"per-peer\"'",
                  "spine config set channels.bridge.allowFrom '[\"anna\"]'"});
  const auto key = argument(verb, "key", "Dotted path");
  const auto value = argument(verb, "value", "The value, as JSON5; null removes the key");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const std::string patch, config::build_patch(*key, *value));
    SPINE_TRY(const Place place, locate(common));
    // A daemon that holds the state directory's lock makes the change.
    const bool running = place.lock().running;
    SPINE_TRY(const Json answer, running ? set_by_gateway(place, patch)
                                         : set_in_file(place.config_path, patch, given(common)));
    const bool noop = answer.flag("noop");
    const std::string done =
        noop ? "has that value already" : "is set in " + printable(answer.text("path"));
    return show(
        common, answer,
        fmt::format("{} {}{}", printable(*key), done,
                    noop || running ? "" : "\nNo gateway runs; it is read at the next start."));
  };
}

Action config_get(CLI::App& verb) {
  examples(verb, {"spine config get", "spine config get gateway.port"});
  const auto key = option(verb, "key", "Dotted path of one value");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const config::Config loaded,
              config::load(path_of(common), environment, given(common)));
    SPINE_TRY(const std::string value, config::get_path(loaded, *key));
    // For people a string is printed without its quotes.
    if (const auto parsed = Json::parse(value); parsed && value.starts_with('"') && !common.json) {
      fmt::print("{}\n", printable(parsed->text()));
    } else {
      print_json(value);
    }
    return kExitOk;
  };
}

Action config_validate(CLI::App& verb) {
  examples(verb, {"spine config validate", "spine config validate ./new.json"});
  const auto file = option(verb, "file", "File to check instead");
  return [=](const Common& common) -> Result<int> {
    const std::filesystem::path path =
        file->empty() ? path_of(common) : std::filesystem::path(*file);
    std::error_code ignored;
    const bool exists = std::filesystem::exists(path, ignored);
    if (!file->empty() && !exists) {
      return Error{Errc::not_found, fmt::format("There is no file {}.", path.string())};
    }
    const std::vector<config::Finding> findings = config::validate(path, environment);
    const bool valid = std::ranges::none_of(findings, is_error);
    if (common.json) {
      const Raw rows = json_rows(findings, [](const config::Finding& finding) {
        return json_object(
            {{"severity", is_error(finding) ? "error" : "warning"}, {"text", finding.text}});
      });
      print_json(json_object(
          {{"path", path.string()}, {"exists", exists}, {"valid", valid}, {"findings", rows}}));
      return valid ? kExitOk : kExitFailure;
    }
    for (const config::Finding& finding : findings) {
      fmt::print("{}: {}\n", is_error(finding) ? "Error" : "Warning", printable(finding.text));
    }
    fmt::print("{} {}\n", printable(path.string()),
               !valid   ? "cannot be used"
               : exists ? "is valid"
                        : "is not there; the defaults are used");
    return valid ? kExitOk : kExitFailure;
  };
}

}  // namespace spine::cli
