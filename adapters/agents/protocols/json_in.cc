// Reading of lines, with what programs get wrong repaired.
#include "adapters/agents/protocols/json_in.h"

#include <algorithm>
#include <utility>

#include "schemas/vocab/ascii.h"

namespace spine::agents {
namespace {

bool is_word(char c) {
  return is_letter_or_digit(c) || c == '_';
}

}  // namespace

JsonNode JsonIn::parse(std::string_view line) {
  padded_.assign(line);
  simdjson::dom::element root;
  if (parser_.parse(padded_, root) != JsonParser::Fault::none) return {};
  return root.is_object() ? JsonNode{root} : JsonNode{};
}

bool JsonIn::is_copy(std::string_view line) {
  std::swap(previous_, padded_);
  const bool copy = !quoted_.empty() && line == quoted_;
  after_quote_ = !quoted_.empty();
  quoted_.clear();
  return copy;
}

JsonNode JsonIn::read_object(std::string_view line) {
  JsonNode found;
  int count = 0;
  const LineRead read = this->read(line, [&](const JsonNode& node) {
    found = node;
    ++count;
  });
  const bool one = count == 1 && read != LineRead::unreadable;
  return one ? found : JsonNode{};
}

bool names_value(std::string_view line, std::string_view key, std::string_view value) {
  const auto skip = [&line](std::size_t at) {
    return std::min(line.find_first_not_of(" \t", at), line.size());
  };
  const std::string name = "\"" + std::string(key) + "\"";
  for (std::size_t at = line.find(name); at != std::string_view::npos;
       at = line.find(name, at + 1)) {
    std::size_t next = skip(at + name.size());
    if (next == line.size() || line[next] != ':') continue;
    next = skip(next + 1);
    if (next < line.size() && line[next] == '"') ++next;
    if (!line.substr(next).starts_with(value)) continue;
    next += value.size();
    const bool ends = next == line.size() || !is_word(line[next]);
    if (ends) return true;
  }
  return false;
}

std::string id_in(std::string_view line) {
  constexpr std::size_t kIdBytesMax = 128;
  const std::size_t name = line.find("\"id\"");
  if (name == std::string_view::npos) return {};
  const std::size_t colon = line.find_first_not_of(" \t", name + 4);
  if (colon == std::string_view::npos || line[colon] != ':') return {};
  const std::size_t start = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
  const bool text = line.substr(start).starts_with('"');
  std::size_t end = text ? start + 1 : start;
  const auto goes_on = [text](char c) {
    return is_word(c) || c == '-' || (text && (c == '.' || c == ':' || c == '/'));
  };
  while (end < line.size() && goes_on(line[end]))
    ++end;
  if (text && (end == line.size() || line[end++] != '"')) return {};
  JsonIn in;
  const std::string id(line.substr(start, end - start));
  const bool json = id.size() <= kIdBytesMax && in.read_object("{\"id\":" + id + "}").there();
  return json && id != "null" ? id : std::string{};
}

std::string joined_text(const JsonNode& content) {
  if (content.is_text()) return std::string(content.text());
  std::string joined;
  content.each([&joined](const JsonNode& part) {
    if (part.text("type") == "text") joined += part.text("text");
  });
  return joined;
}

}  // namespace spine::agents
