// The "engines" of a package, the node it would be run by, and npm's version ranges: comparators,
// joined by blanks (and) and by || (or).
#include "adapters/agents/process/node_version.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <simdjson.h>
#include <sys/stat.h>
#include <system_error>

#include "adapters/agents/process/program.h"
#include "adapters/agents/process/sandbox.h"
#include "adapters/agents/process/spawn.h"
#include "adapters/agents/process/trusted.h"
#include "adapters/agents/process/users.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

struct VersionPattern {
  Version version{};
  std::size_t parts{};  // that are given: "20.x" has one, "*" none
  bool known{};
};

VersionPattern parse_pattern(std::string_view text) {
  VersionPattern pattern;
  if (text.starts_with('v')) text.remove_prefix(1);
  while (pattern.parts < 3 && !text.empty()) {
    if (text[0] == 'x' || text[0] == 'X' || text[0] == '*') {
      pattern.known = true;
      return pattern;
    }
    const auto parsed =
        std::from_chars(text.data(), text.data() + text.size(), pattern.version[pattern.parts]);
    if (parsed.ec != std::errc{}) return pattern;
    pattern.known = true;
    pattern.parts += 1;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    if (!text.starts_with('.')) return pattern;
    text.remove_prefix(1);
  }
  return pattern;
}

// The first version after all that share the first `parts` numbers.
Version after(const Version& version, std::size_t parts) {
  Version next{};
  if (parts == 0) return {UINT32_MAX, 0, 0};
  std::copy_n(version.begin(), parts, next.begin());
  next[parts - 1] += 1;
  return next;
}

bool caret_holds(const VersionPattern& pattern, const Version& version) {
  std::size_t fixed = 1;  // up to the first number that is not zero
  while (fixed < pattern.parts && pattern.version[fixed - 1] == 0)
    fixed += 1;
  return version >= pattern.version && version < after(pattern.version, fixed);
}

bool comparator_holds(std::string_view text, const Version& version) {
  const std::size_t number = std::min(text.find_first_not_of("<>=^~"), text.size());
  const std::string_view sign = text.substr(0, number);
  const VersionPattern pattern = parse_pattern(text.substr(number));
  if (!pattern.known) return true;
  const Version& from = pattern.version;
  if (sign == ">=") return version >= from;
  if (sign == ">") return version >= after(from, pattern.parts);
  if (sign == "<") return version < from;
  if (sign == "<=") return version < after(from, pattern.parts);
  if (sign == "^") return pattern.parts == 0 || caret_holds(pattern, version);
  const std::size_t fixed = sign == "~" ? std::min<std::size_t>(pattern.parts, 2) : pattern.parts;
  return version >= from && version < after(from, fixed);
}

// The next comparator of `text`, its sign and number put together; "" = none is left.
std::string next_comparator(std::string_view& text) {
  std::string comparator;
  while (!text.empty()) {
    const char c = text[0];
    const bool blank = c == ' ' || c == '\t' || c == ',';
    const bool has_number = comparator.find_first_not_of("<>=^~") != std::string::npos;
    if (blank && has_number) break;
    if (!blank) comparator.push_back(c);
    text.remove_prefix(1);
  }
  return comparator;
}

bool all_hold(std::string_view text, const Version& version) {
  if (text.find(" - ") != std::string_view::npos) return true;  // a span from to: not understood
  while (true) {
    const std::string comparator = next_comparator(text);
    if (comparator.empty()) return true;
    if (!comparator_holds(comparator, version)) return false;
  }
}

namespace fs = std::filesystem;

struct NodeUse {
  bool is_node{};
  std::string node{};  // path; empty = there is none
};

// The node a script would be run by.
NodeUse node_of(const fs::path& file, std::string_view path) {
  const std::vector<std::string> script = read_interpreter(file.string()).script;
  if (!script.empty()) {
    const auto names_node = [](const std::string& word) { return word.find("node") != word.npos; };
    if (std::ranges::none_of(script, names_node)) return {};
    if (fs::path(script[0]).filename() == "node") return {true, script[0]};
  } else {
    const fs::path extension = file.extension();
    const bool is_script = extension == ".js" || extension == ".mjs" || extension == ".cjs";
    if (!is_script || file.string().find("/node_modules/") == std::string::npos) return {};
  }
  return {true, find_program("node", path, "/")};
}

struct NodePackage {
  std::string name{};
  std::string version{};
  std::string node_range{};  // "" = it asks for nothing
};

std::string text_at(const simdjson::dom::element& object, const char* pointer) {
  std::string_view text;
  return object.at_pointer(pointer).get_string().get(text) == simdjson::SUCCESS ? std::string(text)
                                                                                : "";
}

// The package the file is part of: the nearest package.json above it that has a name.
NodePackage nearest_package(const fs::path& file) {
  NodePackage package;
  for (fs::path at = file.parent_path(); at != at.root_path(); at = at.parent_path()) {
    std::error_code failed;
    const fs::path json = at / "package.json";
    const auto size = fs::file_size(json, failed);
    if (failed || size > limits::kConfigBytesMax) continue;
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (parser.load(json.string()).get(root) != simdjson::SUCCESS) continue;
    package = {text_at(root, "/name"), text_at(root, "/version"), text_at(root, "/engines/node")};
    if (!package.name.empty()) return package;
  }
  return package;
}

// The folders of a PATH that no agent can write to.
std::string trusted_folders(std::string_view path, const ProbeRules& rules) {
  std::string folders;
  for (const std::string& entry : path_entries(path)) {
    const std::string folder = trusted_path(entry, rules.writable);
    if (folder.empty() || is_within_any(folder, rules.writable)) continue;
    if (!folders.empty()) folders += ':';
    folders += folder;
  }
  return folders;
}

// The output of `node --version`, e.g. "v20.20.2"; "" = none. Cached until the file changes, so
// that a node that hangs delays a start only once.
std::string version_of_node(const std::string& node, std::string_view path,
                            const ProbeRules& rules) {
  static thread_local std::map<std::string, std::string> known;
  struct stat info {};
  if (::stat(node.c_str(), &info) != 0) return "";
  const std::string key = fmt::format("{} {} {} {}.{}", node, info.st_ino, info.st_size,
                                      info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  std::vector<std::string> argv = rules.wrapper;
  argv.insert(argv.end(), {node, "--version"});
  // Nothing else of the agent's environment, which may come from skills that it wrote itself.
  const std::vector<std::string> env{"PATH=" + trusted_folders(path, rules), "LC_ALL=C"};
  const Result<CommandOutcome> outcome = run_command(argv, env, limits::kAgentNodeProbeMsMax);
  std::string text;
  if (outcome && outcome->exit.code == 0) {
    text = outcome->output.substr(0, outcome->output.find_first_of("\r\n"));
  }
  constexpr std::size_t kKnownMax = 64;
  if (known.size() >= kKnownMax) known.clear();
  known.emplace(key, text);
  return text;
}

std::uint32_t major_to_install(std::string_view range) {
  std::uint32_t newest = 0;
  for (std::size_t at = 0; at < range.size(); ++at) {
    const bool starts = range[at] >= '0' && range[at] <= '9' && (at == 0 || range[at - 1] != '.') &&
                        (at == 0 || range[at - 1] < '0' || range[at - 1] > '9');
    Version version{};
    if (starts && parse_version(range.substr(at), version)) newest = std::max(newest, version[0]);
  }
  return std::max(newest, std::uint32_t{26});
}

}  // namespace

bool parse_version(std::string_view text, Version& version) {
  const VersionPattern pattern = parse_pattern(text);
  version = pattern.version;
  return pattern.parts > 0;
}

bool range_holds(std::string_view range, const Version& version) {
  while (true) {
    const std::size_t bar = range.find("||");
    if (all_hold(range.substr(0, bar), version)) return true;
    if (bar == std::string_view::npos) return false;
    range.remove_prefix(bar + 2);
  }
}

ProbeRules probe_rules(const LaunchRequest& request) {
  ProbeRules rules;
  rules.writable = writable_places(request).all();
  const SeparationMeans& means = request.means;
  SystemUser user = current_user();
  if (means.is_root) {
    const Result<SystemUser> found = find_user(request.agent.process.sandbox.user);
    if (!found || means.setpriv.empty()) return rules;
    user = *found;
    append_user_command(rules.wrapper, means, user);
  } else if (!means.setpriv.empty()) {
    rules.wrapper = {means.setpriv, "--no-new-privs"};
  }
  rules.uid = user.uid;
  rules.gid = user.gid;
  rules.allowed = true;
  return rules;
}

Status check_node_version(const std::string& program, const std::vector<std::string>& env,
                          const ProbeRules& rules) {
  const SystemUser user{"", rules.uid, rules.gid};
  // Do not even read an untrusted path: it may be a pipe or a device.
  if (!rules.allowed || !may_be_run(program, rules.writable, user)) return ok();
  const fs::path file = trusted_path(program, rules.writable);
  const std::string_view path = rules.path.empty() ? value_in(env, "PATH") : rules.path;
  const NodeUse use = node_of(file, path);
  if (!use.is_node) return ok();
  const NodePackage package = nearest_package(file);
  if (package.node_range.empty()) return ok();
  std::string has = "finds no node";
  if (!use.node.empty()) {
    if (!may_be_run(use.node, rules.writable, user)) return ok();
    const std::string found = version_of_node(use.node, path, rules);
    Version version{};
    if (!parse_version(found, version) || range_holds(package.node_range, version)) return ok();
    has = fmt::format("finds {} at {}", printable(found), printable(use.node));
  }
  return Error{Errc::invalid_argument,
               fmt::format("{} ({} {}) needs Node.js {}, and the agent's PATH {}. Install a newer "
                           "one, e.g. `npm install -g node@{}`, or put its folder first in "
                           "agents.entries.<id>.spine.env.PATH.",
                           fs::path(program).filename().string(), printable(package.name),
                           printable(package.version), printable(package.node_range), has,
                           major_to_install(package.node_range))};
}

}  // namespace spine::agents
