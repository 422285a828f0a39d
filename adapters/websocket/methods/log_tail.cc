// Reading of the log file's end.
#include "adapters/websocket/methods/log_tail.h"

#include <algorithm>
#include <fstream>
#include <system_error>

namespace spine::net {
namespace {

// Keeps the last `lines_max` lines of `text`; true when some had to go.
bool split_lines(const std::string& text, std::uint64_t lines_max,
                 std::vector<std::string>& lines) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (lines.size() <= lines_max) return false;
  lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(lines_max));
  return true;
}

}  // namespace

Result<LogTail> tail_log(const std::filesystem::path& file, const LogTailRequest& request) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(file, error);
  if (error) {
    return Error{Errc::not_found,
                 "The log file " + file.string() + " cannot be read: " + error.message() + "."};
  }
  LogTail tail{};
  tail.size = size;
  const bool from_end = request.cursor == LogTailRequest::kFromEnd;
  tail.reset = !from_end && request.cursor > size;
  const std::uint64_t earliest = size > request.bytes_max ? size - request.bytes_max : 0;
  std::uint64_t from = from_end || tail.reset ? earliest : std::max(request.cursor, earliest);
  tail.truncated = !from_end && !tail.reset && from > request.cursor;

  std::ifstream in{file, std::ios::binary};
  in.seekg(static_cast<std::streamoff>(from));
  std::string text(static_cast<std::size_t>(size - from), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return Error{Errc::io, "The log file " + file.string() + " cannot be read."};
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  // Bytes cut off in front of the first whole line.
  if (from != 0 && (from_end || tail.truncated || tail.reset)) {
    const std::size_t first = text.find('\n');
    const std::size_t cut = first == std::string::npos ? text.size() : first + 1;
    text.erase(0, cut);
    from += cut;
  }
  const std::size_t last = text.rfind('\n');
  text.resize(last == std::string::npos ? 0 : last + 1);
  tail.cursor = from + text.size();
  if (split_lines(text, request.lines_max, tail.lines)) tail.truncated = true;
  return tail;
}

}  // namespace spine::net
