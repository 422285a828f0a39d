// config get and validate: the file itself. config set: through the gateway where one runs.
#include <cstdio>
#include <fmt/format.h>
#include <simdjson.h>

#include "adapters/cli/admin_call.h"
#include "adapters/cli/json_read.h"
#include "adapters/cli/place.h"
#include "adapters/cli/verbs.h"
#include "engine/config/edit.h"
#include "engine/config/merge_patch.h"
#include "engine/config/state_dir.h"
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

// Through the gateway that runs: it records who changed what, and reads the file again.
Result<std::string> set_by_gateway(const Place& place, const std::string& patch) {
  SPINE_TRY(RpcClient client,
            RpcClient::open(place.target, R"(["operator.admin"])", in_ms(10'000)));
  SPINE_TRY(const std::string now, ask(client, "config.get", "{}"));
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(now).get(root) != simdjson::SUCCESS) {
    return Error{Errc::corrupt, "The gateway's answer cannot be read."};
  }
  const std::string used = text_at(root, "path");
  if (std::filesystem::weakly_canonical(used) !=
      std::filesystem::weakly_canonical(place.config_path)) {
    return Error{
        Errc::refused,
        fmt::format("The gateway that runs uses {}, not {}: name it with --config, or stop "
                    "that gateway first.",
                    used, place.config_path.string())};
  }
  const std::string hash = flag_at(root, "exists") ? text_at(root, "hash") : std::string{};
  return ask(client, "config.patch",
             fmt::format(R"({{"raw":{}{}}})", json_string(patch),
                         hash.empty() ? "" : fmt::format(R"(,"baseHash":"{}")", hash)));
}

// Without a gateway the file is changed directly: who sits here owns it.
Result<std::string> set_in_file(const std::filesystem::path& path, const std::string& patch,
                                config::Given given) {
  std::string hash;
  if (const auto loaded = config::load(path, environment, given); loaded && loaded->exists) {
    hash = fmt::format("{:016x}{:016x}", loaded->hash.hi, loaded->hash.lo);
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
  return fmt::format(R"({{"ok":true,"noop":{},"path":{}}})", edit.noop, json_string(path.string()));
}

// Whether a daemon holds the state directory: then the change goes through it.
bool runs_with(const Place& place) {
  const auto lock = config::read_lock(place.state_dir);
  return lock && lock->running;
}

}  // namespace

int config_set(const Arguments& args) {
  const auto patch = config::build_patch(args.config.key, args.config.value);
  if (!patch) return fail(patch.error());
  const auto place = locate(args.common);
  if (!place) return fail(place.error());
  const auto answer = runs_with(*place)
                          ? set_by_gateway(*place, *patch)
                          : set_in_file(place->config_path, *patch, given(args.common));
  if (!answer) return fail(answer.error());
  if (args.common.json) {
    print_json(*answer);
    return kExitOk;
  }
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const bool read = parser.parse(*answer).get(root) == simdjson::SUCCESS;
  const bool noop = read && flag_at(root, "noop");
  fmt::print("{} {}{}\n", printable(args.config.key), noop ? "has that value already" : "is set in",
             noop ? "" : " " + printable(text_at(root, "path")));
  if (!noop && !runs_with(*place)) fmt::print("No gateway runs; it is read at the next start.\n");
  return kExitOk;
}

int config_get(const Arguments& args) {
  const std::filesystem::path path = path_of(args.common);
  const auto loaded = config::load(path, environment, given(args.common));
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
