// Memory, bounds and look-ups around simdjson.
#include "schemas/vocab/json_read.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "schemas/vocab/limits.h"

namespace spine {
namespace {

constexpr std::size_t kKeptBytesMax = 256 * limits::kKiB;
constexpr std::size_t kLeastBytes = 4'096;

// 1 for what stands between values. A look-up for every byte is quicker than comparisons.
constexpr auto kSeparates = [] {
  std::array<std::uint8_t, 256> table{};
  table[','] = table[':'] = table['['] = 1;
  return table;
}();

// The value as a T; `otherwise` when it is none, or not there.
template <class T, class From>
T value_or(From&& from, T otherwise) {
  T value{};
  return from.get(value) == simdjson::SUCCESS ? value : otherwise;
}

}  // namespace

void PaddedText::assign(std::string_view text) {
  const std::size_t needed = text.size() + simdjson::SIMDJSON_PADDING;
  if (needed > capacity_ || (capacity_ > kKeptBytesMax && needed <= kKeptBytesMax)) {
    capacity_ = std::max(needed, kLeastBytes);
    bytes_.reset(new char[capacity_]);
  }
  if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
  std::memset(bytes_.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
  size_ = text.size();
}

bool JsonParser::too_many_values(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text)
    count += kSeparates[static_cast<unsigned char>(c)];
  return count > limits::kJsonSeparatorsMax;
}

JsonParser::Fault JsonParser::parse(const PaddedText& padded, simdjson::dom::element& root) {
  const std::string_view text = padded.text();
  if (too_many_values(text)) return Fault::too_many_values;
  if (parser_.capacity() > kKeptBytesMax && text.size() <= kKeptBytesMax) {
    parser_ = simdjson::dom::parser{};
  }
  if (parser_.capacity() < text.size() &&
      parser_.allocate(std::max(text.size(), kLeastBytes), limits::kJsonDepthMax) !=
          simdjson::SUCCESS) {
    return Fault::too_large;
  }
  const auto parsed = parser_.parse(text.data(), text.size(), false).get(root);
  return parsed == simdjson::SUCCESS ? Fault::none : Fault::not_json;
}

JsonNode JsonNode::operator[](std::string_view key) const {
  simdjson::dom::element found;
  if (!is_object() || (*element_)[key].get(found) != simdjson::SUCCESS) return {};
  return JsonNode{found};
}

std::string_view JsonNode::text() const {
  return there() ? value_or(*element_, std::string_view{}) : std::string_view{};
}

std::uint64_t JsonNode::number(std::string_view key) const {
  const JsonNode node = (*this)[key];
  return node.there() ? value_or(*node.element_, std::uint64_t{0}) : 0;
}

bool JsonNode::flag(std::string_view key) const {
  const JsonNode node = (*this)[key];
  return node.there() && value_or(*node.element_, false);
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

}  // namespace spine
