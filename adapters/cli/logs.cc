// Logs: the end of the gateway's log file, following it, and the filter by agent.
#include "adapters/cli/logs.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <sys/stat.h>
#include <thread>

#include "adapters/cli/common.h"
#include "adapters/cli/output.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(250);

bool is_word_part(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word_part(text[at - 1]);
    const std::size_t end = at + word.size();
    if (begins && (end == text.size() || !is_word_part(text[end]))) return true;
  }
  return false;
}

// Parts of a line; both empty if it cannot be parsed.
struct LogLine {
  std::string subsystem{};
  std::string message{};
};

// "<time> <LEVEL> <subsystem>: <message>"
LogLine split_text(std::string_view line) {
  constexpr std::string_view kBlank = " ";
  for (int field = 0; field < 2; ++field) {
    const std::size_t end = line.find(' ');
    if (end == std::string_view::npos) return {};
    line.remove_prefix(end);
    line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  }
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return {};
  return {std::string{line.substr(0, colon)}, std::string{line.substr(colon + 2)}};
}

// With `json`, a line that is JSON is kept; any other becomes {"line": ...}.
void print_line(const std::string& line, bool json) {
  if (!json) {
    fmt::print("{}\n", printable(line));
  } else if (line.starts_with('{')) {
    print_json(line);
  } else {
    print_json(json_object({{"line", line}}));
  }
}

ino_t inode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

// Prints new lines, for ever. After a rotation the old file is read to its end, then the new one
// from its start.
void follow(std::ifstream file, const std::filesystem::path& path, std::string_view agent_id,
            bool json) {
  ino_t inode = inode_of(path);
  std::string partial;
  for (;;) {
    file.clear();
    std::string line;
    while (std::getline(file, line)) {
      partial += line;
      if (file.eof()) break;  // no newline yet
      if (about_agent(partial, agent_id)) print_line(partial, json);
      partial.clear();
    }
    std::fflush(stdout);
    const ino_t now = inode_of(path);
    if (now != 0 && now != inode) {
      file = std::ifstream(path);
      inode = now;
      continue;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
}

}  // namespace

bool about_agent(std::string_view line, std::string_view agent_id) {
  if (agent_id.empty()) return true;
  constexpr std::string_view kOwn = "agent/";
  LogLine parts;
  if (!line.starts_with('{')) {
    parts = split_text(line);
  } else if (const auto json = Json::parse(line)) {
    parts = {json->text("subsystem"), json->text("message")};
  }
  if (parts.subsystem.starts_with(kOwn)) {
    return parts.subsystem.substr(kOwn.size()) == agent_id;
  }
  return parts.subsystem == "agents" && has_word(parts.message, agent_id);
}

std::deque<std::string> last_lines(std::istream& file, std::uint64_t count,
                                   std::string_view agent_id) {
  std::deque<std::string> last;
  std::string line;
  while (std::getline(file, line)) {
    if (count == 0 || !about_agent(line, agent_id)) continue;
    if (last.size() == count) last.pop_front();
    last.push_back(line);
  }
  return last;
}

Action log_action(CLI::App& verb, std::shared_ptr<std::string> agent_id) {
  const auto lines = option<std::uint64_t>(verb, "-n,--lines", "Last lines to print", 100);
  const auto endless = option<bool>(verb, "-f,--follow", "Go on printing what is added");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Place place, locate(common));
    const std::filesystem::path path = log_file(place.config, place.state_dir);
    std::ifstream file(path);
    if (!file) {
      return Error{Errc::not_found, fmt::format("There is no log at {}. The gateway makes it when "
                                                "it starts: spine start",
                                                path.string())};
    }
    for (const std::string& line : last_lines(file, *lines, *agent_id))
      print_line(line, common.json);
    if (*endless) follow(std::move(file), path, *agent_id, common.json);
    return kExitOk;
  };
}

Action logs(CLI::App& verb) {
  examples(verb, {"spine logs -n 20", "spine logs --follow"});
  return log_action(verb, std::make_shared<std::string>());
}

}  // namespace spine::cli
