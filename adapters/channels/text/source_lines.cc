// Begins of lines in an array, found by bisection.
#include "adapters/channels/text/source_lines.h"

#include <algorithm>

#include "schemas/vocab/ascii.h"

namespace spine::channels {
namespace {

constexpr std::string_view kMarkers = " \t>-+*0123456789.)";
constexpr std::size_t kPrefixBytesMax = 24;

std::size_t run_of(std::string_view line, std::size_t column, char character) {
  const std::size_t end = std::min(line.find_first_not_of(character, column), line.size());
  return end - std::min(column, line.size());
}

std::size_t quotes_of(std::string_view prefix) {
  return static_cast<std::size_t>(std::ranges::count(prefix, '>'));
}

}  // namespace

SourceLines::SourceLines(std::string_view source) : source_(source) {
  for (std::size_t at = 0; at < source.size();) {
    begins_.push_back(static_cast<std::uint32_t>(at));
    // A carriage return ends a line as well, alone or before a line feed.
    const std::size_t end = std::min(source.find_first_of("\r\n", at), source.size());
    at = end + (source.substr(end).starts_with("\r\n") ? 2 : 1);
  }
}

std::size_t SourceLines::begin(std::size_t line) const {
  return line < begins_.size() ? begins_[line] : source_.size();
}

std::string_view SourceLines::text(std::size_t line) const {
  return source_.substr(begin(line), end(line) - begin(line));
}

std::size_t SourceLines::at(std::size_t offset) const {
  const auto after = std::ranges::upper_bound(begins_, offset);
  return static_cast<std::size_t>(after - begins_.begin()) - (after == begins_.begin() ? 0 : 1);
}

FenceLine SourceLines::fence(std::size_t line, char character) const {
  const std::string_view whole = text(line);
  const std::size_t column = std::min(whole.find_first_not_of(kMarkers), whole.size());
  const std::size_t run = run_of(whole, column, character);
  return run >= 3 ? FenceLine{column, run} : FenceLine{};
}

bool SourceLines::closes(std::size_t line, std::size_t opener, char character) const {
  const FenceLine open = fence(opener, character);
  const FenceLine close = fence(line, character);
  const std::string_view whole = text(line);
  if (close.run < open.run) return false;
  const std::string_view prefix = whole.substr(0, close.column);
  const std::string_view behind = whole.substr(close.column + close.run);
  return prefix.find_first_not_of(" \t>") == std::string_view::npos &&
         behind.find_first_not_of(kBlanks) == std::string_view::npos &&
         quotes_of(prefix) >= quotes_of(text(opener).substr(0, open.column)) &&
         close.column + 3 >= open.column;
}

std::string SourceLines::continued_prefix(std::size_t line, std::size_t column) const {
  if (column > kPrefixBytesMax) return {};
  std::string prefix(text(line).substr(0, column));
  for (char& c : prefix) {
    if (c != '>' && c != '\t') c = ' ';
  }
  return prefix;
}

}  // namespace spine::channels
