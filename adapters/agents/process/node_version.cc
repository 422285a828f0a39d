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
#include "adapters/agents/process/version_range.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

std::string first_line_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::array<char, 256> buffer{};
  stream.read(buffer.data(), buffer.size());
  const std::string text(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  return text.substr(0, text.find('\n'));
}

// The node a script would be run by: "" = none, it is no node program.
std::string node_of(const fs::path& file, std::string_view path) {
  const std::string line = first_line_of(file);
  if (line.starts_with("#!")) {
    if (line.find("node") == std::string::npos) return "";
    std::string interpreter = line.substr(2, line.find_first_of(" \t\r", 3) - 2);
    if (fs::path(interpreter).filename() == "node") return interpreter;
  } else {
    const fs::path extension = file.extension();
    const bool is_script = extension == ".js" || extension == ".mjs" || extension == ".cjs";
    if (!is_script || file.string().find("/node_modules/") == std::string::npos) return "";
  }
  const std::string node = find_program("node", path, "/");
  return node.empty() ? "node" : node;
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
NodePackage package_of(const fs::path& file) {
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

// What `node --version` says, e.g. "v20.20.2". Remembered until the file changes.
Result<std::string> version_of_node(const std::string& node, const std::vector<std::string>& env) {
  static thread_local std::map<std::string, std::string> known;
  struct stat info {};
  if (::stat(node.c_str(), &info) != 0) {
    return Error{Errc::not_found, "finds no node"};
  }
  const std::string key = fmt::format("{} {} {} {}.{}", node, info.st_ino, info.st_size,
                                      info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  const Result<CommandOutcome> outcome = run_command({node, "--version"}, env);
  if (!outcome)
    return Error{outcome.error().code, "finds one that fails: " + outcome.error().message};
  std::string text = outcome->output.substr(0, outcome->output.find_first_of("\r\n"));
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

Status check_node_version(const std::string& program, const std::vector<std::string>& env) {
  std::error_code failed;
  const fs::path file = fs::canonical(program, failed);
  if (failed) return ok();  // whoever starts it says so
  const std::string node = node_of(file, value_in(env, "PATH"));
  if (node.empty()) return ok();
  const NodePackage package = package_of(file);
  if (package.node_range.empty()) return ok();
  const Result<std::string> found = version_of_node(node, env);
  Version version{};
  if (found && !parse_version(*found, version)) return ok();
  if (found && range_holds(package.node_range, version)) return ok();
  const std::string has = found ? fmt::format("finds {} at {}", printable(*found), printable(node))
                                : printable(found.error().message);
  return Error{Errc::invalid_argument,
               fmt::format("{} ({} {}) needs Node.js {}, and the agent's PATH {}. Install a newer "
                           "one, e.g. `npm install -g node@{}`, or put its folder first in "
                           "agents.entries.<id>.spine.env.PATH.",
                           fs::path(program).filename().string(), printable(package.name),
                           printable(package.version), printable(package.node_range), has,
                           major_to_install(package.node_range))};
}

}  // namespace spine::agents
