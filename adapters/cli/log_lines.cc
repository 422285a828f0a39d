// Which lines of a log are about what.
#include "adapters/cli/log_lines.h"

#include <algorithm>
#include <cctype>

namespace spine::cli {
namespace {

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

// A line in two parts; both empty when it is not understood.
struct LogLine {
  std::string_view subsystem{};
  std::string_view message{};
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
  return {line.substr(0, colon), line.substr(colon + 2)};
}

// {"time":..,"level":..,"subsystem":"<subsystem>","message":"<message>",...}: escapes in it are
// left alone, ids of agents have none.
LogLine split_json(std::string_view line) {
  constexpr std::string_view kSubsystem = R"("subsystem":")";
  constexpr std::string_view kMessage = R"(","message":")";
  constexpr std::string_view kMeta = R"(","_meta":)";
  const std::size_t begin = line.find(kSubsystem);
  if (begin == std::string_view::npos) return {};
  line.remove_prefix(begin + kSubsystem.size());
  const std::size_t middle = line.find(kMessage);
  if (middle == std::string_view::npos) return {};
  const std::string_view message = line.substr(middle + kMessage.size());
  return {line.substr(0, middle), message.substr(0, message.rfind(kMeta))};
}

}  // namespace

std::filesystem::path log_file(const Place& place) {
  if (!place.config.log_file.empty()) return place.config.log_file;
  return place.state_dir / "logs" / "spine.log";
}

bool about_agent(std::string_view line, std::string_view agent_id) {
  if (agent_id.empty()) return true;
  constexpr std::string_view kOwn = "agent/";
  const LogLine parts = line.starts_with('{') ? split_json(line) : split_text(line);
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

}  // namespace spine::cli
