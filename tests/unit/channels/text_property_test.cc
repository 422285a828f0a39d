// Properties of rendered texts: documents of a grammar, the same with bytes changed, hostile ones.
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/channels/text/render.h"
#include "tests/support/rendered_text.h"

namespace spine::channels {
namespace {

using test::find_fault;
using test::pieces_of;
using test::SentPiece;

constexpr std::array kDialects = {&kTelegramHtml, &kTelegramRich, &kDiscord, &kWhatsApp, &kPlain};
constexpr std::array<std::size_t, 5> kLimits = {0, 128, 200, 513, 1'000};

// xorshift: the same documents on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  std::size_t below(std::size_t bound) {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return static_cast<std::size_t>(state_ % bound);
  }

 private:
  std::uint64_t state_;
};

// Writes documents whose words are all different, "wa", "wb", ..., so that each can be found.
class Grammar {
 public:
  explicit Grammar(std::uint64_t seed) : random_(seed) {}

  std::string document() {
    std::string out;
    const std::size_t blocks = 1 + random_.below(12);
    for (std::size_t i = 0; i < blocks; ++i) {
      out += block(0) + "\n";
    }
    return out;
  }

 private:
  std::string word() {
    std::string name;
    for (std::size_t n = ++words_; n > 0; n /= 22)
      name += static_cast<char>('a' + n % 22);
    return "w" + name + "z";
  }

  // In a list in braces the parts are made from left to right.
  static std::string joined(std::initializer_list<std::string> parts) {
    std::string out;
    for (const std::string& part : parts)
      out += part;
    return out;
  }

  std::string text(std::size_t words_max) {
    std::string out = word();
    for (std::size_t i = random_.below(words_max); i > 0; --i) {
      constexpr std::array<std::string_view, 8> kBetween = {
          " ",   " ",  " ", ". ", ", ", " \xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9 ",
          " & ", " < "};
      out += joined({std::string(kBetween[random_.below(kBetween.size())]), word()});
    }
    return out;
  }

  std::string span() {
    switch (random_.below(9)) {
      case 0:
        return joined({"**", text(30), "**"});
      case 1:
        return joined({"*", word(), "*"});
      case 2:
        return joined({"~~", text(4), "~~"});
      case 3:
        return joined({"`", word(), " ", word(), "`"});
      case 4:
        return joined({"[", text(3), "](https://example.org/1)"});
      case 5:
        return joined({"**", word(), " *", text(3), "* ", word(), "**"});
      case 6:
        return joined({"![", word(), "](https://example.org/2)"});
      default:
        return text(60);
    }
  }

  std::string line() {
    std::string out = span();
    for (std::size_t i = random_.below(5); i > 0; --i)
      out += " " + span();
    return out;
  }

  // Every line of `text` behind `prefix`, the first behind `first`.
  static std::string prefixed(const std::string& text, std::string_view first,
                              std::string_view prefix) {
    std::string out(first);
    for (std::size_t i = 0; i < text.size(); ++i) {
      out += text[i];
      if (text[i] == '\n' && i + 1 < text.size()) out += prefix;
    }
    return out;
  }

  std::string table() {
    const std::size_t columns = 1 + random_.below(4);
    std::string out;
    for (std::size_t row = 0; row < 2 + random_.below(6); ++row) {
      for (std::size_t column = 0; column < columns; ++column)
        out += "| " + word() + " ";
      out += "|\n";
      if (row != 0) continue;
      for (std::size_t column = 0; column < columns; ++column)
        out += "|:--";
      out += "|\n";
    }
    return out;
  }

  std::string code() {
    const std::string_view fence = random_.below(2) == 0 ? "```" : "~~~~";
    std::string out = joined({std::string(fence), random_.below(2) == 0 ? "" : "py", "\n"});
    for (std::size_t i = random_.below(40); i > 0; --i) {
      out +=
          joined({std::string(random_.below(5), ' '), random_.below(6) == 0 ? "" : text(8), "\n"});
    }
    return out + std::string(fence) + "\n";
  }

  std::string block(std::size_t depth) {
    const std::size_t kinds = depth < 3 ? 9 : 6;
    switch (random_.below(kinds)) {
      case 0:
        return "## " + text(6) + "\n";
      case 1:
        return table();
      case 2:
        return code();
      case 3:
        return "---\n";
      case 6:
        return prefixed(block(depth + 1), "> ", "> ");
      case 7:
        return joined(
            {prefixed(block(depth + 1), "- ", "  "), prefixed(block(depth + 1), "- ", "  ")});
      case 8:
        return prefixed(block(depth + 1), "7. ", "   ");
      default:
        return joined({line(), "\n", random_.below(2) == 0 ? "" : line() + "\n"});
    }
  }

  Random random_;
  std::size_t words_ = 0;
};

// Words of the grammar in a text, in order.
std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = text.find('w'); at < text.size(); at = text.find('w', at)) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxy", at);
    if (end < text.size() && text[end] == 'z') words.emplace_back(text.substr(at, end - at + 1));
    at = end;
  }
  return words;
}

// What a person reads, without what stands between letters.
std::string read_by_people(const std::vector<SentPiece>& pieces, const Dialect& dialect) {
  std::string all;
  for (const SentPiece& piece : pieces) {
    if (dialect.takes_markdown) {
      all += piece.slice();
    } else {
      all += dialect.html ? test::HtmlParser::parse(piece.text).text : piece.text;
    }
    if (dialect.takes_markdown) continue;
    all += '\n';
  }
  return all;
}

TEST(ChannelTextProperties, EveryWordOfADocumentIsSentOnceAndInOrder) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const std::string source = Grammar(seed).document();
    for (const Dialect* dialect : kDialects) {
      for (const std::size_t limit : kLimits) {
        ASSERT_EQ(find_fault(source, *dialect, limit), "")
            << dialect->name << " " << limit << " seed " << seed << "\n"
            << source;
        const std::string all = read_by_people(pieces_of(source, *dialect, limit), *dialect);
        ASSERT_EQ(words_in(all), words_in(source))
            << dialect->name << " " << limit << " seed " << seed << "\n"
            << source;
      }
    }
  }
}

TEST(ChannelTextProperties, NoPieceOfADocumentLeavesAFenceOpen) {
  for (std::uint64_t seed = 1'000; seed < 1'100; ++seed) {
    const std::string source = Grammar(seed).document();
    for (const Dialect* dialect : {&kDiscord, &kTelegramRich}) {
      for (const std::size_t limit : {std::size_t{256}, std::size_t{700}}) {
        for (const SentPiece& piece : pieces_of(source, *dialect, limit)) {
          ASSERT_FALSE(test::leaves_fence_open(piece.text))
              << "seed " << seed << " limit " << limit << "\n"
              << piece.text << "\n=====\n"
              << source;
        }
      }
    }
  }
}

TEST(ChannelTextProperties, ChangedBytesBreakNothing) {
  constexpr std::string_view kBytes =
      "`~*_[]()<>&|#-+>!$\\\n\n \t:\r\xFF\xCC\x81\xF0\x9F\x98\x80/w0";
  for (std::uint64_t seed = 1; seed <= 250; ++seed) {
    Random random(seed + 77);
    std::string source = Grammar(seed).document();
    for (std::size_t i = 1 + random.below(40); i > 0; --i) {
      const std::size_t at = random.below(source.size());
      const std::size_t count = 1 + random.below(4);
      const std::size_t removed = random.below(3);
      source.replace(at, removed, count, kBytes[random.below(kBytes.size())]);
    }
    for (const Dialect* dialect : kDialects) {
      const std::size_t limit = kLimits[random.below(kLimits.size())];
      ASSERT_EQ(find_fault(source, *dialect, limit), "")
          << dialect->name << " " << limit << " seed " << seed << "\n"
          << source;
    }
  }
}

// Each of these took a parser, a renderer or a cutter quadratic time somewhere.
TEST(ChannelTextProperties, HostileTextsAreRendered) {
  constexpr std::size_t kBytes = std::size_t{1} << 16U;
  const auto repeated = [](std::string_view part, std::size_t bytes) {
    std::string out;
    while (out.size() < bytes)
      out += part;
    return out;
  };
  std::vector<std::string> sources;
  for (const std::string_view part : {">",
                                      "> ",
                                      "- ",
                                      "- a\n\n",
                                      "`",
                                      "```\n",
                                      "[",
                                      "![",
                                      "[a](",
                                      "[a]\n",
                                      "[a]: b\n",
                                      "[[]",
                                      "*a_ ",
                                      "**a *b ",
                                      "**",
                                      "$",
                                      "a|b\n---|---\n",
                                      "https://x.y\n",
                                      "https://x.y/a ",
                                      "\\(",
                                      "&amp;",
                                      "a",
                                      "\n",
                                      "\xCC\x81",
                                      "a\n",
                                      "|",
                                      "> a\n",
                                      "    a\n",
                                      "~~~\n\n",
                                      "\t",
                                      "<a ",
                                      "\xF0\x9F\x87\xA9",
                                      "# \n"}) {
    sources.push_back(repeated(part, kBytes));
  }
  sources.push_back("```\n" + repeated("a\n", kBytes));
  sources.push_back(repeated("|a", kBytes / 2) + "\n" + repeated("|---", kBytes) + "\n" +
                    repeated("a\n", kBytes / 2));
  sources.push_back("[a]: " + std::string(kBytes / 2, 'x') + "\n\n" + repeated("[a] ", kBytes / 2));
  sources.push_back(repeated("- ", kBytes / 2) + "a\n" + repeated("\n", kBytes / 4) +
                    repeated("b\n", kBytes / 4));
  std::string nested;
  for (std::size_t depth = 0; nested.size() < kBytes; depth = (depth + 1) % 400) {
    nested += std::string(2 * depth, ' ') + "- a\n\n";
  }
  sources.push_back(nested);
  for (const std::string& source : sources) {
    for (const Dialect* dialect : kDialects) {
      std::size_t pieces = 0;
      render_pieces(source, *dialect, dialect->units_max == 0 ? 4'000 : 0,
                    [&](const Piece& /*piece*/) { ++pieces; });
      ASSERT_LE(pieces, 40'000U) << dialect->name << " " << source.substr(0, 10);
    }
  }
}

}  // namespace
}  // namespace spine::channels
