// Reading of lines, with what programs get wrong repaired.
#include "adapters/agents/protocols/json_in.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

constexpr std::size_t kKeptLineBytesMax = 256 * limits::kKiB;

std::size_t separators_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return c == ',' || c == ':' || c == '['; }));
}

bool is_word(char c) {
  return is_letter_or_digit(c) || c == '_';
}

}  // namespace

JsonNode JsonNode::operator[](std::string_view key) const {
  simdjson::dom::element found;
  if (!is_object() || (*element_)[key].get(found) != simdjson::SUCCESS) return {};
  return JsonNode{found};
}

std::string_view JsonNode::text() const {
  std::string_view value;
  return there() && element_->get(value) == simdjson::SUCCESS ? value : std::string_view{};
}

std::uint64_t JsonNode::number(std::string_view key) const {
  const JsonNode node = (*this)[key];
  std::uint64_t value = 0;
  return node.there() && node.element_->get(value) == simdjson::SUCCESS ? value : 0;
}

bool JsonNode::flag(std::string_view key) const {
  const JsonNode node = (*this)[key];
  bool value = false;
  return node.there() && node.element_->get(value) == simdjson::SUCCESS && value;
}

std::uint64_t JsonNode::our_id() const {
  if (!there()) return 0;
  std::uint64_t value = 0;
  if (element_->get(value) == simdjson::SUCCESS) return value;
  double real = 0;
  if (element_->is_double() && element_->get(real) == simdjson::SUCCESS) {
    const bool whole = real >= 1 && real < 9e15 && real == std::floor(real);
    return whole ? static_cast<std::uint64_t>(real) : 0;
  }
  const std::string_view digits = text();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} && end == digits.data() + digits.size() ? value : 0;
}

std::string JsonNode::their_id(std::string_view key) const {
  const JsonNode node = (*this)[key];
  if (node.is_text()) return std::string(node.text());
  return node.there() && node.element_->is_number() ? node.json() : std::string{};
}

std::string JsonNode::json() const {
  return there() ? simdjson::minify(*element_) : std::string{};
}

JsonNode JsonIn::parse(std::string_view line) {
  if (parser_.capacity() > kKeptLineBytesMax && line.size() <= kKeptLineBytesMax) {
    parser_ = simdjson::dom::parser{};
    padded_ = std::string{};
    previous_ = std::string{};
  }
  if (parser_.capacity() < line.size() &&
      parser_.allocate(std::max(line.size(), std::size_t{4'096}), limits::kJsonDepthMax) !=
          simdjson::SUCCESS) {
    return {};
  }
  padded_.assign(line);
  padded_.resize(line.size() + simdjson::SIMDJSON_PADDING, '\0');
  simdjson::dom::element root;
  if (parser_.parse(padded_.data(), line.size(), false).get(root) != simdjson::SUCCESS) return {};
  return root.is_object() ? JsonNode{root} : JsonNode{};
}

bool JsonIn::is_copy(std::string_view line) {
  previous_.swap(padded_);
  previous_.resize(previous_.size() - std::min(previous_.size(), simdjson::SIMDJSON_PADDING));
  const bool copy = !quoted_.empty() && line == quoted_;
  after_quote_ = !quoted_.empty();
  quoted_.clear();
  return copy;
}

bool JsonIn::too_many_values(std::string_view line) {
  return separators_in(line) > limits::kJsonSeparatorsMax;
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
