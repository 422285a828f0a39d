// logs: the end of the gateway's log file, and what is added to it.
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "adapters/cli/log_lines.h"
#include "adapters/cli/place.h"
#include "adapters/cli/verbs.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(250);

// A line that is JSON already stays; any other becomes {"line": ...}.
void print_line(const std::string& line, bool json) {
  if (!json) {
    fmt::print("{}\n", printable(line));
  } else if (line.starts_with('{')) {
    print_json(line);
  } else {
    fmt::print(R"({{"line":{}}})"
               "\n",
               json_string(line));
  }
}

ino_t inode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

// Prints lines as they come, for ever. A file that was rotated away is read to its end, then the
// new one from its start.
void follow(std::ifstream file, const std::filesystem::path& path, const Arguments& args) {
  ino_t inode = inode_of(path);
  std::string partial;
  for (;;) {
    file.clear();
    std::string line;
    while (std::getline(file, line)) {
      partial += line;
      if (file.eof()) break;  // no newline yet
      if (about_agent(partial, args.agents.id)) print_line(partial, args.common.json);
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

int logs(const Arguments& args) {
  const auto place = locate(args.common);
  if (!place) return fail(place.error());
  const std::filesystem::path path = log_file(*place);
  std::ifstream file(path);
  if (!file) {
    return fail({Errc::not_found, fmt::format("There is no log at {}. The gateway makes it when it "
                                              "starts: spine start",
                                              path.string())});
  }
  for (const std::string& line : last_lines(file, args.logs.lines, args.agents.id))
    print_line(line, args.common.json);
  if (args.logs.follow) follow(std::move(file), path, args);
  return kExitOk;
}

}  // namespace spine::cli
