// read_front_matter, with yaml-cpp; its exceptions are caught here.
#include "adapters/skills/front_matter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::skills {
namespace {

std::string_view trimmed_right(std::string_view line) {
  const std::size_t last = line.find_last_not_of(" \t\r");
  return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// Copies a yaml-cpp tree. Aliases are expanded, so both bounds count the nodes of the copy.
class Copier {
 public:
  explicit Copier(std::uint32_t first_line) : first_line_(first_line) {}

  bool copy(const YAML::Node& from, std::uint32_t depth, Value& to) {
    if (++nodes_ > limits::kSkillYamlNodesMax || depth > limits::kSkillYamlDepthMax) return false;
    to.line = line_of(from.Mark());
    if (from.IsScalar()) {
      to.kind = ValueKind::scalar;
      to.text = from.Scalar();
      to.quoted = from.Tag() != "?" && from.Tag() != "";
      bytes_ += to.text.size();
      return bytes_ <= limits::kSkillFileBytesMax;
    }
    if (from.IsSequence()) {
      to.kind = ValueKind::list;
      for (const auto& element : from) {
        if (!copy(element, depth + 1, to.items.emplace_back())) return false;
      }
    }
    return !from.IsMap() || copy_members(from, depth, to);
  }

  // "name appears twice", with its line.
  std::vector<Fault> doubles{};

 private:
  std::uint32_t line_of(const YAML::Mark& mark) const {
    return first_line_ + static_cast<std::uint32_t>(std::max(mark.line, 0));
  }

  bool copy_members(const YAML::Node& from, std::uint32_t depth, Value& to) {
    to.kind = ValueKind::map;
    for (const auto& member : from) {
      const std::string key = member.first.IsScalar() ? member.first.Scalar() : std::string{};
      const std::uint32_t line = line_of(member.first.Mark());
      bytes_ += key.size();
      if (to.find(key) != nullptr && doubles.size() < limits::kSkillFaultsPerFileMax) {
        doubles.push_back({.line = line,
                           .message = fmt::format("{} appears twice; the first counts, remove the "
                                                  "other.",
                                                  printable(key.substr(0, 80))),
                           .weight = Weight::warning});
      }
      Value& value = to.items.emplace_back();
      if (!copy(member.second, depth + 1, value)) return false;
      value.key = key;
      value.line = line;
    }
    return true;
  }

  std::uint32_t first_line_;
  std::size_t nodes_{};
  std::size_t bytes_{};
};

// An error in reading YAML. line 0 = the text as a whole.
struct YamlProblem {
  std::uint32_t line{};
  std::string what{};
  bool too_much{};
};

// Replaces JSON's surrogate pairs of \u escapes, which YAML does not know, by YAML's \U escapes.
// Line numbers do not change.
std::string without_surrogates(std::string_view text) {
  std::string out(text);
  const auto unit_at = [&](std::size_t at) -> std::uint32_t {
    std::uint32_t unit = 0;
    if (at + 6 > out.size() || out[at] != '\\' || out[at + 1] != 'u') return 0;
    const char* end = out.data() + at + 6;
    return std::from_chars(out.data() + at + 2, end, unit, 16).ptr == end ? unit : 0;
  };
  for (std::size_t at = out.find("\\u"); at != std::string::npos; at = out.find("\\u", at + 2)) {
    const std::uint32_t high = unit_at(at);
    if (high < 0xd800 || high > 0xdbff) continue;
    const std::uint32_t low = unit_at(at + 6);
    if (low < 0xdc00 || low > 0xdfff) continue;
    const std::uint32_t scalar = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    out.replace(at, 12, fmt::format("\\U{:08x}", scalar));
  }
  return out;
}

std::optional<YamlProblem> read_yaml(std::string_view text, std::uint32_t first_line, Value& out,
                                     std::vector<Fault>& faults) {
  constexpr std::string_view kTooMuch = "it is nested too deep or repeats too much by aliases";
  try {
    const YAML::Node node = YAML::Load(without_surrogates(text));
    Copier copier(first_line);
    if (!copier.copy(node, 0, out)) {
      out = {};
      return YamlProblem{first_line, std::string(kTooMuch), true};
    }
    faults.insert(faults.end(), copier.doubles.begin(), copier.doubles.end());
    return std::nullopt;
  } catch (const YAML::DeepRecursion&) {
    return YamlProblem{first_line, std::string(kTooMuch), true};
  } catch (const YAML::Exception& error) {
    const std::uint32_t below =
        error.mark.is_null() ? 0 : static_cast<std::uint32_t>(std::max(error.mark.line, 0));
    return YamlProblem{first_line + below, error.msg};
  } catch (const std::exception& error) {
    return YamlProblem{first_line, error.what()};
  }
}

bool is_plain_key(std::string_view key) {
  return is_plain(key, "-_");
}

Value line_value(std::string_view text, std::uint32_t line) {
  Value value;
  if ((text.starts_with('{') || text.starts_with('[')) && read_value(text, line, value)) {
    return value;
  }
  value = {.kind = ValueKind::scalar, .quoted = true, .line = line};
  const bool quotes = text.size() >= 2 && text.front() == text.back() &&
                      (text.front() == '"' || text.front() == '\'');
  value.text = quotes ? text.substr(1, text.size() - 2) : text;
  return value;
}

// The fallback for text that is no YAML: unindented lines "key: value".
Value read_lines(std::string_view text, std::uint32_t first_line) {
  Value root{.kind = ValueKind::map, .line = first_line};
  for (std::uint32_t line = first_line; !text.empty(); ++line) {
    const std::string_view written = trimmed_right(take_part(text, '\n'));
    const std::size_t colon = written.find(':');
    if (colon == std::string_view::npos || !is_plain_key(written.substr(0, colon))) continue;
    const std::string_view key = written.substr(0, colon);
    const std::string_view rest = trimmed(written.substr(colon + 1), " \t\r");
    if (rest.empty() || root.find(key) != nullptr) continue;
    if (root.items.size() == limits::kSkillListMax) break;
    root.items.push_back(line_value(rest, line));
    root.items.back().key = key;
  }
  return root;
}

// The lines between the "---" lines; false if one is missing.
bool cut_out(std::string_view text, std::string_view& block, std::vector<Fault>& faults) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::string_view rest = text;
  if (trimmed_right(take_part(rest, '\n')) != "---") {
    faults.push_back({.line = 1,
                      .message =
                          "the front matter is missing; begin the file with a line ---, then "
                          "name: and description:, then a line ---."});
    return false;
  }
  const std::string_view from = rest;
  while (!rest.empty()) {
    const std::size_t begin = from.size() - rest.size();
    if (trimmed_right(take_part(rest, '\n')) != "---") continue;
    block = from.substr(0, begin);
    return true;
  }
  faults.push_back({.line = 1,
                    .message = "the front matter is not closed; put a line --- after its last "
                               "field."});
  return false;
}

void fall_back(std::string_view block, const YamlProblem& problem, FrontMatter& front) {
  constexpr std::uint32_t kFirstLine = 2;
  Value lines = read_lines(block, kFirstLine);
  const bool usable = !problem.too_much && !lines.items.empty();
  front.faults.push_back(
      {.line = problem.line,
       .message = fmt::format(
           "the front matter is not YAML: {}; {}", printable(problem.what.substr(0, 200)),
           usable ? "put values with a colon in quotes. It was read line by line "
                    "instead, which other programs will not do."
                  : "write it as lines \"key: value\"."),
       .weight = usable ? Weight::warning : Weight::error});
  if (!usable) return;
  front.root = std::move(lines);
  front.readable = true;
}

}  // namespace

const Value* Value::find(std::string_view name) const {
  const auto at = std::ranges::find(items, name, &Value::key);
  return at == items.end() ? nullptr : &*at;
}

bool is_text(const Value& value) {
  if (value.kind != ValueKind::scalar) return false;
  if (value.quoted) return true;
  constexpr std::array<std::string_view, 11> kOther{
      "", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"};
  if (std::ranges::find(kOther, value.text) != kOther.end()) return false;
  double number = 0;
  const char* end = value.text.data() + value.text.size();
  const auto read = std::from_chars(value.text.data(), end, number);
  return read.ec == std::errc::invalid_argument || read.ptr != end;
}

bool read_value(std::string_view text, std::uint32_t line, Value& out) {
  std::vector<Fault> ignored;
  return !read_yaml(text, line, out, ignored);
}

FrontMatter read_front_matter(std::string_view text) {
  FrontMatter front;
  std::string_view block;
  if (!cut_out(text, block, front.faults)) return front;
  if (block.size() > limits::kSkillFrontMatterBytesMax) {
    front.faults.push_back(
        {.line = 1,
         .message = fmt::format("the front matter is larger than {}; move text below it.",
                                show_bytes(limits::kSkillFrontMatterBytesMax))});
    return front;
  }
  constexpr std::uint32_t kFirstLine = 2;
  if (const auto problem = read_yaml(block, kFirstLine, front.root, front.faults)) {
    fall_back(block, *problem, front);
    return front;
  }
  front.readable = front.root.kind == ValueKind::map;
  if (!front.readable) {
    front.faults.push_back({.line = kFirstLine,
                            .message = front.root.kind == ValueKind::null
                                           ? "the front matter is empty; add name: and "
                                             "description:."
                                           : "the front matter is not a map; write it as lines "
                                             "\"key: value\"."});
  }
  return front;
}

}  // namespace spine::skills
