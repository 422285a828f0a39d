// check_node_version: what a package asks of node, and which node it would get.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <simdjson.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include "adapters/agents/process/find_program.h"
#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/run_command.h"
#include "adapters/agents/process/sandbox.h"
#include "adapters/agents/process/trusted.h"
#include "adapters/agents/process/users.h"
#include "adapters/agents/process/version_range.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

std::string first_line_of(const fs::path& file) {
  std::error_code failed;
  if (!fs::is_regular_file(file, failed)) return {};
  std::ifstream stream(file, std::ios::binary);
  std::array<char, 256> buffer{};
  stream.read(buffer.data(), buffer.size());
  const std::string text(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  return text.substr(0, text.find('\n'));
}

struct NodeUse {
  bool is_node{};
  std::string node{};  // path; empty = there is none
};

// The node a script would be run by.
NodeUse node_of(const fs::path& file, std::string_view path) {
  const std::string line = first_line_of(file);
  if (line.starts_with("#!")) {
    if (line.find("node") == std::string::npos) return {};
    const std::size_t start = std::min(line.find_first_not_of(" \t", 2), line.size());
    const std::size_t end = std::min(line.find_first_of(" \t\r", start), line.size());
    std::string interpreter = line.substr(start, end - start);
    if (fs::path(interpreter).filename() == "node") return {true, std::move(interpreter)};
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

// The folders of a PATH nothing of an agent's is found in.
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

// What `node --version` says, e.g. "v20.20.2"; "" = nothing that helps. Remembered until the file
// changes, so that one that hangs does so once.
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
  // Nothing else of the agent's environment: skills it wrote itself are in there.
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
  // Not even read: whoever can put it there may have put a pipe or a device there.
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
