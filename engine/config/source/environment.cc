// Reading .env files.
#include "engine/config/source/environment.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/config/source/deciding_file.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/home.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> quoted_value(std::string_view text) {
  const char quote = text[0];
  std::string out;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == quote) {
      const std::string_view rest = trimmed(text.substr(at + 1));
      if (!rest.empty() && !rest.starts_with('#')) return std::nullopt;
      return out;
    }
    if (quote == '"' && text[at] == '\\' && at + 1 < text.size()) {
      const char next = text[++at];
      if (next != '"' && next != '\\' && next != 'n' && next != '$') out.push_back('\\');
      out.push_back(next == 'n' ? '\n' : next);
      continue;
    }
    out.push_back(text[at]);
  }
  return std::nullopt;
}

// The value of a variable; nothing when it is not written as one.
std::optional<std::string> value_of(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('"') || text.starts_with('\'')) return quoted_value(text);
  const std::size_t comment = text.starts_with('#') ? 0 : text.find(" #");
  return std::string{trimmed(text.substr(0, comment))};
}

}  // namespace

Environment::Environment(GetEnv getenv_fn, const fs::path& config_path, Findings& findings,
                         Given given)
    : getenv_(getenv_fn), given_(given) {
  const fs::path beside = config_path.parent_path() / ".env";
  const fs::path at_home = home_directory(getenv_fn) / ".openclaw" / ".env";
  read_file(beside, findings);
  if (at_home != beside) read_file(at_home, findings);
}

const char* Environment::find(std::string_view name) const {
  const char* value = getenv_(std::string{name}.c_str());
  if (value != nullptr) return value;
  const auto it = variables_.find(name);
  return it == variables_.end() ? nullptr : it->second.c_str();
}

bool Environment::stands_in_for(std::string_view key) const {
  const auto is_set = [this](std::string_view name) {
    const char* value = find(name);
    return value != nullptr && *value != '\0';
  };
  if (key == "token") return given_.token || is_set("OPENCLAW_GATEWAY_TOKEN");
  return key == "password" && is_set("OPENCLAW_GATEWAY_PASSWORD");
}

fs::path Environment::home() const {
  return home_directory(getenv_);
}

void Environment::read_file(const fs::path& path, Findings& findings) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return;
  const std::string name = printable(path.string());
  if (!S_ISREG(info.st_mode)) {
    return findings.warn(fmt::format("{} is not a regular file; it is not read.", name));
  }
  if ((info.st_mode & 044U) != 0) {
    findings.warn(fmt::format(
        "{} can be read by others (mode {:04o}); if it holds secrets, run `chmod 600 {}`.", name,
        info.st_mode & 07777U, name));
  }
  const Result<std::string> text = read_text_file(path, limits::kDotEnvBytesMax);
  if (!text) return findings.error(text.error().message);
  read_lines(*text, path, findings);
}

void Environment::read_lines(std::string_view text, const fs::path& path, Findings& findings) {
  std::size_t number = 0;
  while (!text.empty()) {
    std::string_view line = trimmed(take_part(text, '\n'));
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("export ")) line = trimmed(line.substr(7));
    const std::size_t equals = line.find('=');
    const std::string_view name = trimmed(line.substr(0, equals));
    // The line itself is not shown: it may be a secret.
    const auto value = equals == std::string_view::npos || !is_plain(name, "_") || is_digit(name[0])
                           ? std::nullopt
                           : value_of(line.substr(equals + 1));
    if (!value || value->find('\0') != std::string::npos) {
      findings.warn(fmt::format("{}:{}: this line is not KEY=VALUE; it is ignored.",
                                printable(path.string()), number));
      continue;
    }
    if (variables_.size() == limits::kDotEnvVariablesMax) {
      return findings.error(fmt::format("{}:{}: more than {} variables.", printable(path.string()),
                                        number, limits::kDotEnvVariablesMax));
    }
    variables_.try_emplace(std::string{name}, *value);
  }
}

}  // namespace spine::config
