// Reading of lines, with what programs get wrong repaired.
#include "adapters/agents/protocols/json_in.h"

#include <algorithm>

#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

constexpr std::size_t kKeptLineBytesMax = 256 * limits::kKiB;

std::size_t separators_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return c == ',' || c == ':' || c == '['; }));
}

// The code unit of the escape \uXXXX at `at`; nothing when there is none.
std::optional<std::uint32_t> escaped_unit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  std::uint32_t unit = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const char c = text[i];
    const bool digit = c >= '0' && c <= '9';
    const char lower = static_cast<char>(c | 0x20);
    if (!digit && (lower < 'a' || lower > 'f')) return std::nullopt;
    unit = unit * 16 + static_cast<std::uint32_t>(digit ? c - '0' : lower - 'a' + 10);
  }
  return unit;
}

bool is_high(std::uint32_t unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low(std::uint32_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

// Whether a half surrogate was replaced.
bool repair_surrogates(std::string& text) {
  bool repaired = false;
  for (std::size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
    const auto unit = escaped_unit(text, at);
    if (!unit) {
      at += 2;
      continue;
    }
    const auto next = escaped_unit(text, at + 6);
    if (is_high(*unit) && next && is_low(*next)) {
      at += 12;
      continue;
    }
    if (is_high(*unit) || is_low(*unit)) {
      text.replace(at, 6, "\\ufffd");
      repaired = true;
    }
    at += 6;
  }
  return repaired;
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

std::string JsonNode::json() const {
  return there() ? simdjson::minify(*element_) : std::string{};
}

JsonNode JsonIn::parse(std::string_view line) {
  if (parser_.capacity() > kKeptLineBytesMax && line.size() <= kKeptLineBytesMax) {
    parser_ = simdjson::dom::parser{};
    padded_ = std::string{};
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

JsonNode JsonIn::read_object(std::string_view line) {
  if (separators_in(line) > limits::kJsonSeparatorsMax) return {};
  const JsonNode node = parse(line);
  if (node.there() || line.find("\\u") == std::string_view::npos) return node;
  std::string repaired(line);
  return repair_surrogates(repaired) ? parse(repaired) : JsonNode{};
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
