// md4c needs quadratic time for some texts (brackets, URLs and containers by the thousand) and
// loses others (definitions, tables of 65,536 columns); it is given a copy without what makes it do
// so, and the reader is told the source.
#include "adapters/channels/text/markdown.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <vector>

#include "adapters/channels/text/entities.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"

namespace spine::channels {
namespace {

constexpr unsigned kFlags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS |
                            MD_FLAG_NOHTML | MD_FLAG_PERMISSIVEURLAUTOLINKS |
                            MD_FLAG_LATEXMATHSPANS;

bool is_space(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

// Means nothing in Markdown, and is punctuation as what it stands for.
constexpr char kNothing = ';';

// Of the rule of a table: what md4c takes for a column.
constexpr std::size_t kRuleDashesMin = 3;

// The copy that md4c reads, and where its parts stand in the source.
class TamedMarkdown {
 public:
  explicit TamedMarkdown(std::string_view source) {
    copy_.reserve(source.size() + 16);
    for (std::size_t at = 0; at < source.size();) {
      const std::size_t end = std::min(source.find_first_of("\r\n", at), source.size());
      const std::size_t next = end + (source.substr(end).starts_with("\r\n") ? 2 : 1);
      const std::size_t begin = copy_.size();
      add_line(source.substr(at, end - at));
      tame_line(begin, copy_.size());
      copy_.append(source.substr(end, next - end));
      at = next;
    }
  }

  const std::string& copy() const { return copy_; }

  // The offset in the source of one in the copy.
  std::size_t in_source(std::size_t offset) const {
    const auto after = std::ranges::upper_bound(inserted_, offset, {}, &Inserted::at);
    return after == inserted_.begin() ? offset : offset - std::prev(after)->so_far;
  }

 private:
  // Containers open at the start of a line: each costs its share of every line that follows.
  std::size_t tame_containers(std::size_t begin, std::size_t end) {
    std::size_t containers = 0;
    std::size_t at = begin;
    while (at < end) {
      std::size_t marker = at;
      while (marker < end && is_digit(copy_[marker]))
        ++marker;
      if (marker < end && is_space(copy_[marker]) && marker == at) {
        ++at;
        continue;
      }
      if (!opens_container(at, marker, end)) break;
      ++containers;
      if (containers > limits::kMarkdownDepthMax ||
          marker - begin > limits::kMarkdownIndentColumnsMax) {
        copy_[marker] = kNothing;
      }
      at = marker + 1;
    }
    return at;
  }

  bool opens_container(std::size_t at, std::size_t marker, std::size_t end) const {
    if (marker == end) return false;
    const char c = copy_[marker];
    if (c == '>') return marker == at;
    const bool bullet = marker == at && (c == '-' || c == '+' || c == '*');
    const bool number = marker != at && (c == '.' || c == ')');
    return (bullet || number) && (marker + 1 == end || is_space(copy_[marker + 1]));
  }

  void tame_line(std::size_t begin, std::size_t end) {
    std::size_t at = tame_containers(begin, end);
    if (at == end) {
      brackets_ = 0;
      urls_ = 0;
      return;
    }
    std::size_t columns = 0;
    for (; at < end; ++at) {
      const char c = copy_[at];
      if (c == '[' && ++brackets_ > limits::kMarkdownBracketsMax) copy_[at] = kNothing;
      if (c == '|' && ++columns > limits::kMarkdownColumnsMax) copy_[at] = kNothing;
      if (c != ':') continue;
      // "[label]: target" would be shown nowhere, and its target at each use of the label.
      if (at > begin && copy_[at - 1] == ']') copy_[at] = kNothing;
      if (copy_.compare(at, 3, "://") == 0 && ++urls_ > limits::kMarkdownUrlsMax) {
        copy_[at] = kNothing;
      }
    }
  }

  // "|-|-|" is the rule of a table as well; md4c wants three dashes of each column.
  void add_line(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t>");
    const bool rule = first != std::string_view::npos && line[first] == '|' &&
                      line.find_first_not_of("|:- \t", first) == std::string_view::npos;
    for (std::size_t at = 0; rule && at < line.size();) {
      const std::size_t end = std::min(line.find_first_not_of(":-", at), line.size());
      const std::size_t dash = line.substr(at, end - at).find('-');
      const std::size_t kept = dash == std::string_view::npos ? end + 1 : at + dash + 1;
      copy_.append(line.substr(at, kept - at));
      if (dash != std::string_view::npos && end - at < kRuleDashesMin)
        insert(kRuleDashesMin - (end - at));
      if (kept <= end) copy_.append(line.substr(kept, end + 1 - kept));
      at = end + 1;
    }
    if (!rule) copy_.append(line);
  }

  void insert(std::size_t dashes) {
    copy_.append(dashes, '-');
    const std::size_t before = inserted_.empty() ? 0 : inserted_.back().so_far;
    inserted_.push_back({copy_.size(), before + dashes});
  }

  // Up to `at` in the copy, `so_far` bytes are in it that are not in the source.
  struct Inserted {
    std::size_t at{};
    std::size_t so_far{};
  };

  std::string copy_;
  std::vector<Inserted> inserted_{};
  std::size_t brackets_ = 0;  // of this paragraph, as below
  std::size_t urls_ = 0;
};

// What md4c calls: hands on to the reader, and counts.
struct Parse {
  std::string_view source{};
  const TamedMarkdown* tamed{};
  MarkdownReader* reader{};
  std::size_t events_left{};
  std::vector<MD_SPANTYPE> spans{};  // that are open

  // md4c leaves spans that it has not entered, and the other way round, where they overlap: what
  // is told nests.
  void leave(std::size_t open) {
    for (; spans.size() > open; spans.pop_back()) {
      reader->leave_span(spans.back());
    }
  }
  bool spend(std::size_t events) {
    if (events > events_left) return false;
    events_left -= events;
    return true;
  }
  // The offset that md4c points to in its copy.
  std::optional<std::size_t> offset(const char* text) const {
    const std::less<> before;
    const std::string& copy = tamed->copy();
    if (text == nullptr || before(text, copy.data()) || !before(text, copy.data() + copy.size())) {
      return {};
    }
    return static_cast<std::size_t>(text - copy.data());
  }
};

Parse& parse_of(void* user) {
  return *static_cast<Parse*>(user);
}

int enter_block(MD_BLOCKTYPE type, void* detail, void* user) {
  Parse& parse = parse_of(user);
  if (!parse.spend(1)) return 1;
  parse.reader->enter_block(type, detail);
  return 0;
}

int leave_block(MD_BLOCKTYPE type, void* /*detail*/, void* user) {
  Parse& parse = parse_of(user);
  parse.leave(0);
  parse.reader->leave_block(type);
  return 0;
}

int enter_span(MD_SPANTYPE type, void* detail, void* user) {
  Parse& parse = parse_of(user);
  std::size_t events = 1;
  if (type == MD_SPAN_A) events += static_cast<MD_SPAN_A_DETAIL*>(detail)->href.size;
  if (type == MD_SPAN_IMG) events += static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src.size;
  if (!parse.spend(events)) return 1;
  parse.spans.push_back(type);
  parse.reader->enter_span(type, detail);
  return 0;
}

int leave_span(MD_SPANTYPE type, void* /*detail*/, void* user) {
  Parse& parse = parse_of(user);
  const auto found = std::find(parse.spans.rbegin(), parse.spans.rend(), type);
  if (found == parse.spans.rend()) return 0;
  parse.leave(static_cast<std::size_t>(parse.spans.rend() - found) - 1);
  return 0;
}

int text(MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* user) {
  Parse& parse = parse_of(user);
  if (!parse.spend(1)) return 1;
  const std::optional<std::size_t> at = parse.offset(text);
  if (!at) {
    parse.reader->text(type, std::string_view(text, size), at);
    return 0;
  }
  const std::size_t begin = parse.tamed->in_source(*at);
  const std::size_t end = parse.tamed->in_source(*at + size);
  parse.reader->text(type, parse.source.substr(begin, end - begin), begin);
  return 0;
}

}  // namespace

bool read_markdown(std::string_view source, MarkdownReader& reader) {
  const TamedMarkdown tamed(source);
  Parse parse{
      .source = source,
      .tamed = &tamed,
      .reader = &reader,
      .events_left =
          limits::kMarkdownEventsAtLeast + limits::kMarkdownEventsPerByte * source.size(),
  };
  MD_PARSER parser{};
  parser.flags = kFlags;
  parser.enter_block = enter_block;
  parser.leave_block = leave_block;
  parser.enter_span = enter_span;
  parser.leave_span = leave_span;
  parser.text = text;
  return md_parse(tamed.copy().data(), static_cast<MD_SIZE>(tamed.copy().size()), &parser,
                  &parse) == 0;
}

std::string attribute_text(const MD_ATTRIBUTE& attribute) {
  std::string out;
  for (std::size_t i = 0; attribute.size > 0 && attribute.substr_offsets[i] < attribute.size; ++i) {
    const MD_OFFSET begin = attribute.substr_offsets[i];
    const std::string_view part(attribute.text + begin, attribute.substr_offsets[i + 1] - begin);
    if (attribute.substr_types[i] == MD_TEXT_ENTITY) {
      append_entity(out, part);
    } else {
      out.append(part);
    }
  }
  return out;
}

bool is_link_target(std::string_view url) {
  constexpr auto kSchemes =
      std::to_array<std::string_view>({"http://", "https://", "mailto:", "tel:", "tg://"});
  const auto starts = [&](std::string_view scheme) {
    return url.size() > scheme.size() && same_but_case(url.substr(0, scheme.size()), scheme);
  };
  const auto refused = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  return std::ranges::any_of(kSchemes, starts) && std::ranges::none_of(url, refused);
}

}  // namespace spine::channels
