// What must hold for the pieces of any text, on any platform: for the tests and the fuzzer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utf8proc.h>
#include <vector>

#include "adapters/channels/text/entities.h"
#include "adapters/channels/text/fenced_tables.h"
#include "adapters/channels/text/markdown.h"
#include "adapters/channels/text/render.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::channels::test {

struct SentPiece {
  std::string text{};
  std::string plain{};
  std::size_t before{};
  std::size_t behind{};

  // Of a Markdown dialect: without what was added.
  std::string_view slice() const {
    return std::string_view(text).substr(before, text.size() - before - behind);
  }
};

inline std::vector<SentPiece> pieces_of(std::string_view source, const Dialect& dialect,
                                        std::size_t limit) {
  std::vector<SentPiece> pieces;
  render_pieces(source, dialect, limit, [&](const Piece& piece) {
    pieces.push_back({std::string(piece.text), std::string(piece.plain), piece.added_before,
                      piece.added_behind});
  });
  return pieces;
}

// Counts by decoding, not as the program does.
inline std::size_t length_of(std::string_view text, Count count) {
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    units += count == Count::utf16_units && c.value >= 0x10000 ? 2 : 1;
    at += std::max<std::size_t>(c.bytes, 1);
  }
  return units;
}

// What Telegram makes of HTML.
struct ParsedHtml {
  std::string text{};
  std::string fault{};  // empty = it is well-formed, of allowed tags only
};

class HtmlParser {
 public:
  static ParsedHtml parse(std::string_view html) {
    HtmlParser parser(html);
    while (parser.at_ < html.size() && parser.out_.fault.empty())
      parser.step();
    if (parser.out_.fault.empty() && !parser.open_.empty()) parser.fail("a tag is not closed");
    return parser.out_;
  }

 private:
  explicit HtmlParser(std::string_view html) : html_(html) {}

  void fail(std::string_view why) { out_.fault = why; }

  void step() {
    const std::string_view rest = html_.substr(at_);
    if (rest.front() == '<') return tag(rest.substr(0, rest.find('>') + 1));
    if (rest.front() == '>') return fail("a bare >");
    if (rest.front() != '&') {
      out_.text += rest.front();
      ++at_;
      return;
    }
    for (const std::string_view known : {"&lt;", "&gt;", "&amp;", "&quot;"}) {
      if (!rest.starts_with(known)) continue;
      append_entity(out_.text, known);
      at_ += known.size();
      return;
    }
    fail("a bare &");
  }

  void tag(std::string_view tag) {
    at_ += tag.size();
    if (tag.size() < 3) return fail("a bare <");
    if (tag[1] == '/') {
      const std::string_view name = tag.substr(2, tag.size() - 3);
      if (open_.empty() || open_.back() != name) return fail("tags do not nest");
      if (text_at_open_.back() == out_.text.size()) return fail("an empty tag");
      open_.pop_back();
      text_at_open_.pop_back();
      return;
    }
    const std::string_view inner = tag.substr(1, tag.size() - 2);
    const std::string_view name = inner.substr(0, inner.find(' '));
    const std::string_view attribute = inner.substr(std::min(name.size() + 1, inner.size()));
    constexpr std::array<std::string_view, 7> kBare = {"b", "i",   "s",         "code",
                                                       "u", "pre", "blockquote"};
    const bool quoted = attribute.ends_with('"') && std::ranges::count(attribute, '"') == 2;
    const bool link = name == "a" && attribute.starts_with("href=\"") && quoted;
    const bool code = name == "code" && attribute.starts_with("class=\"language-") && quoted &&
                      !open_.empty() && open_.back() == "pre";
    const bool bare = std::ranges::find(kBare, name) != kBare.end() && attribute.empty();
    if (!link && !code && !bare) return fail("a tag that is not allowed");
    if (std::ranges::find(open_, name) != open_.end()) return fail("a tag in itself");
    open_.push_back(name);
    text_at_open_.push_back(out_.text.size());
  }

  std::string_view html_;
  std::size_t at_ = 0;
  std::vector<std::string_view> open_{};
  std::vector<std::size_t> text_at_open_{};
  ParsedHtml out_{};
};

// What a person sees of a source, read a second time: texts, and URLs where a link is no link.
class VisibleText final : public MarkdownReader {
 public:
  // links: those that may be followed are links, if at most so many units long; 0 = none is.
  explicit VisibleText(std::size_t link_units_max) : link_units_max_(link_units_max) {}

  void enter_block(MD_BLOCKTYPE type, const void* /*detail*/) override {
    table_ = table_ || type == MD_BLOCK_TABLE;
  }
  void leave_block(MD_BLOCKTYPE type) override { table_ = table_ && type != MD_BLOCK_TABLE; }
  void enter_span(MD_SPANTYPE type, const void* detail) override {
    if (type == MD_SPAN_A) enter(static_cast<const MD_SPAN_A_DETAIL*>(detail)->href);
    if (type == MD_SPAN_IMG) enter(static_cast<const MD_SPAN_IMG_DETAIL*>(detail)->src);
  }
  void leave_span(MD_SPANTYPE type) override {
    if (type != MD_SPAN_A && type != MD_SPAN_IMG) return;
    const Link link = links_.back();
    links_.pop_back();
    const std::string_view shown = std::string_view(seen).substr(link.begin);
    const bool told =
        shown == link.target || (!table_ && "mailto:" + std::string(shown) == link.target);
    if ((!link.link && !told) || shown.empty()) seen += link.target;
  }
  void text(MD_TEXTTYPE type, std::string_view text, std::optional<std::size_t> /*at*/) override {
    if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR) return;
    if (type == MD_TEXT_ENTITY) return append_entity(seen, text);
    seen += text;
  }

  std::string seen{};

 private:
  struct Link {
    std::string target{};
    std::size_t begin{};
    bool link{};
  };

  void enter(const MD_ATTRIBUTE& attribute) {
    Link link{attribute_text(attribute), seen.size(), false};
    const bool nested = std::ranges::any_of(links_, &Link::link);
    link.link = !table_ && !nested && is_link_target(link.target) &&
                length_of(link.target, Count::utf16_units) <= link_units_max_;
    links_.push_back(link);
  }

  std::size_t link_units_max_;
  bool table_ = false;
  std::vector<Link> links_{};
};

// Letters and signs that no dialect adds of its own.
inline std::string letters_of(std::string_view text) {
  constexpr std::string_view kAdded = "0123456789.()|+-*_~`>$\\\"";
  constexpr std::array<char32_t, 4> kSigns = {0x2022, 0x2610, 0x2611, 0x2014};
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    const std::string_view one = text.substr(at, std::max<std::size_t>(c.bytes, 1));
    at += one.size();
    const bool added = c.value < 0x80 && kAdded.find(one.front()) != std::string_view::npos;
    if (added || is_blank(one) || std::ranges::find(kSigns, c.value) != kSigns.end()) continue;
    out += one;
  }
  return out;
}

// Whether `sent` shows what a person sees of the source.
inline bool says(std::string_view sent, std::string_view source, std::size_t link_units_max) {
  VisibleText visible(link_units_max);
  const bool read = read_markdown(source, visible);
  const std::string letters = letters_of(sent);
  if (!read) return letters == letters_of(source);
  // Marks with nothing in them are shown as they were written; a rule is one too, but is shown.
  if (is_blank(visible.seen) && letters == letters_of(source)) return true;
  return letters == letters_of(visible.seen);
}

// Whether a paragraph behind a piece would be code of a fence that the piece leaves open.
inline bool leaves_fence_open(std::string_view piece) {
  static constexpr std::string_view kProbe = "spineprobe";
  class Probe final : public MarkdownReader {
   public:
    void enter_block(MD_BLOCKTYPE type, const void* detail) override {
      code = type == MD_BLOCK_CODE &&
             static_cast<const MD_BLOCK_CODE_DETAIL*>(detail)->fence_char != 0;
    }
    void leave_block(MD_BLOCKTYPE /*type*/) override { code = false; }
    void enter_span(MD_SPANTYPE /*type*/, const void* /*detail*/) override {}
    void leave_span(MD_SPANTYPE /*type*/) override {}
    void text(MD_TEXTTYPE /*type*/, std::string_view text,
              std::optional<std::size_t> /*at*/) override {
      open = open || (code && text == kProbe);
    }
    bool code = false;
    bool open = false;
  };
  Probe probe;
  return read_markdown(std::string(piece) + "\n\n" + std::string(kProbe) + "\n", probe) &&
         probe.open;
}

// All places where a character as people see it begins or ends.
inline std::vector<bool> boundaries_of(std::string_view text) {
  std::vector<bool> at_boundary(text.size() + 1, false);
  at_boundary[0] = at_boundary[text.size()] = true;
  utf8proc_int32_t state = 0;
  utf8proc_int32_t before = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    const auto value = static_cast<utf8proc_int32_t>(c.value);
    if (at > 0) at_boundary[at] = utf8proc_grapheme_break_stateful(before, value, &state);
    before = value;
    at += c.bytes;
  }
  return at_boundary;
}

// In a Markdown dialect: pieces are the source, but for blank stretches between them.
inline std::string markdown_fault(std::string_view source, const std::vector<SentPiece>& pieces) {
  const std::vector<bool> boundaries = boundaries_of(source);
  std::size_t at = 0;
  for (const SentPiece& piece : pieces) {
    while (!source.substr(at).starts_with(piece.slice())) {
      const std::size_t bytes = at < source.size() ? decode_utf8(source, at).bytes : 0;
      if (bytes == 0 || !is_blank(source.substr(at, bytes))) return "a piece is not the source";
      at += bytes;
    }
    if (!boundaries[at]) return "a cut inside a character";
    at += piece.slice().size();
    const std::string_view behind =
        std::string_view(piece.text).substr(piece.text.size() - piece.behind);
    if (behind.find_first_not_of("`~*_> \n\t") != std::string_view::npos) return "words are added";
  }
  return is_blank(source.substr(at)) ? "" : "the end of the source is missing";
}

inline std::string piece_fault(const SentPiece& piece, const Dialect& dialect, std::size_t limit) {
  if (!is_utf8(piece.text) || !is_utf8(piece.plain)) return "not UTF-8";
  std::string shown = piece.text;
  if (dialect.html) {
    ParsedHtml parsed = HtmlParser::parse(piece.text);
    if (!parsed.fault.empty()) return parsed.fault;
    shown = parsed.text;
  }
  if (is_blank(shown) || is_blank(piece.plain)) return "a blank piece";
  if (length_of(shown, dialect.count) > limit) return "too long";
  if (length_of(piece.plain, dialect.count) > limit) return "too long as plain text";
  return {};
}

// Empty = everything holds. `limit` as render_pieces() takes it.
inline std::string find_fault(std::string_view given, const Dialect& dialect, std::size_t limit) {
  const std::vector<SentPiece> pieces = pieces_of(given, dialect, limit);
  const std::string source = repair_utf8(given);
  if (is_blank(source)) return pieces.empty() ? "" : "pieces of nothing";
  const std::size_t most = dialect.units_max == 0 ? std::string::npos : dialect.units_max;
  const std::size_t units =
      std::max(limit == 0 ? most : std::min(limit, most), limits::kPieceUnitsMin);
  std::string sent;
  std::string plain;
  for (const SentPiece& piece : pieces) {
    if (std::string fault = piece_fault(piece, dialect, units); !fault.empty()) return fault;
    sent += dialect.html ? HtmlParser::parse(piece.text).text : piece.text;
    plain += piece.plain;
  }
  if (!dialect.takes_markdown) {
    const std::size_t link_units = std::min(limits::kLinkUnitsMax, units / 4);
    if (!says(sent, source, dialect.html ? link_units : 0)) {
      return "what is seen is not what was said";
    }
    return says(plain, source, 0) ? "" : "the plain form says otherwise";
  }
  const std::string taken = dialect.tables ? source : with_fenced_tables(source);
  if (source.find('|') == std::string::npos && taken != source) return "a table out of nothing";
  return markdown_fault(taken, pieces);
}

}  // namespace spine::channels::test
