// Media lines: read line by line.
#include "engine/core/messages/media_lines.h"

#include <algorithm>

#include "schemas/fields.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::core {
namespace {

constexpr std::string_view kMark = "MEDIA:";
constexpr std::string_view kQuotes = "`\"'";

// Calls visit(line, whole), whole with its end of line.
template <class Visit>
void each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view whole = text.substr(0, end);
    text.remove_prefix(end);
    visit(trimmed(whole), whole);
  }
}

}  // namespace

std::string_view media_line_path(std::string_view line) {
  if (!line.starts_with(kMark)) return {};
  std::string_view path = trimmed(line.substr(kMark.size()));
  if (path.size() >= 2 && path.front() == path.back() &&
      kQuotes.find(path.front()) != std::string_view::npos) {
    path = path.substr(1, path.size() - 2);
  }
  return path;
}

std::vector<std::string_view> media_paths(std::string_view text) {
  std::vector<std::string_view> paths;
  each_line(text, [&](std::string_view line, std::string_view) {
    const std::string_view path = media_line_path(line);
    if (path.empty() || paths.size() == limits::kAttachmentsMax) return;
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  });
  return paths;
}

std::string without_media_lines(std::string_view text, const Files* files) {
  if (files == nullptr || files->size() == 0) return std::string(text);
  const auto goes = [&](std::string_view path) {
    return !path.empty() && std::any_of(files->begin(), files->end(), [&](const auto* file) {
      return text_of(file->url()) == path;
    });
  };
  std::string rest;
  each_line(text, [&](std::string_view line, std::string_view whole) {
    if (!goes(media_line_path(line))) rest += whole;
  });
  return rest;
}

void add_file_line(std::string& text, std::string_view name, std::uint64_t bytes) {
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text.append("[file ").append(printable(name)).append(", ").append(show_bytes(bytes)).append("]");
}

}  // namespace spine::core
