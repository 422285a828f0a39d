// Access to values, and the small sections: crons, logging.
#include "engine/config/reading.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/config/schema.h"
#include "schemas/vocab/limits.h"

namespace spine::config {

NodeId Reading::below(NodeId from, std::string_view path) const {
  NodeId at = from;
  while (at != 0 && !path.empty()) {
    if (document.kind(at) != Kind::object) return 0;
    const std::size_t dot = path.find('.');
    at = document.find(at, path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  return at;
}

std::optional<std::string> Reading::text(NodeId id) const {
  if (id == 0) return std::nullopt;
  return std::string{document.text(id)};
}

std::optional<bool> Reading::flag(NodeId id) const {
  if (id == 0) return std::nullopt;
  return document[id].boolean;
}

std::optional<std::int64_t> Reading::integer(NodeId id) const {
  std::int64_t value{};
  if (id == 0 || !as_integer(document, id, value)) return std::nullopt;
  return value;
}

std::vector<std::string> Reading::texts(NodeId id) const {
  std::vector<std::string> out;
  if (id == 0) return out;
  for (NodeId e = document.first_child(id); e != 0; e = document.next(e)) {
    const auto number = document.kind(e) == Kind::number ? integer(e) : std::nullopt;
    out.push_back(number ? fmt::format("{}", *number) : std::string{document.text(e)});
  }
  return out;
}

std::filesystem::path Reading::path(NodeId id) const {
  const std::string name = text(id).value_or("");
  if (name.empty()) return {};
  if (name.starts_with("~/")) return environment.home() / name.substr(2);
  std::error_code code;
  const std::filesystem::path file = std::filesystem::absolute(config.path, code);
  return (code ? config.path : file).parent_path() / name;
}

void Reading::error(NodeId id, std::string_view message) const {
  findings.error(fmt::format("{}: {}", where(id), message));
}

void Reading::warn(NodeId id, std::string_view message) const {
  findings.warn(fmt::format("{}: {}", where(id), message));
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

void read_crons(Reading& reading) {
  const NodeId crons = reading.at("crons");
  if (crons == 0) return;
  for (const NodeId cron : reading.document.children(crons)) {
    const std::string name{reading.document.key(cron)};
    const NodeId schedule = reading.below(cron, "schedule");
    const NodeId action = reading.below(cron, "action");
    if (schedule == 0 || action == 0) {
      reading.error(cron, fmt::format("crons.{} needs both schedule and action; add {}.", name,
                                      schedule == 0 ? "schedule" : "action"));
      continue;
    }
    reading.config.crons.push_back(
        {.name = name, .schedule = *reading.text(schedule), .action = *reading.text(action)});
  }
}

namespace {

LogLevel level_of(std::string_view name) {
  if (name == "trace") return LogLevel::trace;
  if (name == "debug") return LogLevel::debug;
  if (name == "warn") return LogLevel::warn;
  if (name == "error" || name == "fatal" || name == "silent") return LogLevel::error;
  return LogLevel::info;
}

}  // namespace

void read_logging(Reading& reading) {
  Config& config = reading.config;
  if (const auto level = reading.text(reading.at("logging.level"))) {
    config.log_level = level_of(*level);
  }
  if (const auto format = reading.text(reading.at("logging.format"))) {
    config.log_format = *format == "json" ? LogFormat::json : LogFormat::text;
  }
  const NodeId file = reading.at("logging.file");
  if (const auto name = reading.text(file)) {
    config.log_file = *name;
    if (name->starts_with("~/")) {
      config.log_file = (reading.environment.home() / name->substr(2)).string();
    }
    if (!std::filesystem::path(config.log_file).is_absolute()) {
      reading.error(file, "logging.file must be an absolute path, or start with ~/.");
    }
  }
  if (const auto bytes = reading.integer(reading.at("logging.maxFileBytes"))) {
    config.log_file_bytes_max = static_cast<std::uint64_t>(*bytes);
  }
  if (const auto files = reading.integer(reading.at("logging.maxFiles"))) {
    config.log_files_kept = static_cast<std::uint32_t>(*files);
  }
}

}  // namespace spine::config
