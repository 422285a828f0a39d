// load and parse: from a file to a Config, or to the list of what is wrong with it.
#include "engine/config/config.h"

#include <sys/random.h>

#include "engine/config/deciding_file.h"
#include "engine/config/environment.h"
#include "engine/config/reading.h"
#include "engine/config/redact.h"
#include "engine/config/schema.h"
#include "engine/config/source.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/siphash.h"

namespace spine::config {
namespace {

namespace fs = std::filesystem;

// Every section of a tree that passed the schema.
void read_sections(Reading& reading) {
  for (const SettingTable* table : all_tables()) {
    for (const TablePlace& place : table->places) {
      if (place.prefix.empty()) reading.take(table->rows, reading.root, &reading.config);
    }
  }
  read_gateway(reading);
  read_admins(reading);
  read_session(reading);
  read_agents(reading);
  read_channels(reading);
  read_queue_modes(reading);
  check_doors(reading);
  read_bindings(reading);
  read_crons(reading);
  read_skills(reading);
  check_logging(reading);
}

// What is wrong goes to `findings`; only a file that cannot be read at all is an error.
Result<Config> read_config(std::string_view text, const fs::path& path, GetEnv getenv_fn,
                           Given given, Findings& findings) {
  const Environment environment(getenv_fn, path, findings, given);
  SPINE_TRY(Source source, read_source(text, path, environment, findings));
  check_schema(source.document, source.root, findings);
  Config config;
  config.path = path;
  if (!findings.has_errors()) {
    Reading reading{source.document, source.root, environment, findings, config};
    read_sections(reading);
  }
  config.redacted_json = to_json(source.document, source.root, hidden_part);
  config.raw = std::move(source.redacted_text);
  config.hash = text_hash(text);
  config.shown = shown_hash(config.redacted_json);
  config.exists = true;
  config.warnings = findings.warnings();
  return config;
}

Result<Config> read_missing(const fs::path& path, GetEnv getenv_fn, Given given,
                            Findings& findings) {
  SPINE_TRY(Config config, read_config("{}", path, getenv_fn, given, findings));
  config.exists = false;
  config.raw.clear();
  config.hash = {};
  config.shown = {};
  return config;
}

Result<Config> read_file(const fs::path& path, GetEnv getenv_fn, Given given, Findings& findings) {
  const Result<std::string> text = read_text_file(path);
  if (text) return read_config(*text, path, getenv_fn, given, findings);
  if (text.error().code == Errc::not_found) return read_missing(path, getenv_fn, given, findings);
  return text.error();
}

Result<Config> finished(Result<Config> config, const Findings& findings) {
  if (config && findings.has_errors()) return findings.as_error();
  return config;
}

// The variable as a path, "~/" meaning the home directory; nothing when unset or empty.
std::optional<fs::path> path_from_env(const char* name, GetEnv getenv_fn) {
  const char* value = getenv_fn(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  const std::string_view text = value;
  if (text.starts_with("~/")) return home_directory(getenv_fn) / text.substr(2);
  return fs::path(text);
}

}  // namespace

// With a key of this process: the text holds secrets, and a hash anybody can compute would let them
// be guessed from what is shown.
Bits128 text_hash(std::string_view text) {
  static const Bits128 key = [] {
    Bits128 random{};
    SPINE_CHECK(::getrandom(&random, sizeof random, 0) == sizeof random);
    return random;
  }();
  return siphash128(key, as_bytes(text));
}

Bits128 shown_hash(std::string_view redacted) {
  return siphash128(Bits128{}, as_bytes(redacted));
}

Result<Config> load(const fs::path& path, GetEnv getenv_fn, Given given) {
  Findings findings;
  return finished(read_file(path, getenv_fn, given, findings), findings);
}

Result<Config> parse(std::string_view text, const fs::path& path, GetEnv getenv_fn, Given given) {
  Findings findings;
  return finished(read_config(text, path, getenv_fn, given, findings), findings);
}

std::vector<Finding> validate(const fs::path& path, GetEnv getenv_fn) {
  Findings findings;
  const Result<Config> config = read_file(path, getenv_fn, {}, findings);
  if (!config) findings.error(config.error().message);
  return findings.all();
}

fs::path default_config_path(GetEnv getenv_fn) {
  if (const auto path = path_from_env("OPENCLAW_CONFIG_PATH", getenv_fn)) return *path;
  return home_directory(getenv_fn) / ".openclaw" / "openclaw.json";
}

fs::path default_state_dir(GetEnv getenv_fn) {
  if (const auto path = path_from_env("OPENCLAW_STATE_DIR", getenv_fn)) return *path / "spine";
  return home_directory(getenv_fn) / ".openclaw" / "spine";
}

}  // namespace spine::config
