// Texts as platforms get them: by construct, by limit, by case from the field.
#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "adapters/channels/text/render.h"
#include "adapters/channels/text/text_units.h"
#include "schemas/vocab/limits.h"
#include "tests/support/rendered_text.h"

namespace spine::channels {
namespace {

using test::find_fault;
using test::pieces_of;
using test::SentPiece;

// The one piece that a short text is.
std::string rendered(std::string_view source, const Dialect& dialect) {
  const std::vector<SentPiece> pieces = pieces_of(source, dialect, 0);
  EXPECT_EQ(pieces.size(), 1U) << source;
  EXPECT_EQ(find_fault(source, dialect, 0), "") << source;
  return pieces.empty() ? "" : pieces.front().text;
}

std::string html(std::string_view source) {
  return rendered(source, kTelegramHtml);
}

std::string repeated(std::string_view part, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes)
    out += part;
  return out;
}

constexpr std::string_view kFamily =
    "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7";
constexpr std::string_view kFlag = "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA";

TEST(ChannelText, MarksBecomeTheTagsThatTelegramTakes) {
  EXPECT_EQ(html("**b** *i* ~~s~~ `c` [t](https://x.y/?a=1&b=2)"),
            "<b>b</b> <i>i</i> <s>s</s> <code>c</code> "
            "<a href=\"https://x.y/?a=1&amp;b=2\">t</a>");
  EXPECT_EQ(html("***both***"), "<i><b>both</b></i>");
  EXPECT_EQ(html("# Head **bold**"), "<b>Head bold</b>");
  EXPECT_EQ(html("> quoted\n> > twice"), "<blockquote>quoted\n\ntwice</blockquote>");
}

// Case 4.
TEST(ChannelText, HtmlOfTheModelIsShownAndNotSentAsHtml) {
  EXPECT_EQ(html("a < b && c > d"), "a &lt; b &amp;&amp; c &gt; d");
  EXPECT_EQ(html("<table><tr>x</table>"), "&lt;table&gt;&lt;tr&gt;x&lt;/table&gt;");
  EXPECT_EQ(html("x <div>y</div>"), "x &lt;div&gt;y&lt;/div&gt;");
  EXPECT_EQ(html("&lt;b&gt; &copy; &nosuch; &#0;"), "&lt;b&gt; \xC2\xA9 &amp;nosuch; \xEF\xBF\xBD");
}

TEST(ChannelText, CodeKeepsItsLanguageIfThatIsOne) {
  EXPECT_EQ(html("```c++\nint a<b>;\n\n  x\n```"),
            "<pre><code class=\"language-c++\">int a&lt;b&gt;;\n\n  x</code></pre>");
  EXPECT_EQ(html("```\"><b>\nx\n```"), "<pre>x</pre>");
  EXPECT_EQ(html("    indented"), "<pre>indented</pre>");
}

TEST(ChannelText, LinksThatMayNotBeFollowedAreText) {
  EXPECT_EQ(html("[a](javascript:alert)"), "a (javascript:alert)");
  EXPECT_EQ(html("[a](<https://x.y/a b>)"), "a (https://x.y/a b)");
  EXPECT_EQ(html("[a](./file)"), "a (./file)");
  EXPECT_EQ(html("![alt](http://x.y/p.png)"), "<a href=\"http://x.y/p.png\">alt</a>");
  EXPECT_EQ(html("![](http://x.y/p.png)"), "<a href=\"http://x.y/p.png\">http://x.y/p.png</a>");
  EXPECT_EQ(rendered("[a](https://x.y) <https://x.y>", kPlain), "a (https://x.y) https://x.y");
}

TEST(ChannelText, PlainFormOfHtmlNamesUrls) {
  const std::vector<SentPiece> pieces = pieces_of("> [a](https://x.y) **b**", kTelegramHtml, 0);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].plain, "> a (https://x.y) b");
}

TEST(ChannelText, ListsKeepTheirNumbersAndLevels) {
  EXPECT_EQ(rendered("3. a\n4. b\n   - c\n     - d\n", kPlain),
            "3. a\n4. b\n  \xE2\x80\xA2 c\n    \xE2\x80\xA2 d");
  EXPECT_EQ(rendered("- [x] a\n- [ ] b", kPlain), "\xE2\x98\x91 a\n\xE2\x98\x90 b");
}

TEST(ChannelText, WhatsAppHasItsOwnMarks) {
  EXPECT_EQ(rendered("**b** *i* ~~s~~ `c`", kWhatsApp), "*b* _i_ ~s~ `c`");
  EXPECT_EQ(rendered("> **two\n> lines**", kWhatsApp), "> *two*\n> *lines*");
  EXPECT_EQ(rendered("```py\nx\n```", kWhatsApp), "```x```");
}

// Case 3: a reply that is a table and nothing else.
TEST(ChannelText, TablesAreNeverLost) {
  const std::string_view source = "|a|b|\n|---|--:|\n|one|1|\n|\xE4\xB8\xAD\xE6\x96\x87|22|\n";
  const std::string grid = "a    |  b\n-----+---\none  |  1\n\xE4\xB8\xAD\xE6\x96\x87 | 22";
  EXPECT_EQ(html(source).substr(0, 5), "<pre>");
  EXPECT_NE(html(source).find("\xE4\xB8\xAD\xE6\x96\x87 | 22"), std::string::npos);
  EXPECT_EQ(rendered(source, kTelegramRich), source);
  EXPECT_EQ(rendered(source, kDiscord),
            "```\na    |  b\n-----+---\none  |  1\n\xE4\xB8\xAD\xE6\x96\x87 | 22\n```\n");
  EXPECT_EQ(rendered(source, kPlain), grid);
  const std::string_view short_rule = "> |a|b|\n> |:-|-:|\n> |one|1|\n\n    |-|\n\nend";
  EXPECT_EQ(
      html(short_rule),
      "<blockquote><pre>a   | b\n----+--\none | 1</pre></blockquote>\n\n<pre>|-|</pre>\n\nend");
}

// Cases 1 and 2: rich where the text needs it, and where Telegram does not refuse it.
// Case 2: what prose needs no rich message for.
TEST(ChannelText, RichIsNeededForTablesHeadingsAndMaths) {
  EXPECT_TRUE(needs_rich("# Head"));
  EXPECT_TRUE(needs_rich("|a|\n|---|\n|b|"));
  EXPECT_TRUE(needs_rich("so $x^2$"));
  EXPECT_TRUE(needs_rich("$$x$$"));
  EXPECT_FALSE(needs_rich("**prose** with `code` and ```\nfence\n```"));
  EXPECT_FALSE(needs_rich("between $5 and $6"));
  EXPECT_FALSE(needs_rich(""));
  EXPECT_FALSE(needs_rich(repeated("|a", 42) + "|\n" + repeated("|---", 84) + "|\n"));
  EXPECT_FALSE(needs_rich(repeated("> ", 40) + "# deep"));
}

TEST(ChannelText, MathsStaysAsItIs) {
  EXPECT_EQ(html("$a_1 * b_2 * c$ and \\(x_y\\) \\[z\\]"), "$a_1 * b_2 * c$ and \\(x_y\\) \\[z\\]");
  EXPECT_EQ(html("**a\\*b**"), "<b>a*b</b>");
}

TEST(ChannelText, NothingToSeeGivesNoPiece) {
  for (const std::string_view source : {"", " \n\t\n", "\xE2\x80\x8B\xC2\xA0", "\xE3\x80\x80"}) {
    for (const Dialect* dialect :
         {&kTelegramHtml, &kTelegramRich, &kDiscord, &kWhatsApp, &kPlain}) {
      EXPECT_TRUE(pieces_of(source, *dialect, 0).empty()) << dialect->name;
    }
  }
}

TEST(ChannelText, MarksAroundNothingAndDefinitionsAreShown) {
  EXPECT_EQ(html("#"), "#");
  EXPECT_EQ(html("```\n```"), "```\n```");
  EXPECT_EQ(html("see\n\n[1]: https://x.y"), "see\n\n[1]: <a href=\"https://x.y\">https://x.y</a>");
}

TEST(ChannelText, WhatIsNotUtf8IsRepairedFirst) {
  EXPECT_EQ(html("a\xFF\xC3(b"), "a\xEF\xBF\xBD\xEF\xBF\xBD(b");
  EXPECT_EQ(html(std::string_view("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b");
}

// Case 5: the limit is counted in UTF-16 units after the entities, and no emoji is cut.
TEST(ChannelText, CountsAsTelegramDoesAndKeepsCharactersWhole) {
  EXPECT_EQ(pieces_of(repeated("<", 4'096), kTelegramHtml, 0).size(), 1U);
  EXPECT_EQ(pieces_of(repeated("<", 4'097), kTelegramHtml, 0).size(), 2U);
  EXPECT_EQ(pieces_of(repeated("\xF0\x9F\x98\x80", 4 * 2'048), kTelegramHtml, 0).size(), 1U);
  for (const std::string_view one : {kFamily, kFlag, std::string_view("e\xCC\x81\xCC\x82")}) {
    const std::string source = "x" + repeated(one, 20'000);
    for (const SentPiece& piece : pieces_of(source, kTelegramHtml, 0)) {
      const std::size_t skip = piece.text.starts_with('x') && one != kFamily ? 1U : 0U;
      const std::string_view text =
          std::string_view(piece.text).substr(piece.text[0] == 'x' ? 1 : skip);
      EXPECT_EQ(text.size() % one.size(), 0U) << one;
    }
    EXPECT_EQ(find_fault(source, kDiscord, 0), "") << one;
  }
}

TEST(ChannelText, CharacterThatBeginsInAMarkIsKeptWhole) {
  for (std::size_t letters = 100; letters < 130; ++letters) {
    const std::string source = std::string(letters, 'a') + "*b*\xCC\x81" + std::string(90, 'c');
    EXPECT_EQ(find_fault(source, kDiscord, 128), "") << letters;
  }
}

TEST(ChannelText, CharacterLongerThanAPieceIsCutAllTheSame) {
  const std::string source = "a" + repeated("\xCC\x81", 20'000);
  const std::vector<SentPiece> pieces = pieces_of(source, kTelegramHtml, 0);
  ASSERT_FALSE(pieces.empty());
  EXPECT_LE(test::length_of(pieces[0].text, Count::utf16_units), 4'096U);
}

TEST(ChannelText, CutsWhereABlockEndsElseALineElseASentence) {
  const std::string words = repeated("word ", 1'000);
  const std::vector<SentPiece> blocks =
      pieces_of(words + "\n\n" + words + "\n\n" + words, kDiscord, 0);
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[1].text, words + "\n\n");

  const std::vector<SentPiece> sentences =
      pieces_of(repeated("This is a sentence of words. ", 3'000), kDiscord, 0);
  for (std::size_t i = 0; i + 1 < sentences.size(); ++i) {
    EXPECT_TRUE(sentences[i].text.ends_with("words. "));
  }
  const std::vector<SentPiece> chinese =
      pieces_of(repeated("\xE6\x88\x91\xE4\xBB\xAC\xE3\x80\x82", 12'000), kDiscord, 0);
  ASSERT_GE(chinese.size(), 2U);
  EXPECT_TRUE(chinese[0].text.ends_with("\xE3\x80\x82"));
}

TEST(ChannelText, LinkIsNotCutFromItsUrl) {
  for (std::size_t fill = 60; fill < 135; ++fill) {
    const std::string source = std::string(fill, 'a') + " [text](https://example.org/page) end";
    EXPECT_EQ(find_fault(source, kTelegramHtml, 128), "") << fill;
    for (const SentPiece& piece : pieces_of(source, kTelegramHtml, 128)) {
      const bool link = piece.text.find("href") != std::string::npos;
      EXPECT_EQ(link, piece.plain.find("(https://example.org/page)") != std::string::npos);
    }
  }
}

TEST(ChannelText, MarksGoOverACut) {
  const std::vector<SentPiece> pieces =
      pieces_of("**" + repeated("bold ", 200) + "end**", kTelegramHtml, 128);
  ASSERT_GE(pieces.size(), 2U);
  for (const SentPiece& piece : pieces) {
    EXPECT_TRUE(piece.text.starts_with("<b>bold") && piece.text.ends_with("</b>")) << piece.text;
  }
  const std::vector<SentPiece> code =
      pieces_of("```py\n" + repeated("line of code\n", 400) + "```", kTelegramHtml, 128);
  ASSERT_GE(code.size(), 2U);
  for (const SentPiece& piece : code) {
    EXPECT_TRUE(piece.text.starts_with("<pre><code class=\"language-py\">line")) << piece.text;
    EXPECT_TRUE(piece.text.ends_with("</code></pre>"));
  }
}

TEST(ChannelText, FencesAreClosedAndOpenedAnewWithTheirLanguage) {
  const std::string source = "Look:\n\n```py\n" + repeated("x = 1\n", 4'000) + "```\nend\n";
  const std::vector<SentPiece> pieces = pieces_of(source, kDiscord, 0);
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_TRUE(pieces[0].text.ends_with("x = 1\n```"));
  EXPECT_TRUE(pieces[1].text.starts_with("```py\nx = 1\n"));
  EXPECT_TRUE(pieces[2].text.ends_with("```\nend\n"));
  EXPECT_EQ(find_fault(source, kDiscord, 0), "");
}

TEST(ChannelText, FenceInAQuoteIsOpenedAnewInIt) {
  const std::string source = "> - ```c\n" + repeated(">   line\n", 4'000) + ">   ```\n> - next\n";
  const std::vector<SentPiece> pieces = pieces_of(source, kDiscord, 0);
  ASSERT_GE(pieces.size(), 3U);
  EXPECT_TRUE(pieces[1].text.starts_with(">   ```c\n>   line\n")) << pieces[1].text.substr(0, 40);
  EXPECT_TRUE(pieces[1].text.ends_with(">   line\n>   ```"));
  for (const SentPiece& piece : pieces)
    EXPECT_FALSE(test::leaves_fence_open(piece.text));
}

TEST(ChannelText, FenceThatIsNeverClosedIsClosed) {
  EXPECT_EQ(pieces_of("```py\nx", kDiscord, 0).front().text, "```py\nx\n```");
  EXPECT_EQ(pieces_of("> ```\n> x\n", kDiscord, 0).front().text, "> ```\n> x\n> ```");
}

// Case 21, which produced five repairs elsewhere.
TEST(ChannelText, LongInfoStringsSpansQuotesAndListsStayWithinTheLimit) {
  const std::string info(1'900, 'i');
  const std::string quote = "> " + repeated("quoted words ", 3'000) + "\n";
  const std::vector<std::string> sources = {
      "```" + info + "\n" + repeated("code\n", 3'000) + "```\n",
      "```" + repeated("info ", 5'000) + "\n" + repeated("code\n", 3'000) + "```\n",
      "`" + repeated("inline code ", 3'000) + "`\n",
      "``" + repeated("a ` b ", 3'000) + "``\n",
      quote,
      "- " + repeated("item words ", 3'000) + "\n",
      "**" + repeated("strong words ", 3'000) + "end**\n",
      "~~~" + info + "\n" + repeated("c", 5'000) + "\n~~~\n",
      "> ```" + info + "\n" + repeated("> code\n", 3'000),
  };
  for (const std::string& source : sources) {
    EXPECT_EQ(find_fault(source, kDiscord, 0), "") << source.substr(0, 20);
    const std::vector<SentPiece> pieces = pieces_of(source, kDiscord, 0);
    EXPECT_GE(pieces.size(), 2U);
    for (const SentPiece& piece : pieces) {
      EXPECT_FALSE(test::leaves_fence_open(piece.text)) << piece.text;
    }
  }
  EXPECT_TRUE(pieces_of(sources[2], kDiscord, 0)[1].text.starts_with('`'));
  EXPECT_TRUE(pieces_of(sources[2], kDiscord, 0)[0].text.ends_with('`'));
  EXPECT_TRUE(pieces_of(quote, kDiscord, 0)[1].text.starts_with("> "));
}

TEST(ChannelText, SpansAreNotCutWhereTheyFitInAPiece) {
  const std::string span = "`" + std::string(300, 'c') + " " + std::string(300, 'd') + "`";
  const std::string source = repeated("word ", 1'600) + span + " " + repeated("word ", 800);
  for (const SentPiece& piece : pieces_of(source, kDiscord, 0)) {
    EXPECT_EQ(piece.before + piece.behind, 0U);
  }
}

TEST(ChannelText, WordThatWouldBeginABlockDoesNotBeginAPiece) {
  for (const std::string_view word : {"- ", "1. ", "# ", "> ", "~~~~x~~ "}) {
    const std::string source = "x " + repeated("word " + std::string(word), 6'000);
    for (const SentPiece& piece : pieces_of(source, kDiscord, 0)) {
      EXPECT_FALSE(would_begin_block(piece.text, 0)) << piece.text.substr(0, 20);
    }
  }
  EXPECT_FALSE(would_begin_block("2024 was", 0));
  EXPECT_FALSE(would_begin_block("**bold**", 0));
  EXPECT_FALSE(would_begin_block("#tag", 0));
}

TEST(ChannelText, RichPiecesHaveFewerBlocksThanTelegramRefuses) {
  const std::string source = repeated("p\n\n", 3 * 1'200);
  const std::vector<SentPiece> pieces = pieces_of(source, kTelegramRich, 0);
  EXPECT_EQ(pieces.size(), 3U);
  EXPECT_EQ(find_fault(source, kTelegramRich, 0), "");
}

// Blocks without text are told without their places.
TEST(ChannelText, RichPiecesBoundBlocksWithoutText) {
  const std::vector<std::string> sources = {
      "# a\n" + repeated("***\n", 4 * 481) + "\nend",
      repeated("-\n", 2 * 500) + "\nx",
      repeated("***\n", 4 * 2'000),
      "a\n\n" + repeated("#\n", 2 * 1'000) + "b\n\n" + repeated("#\n", 2 * 1'000),
      "|a|\n|---|\n" + repeated("||\n", 3 * 2'000) + "\nend",
      repeated("> - 1. -\n\n", 10 * 600) + "x",
      repeated("***\na\n\n", 7 * 600),
      "> a\n" + repeated("> ***\n", 6 * 900) + "\n```\n```\n" + repeated("- - ***\n", 8 * 300),
  };
  for (const std::string& source : sources) {
    EXPECT_EQ(find_fault(source, kTelegramRich, 0), "") << source.substr(0, 20);
    const std::vector<SentPiece> pieces = pieces_of(source, kTelegramRich, 0);
    EXPECT_GE(pieces.size(), 2U) << source.substr(0, 20);
    for (const SentPiece& piece : pieces) {
      EXPECT_LE(test::blocks_in(piece.text), kTelegramRich.blocks_max) << source.substr(0, 20);
    }
  }
}

TEST(ChannelText, GridIsNotFarLongerThanItsTable) {
  const auto length = [](const std::string& source) {
    std::size_t bytes = 0;
    for (const SentPiece& piece : pieces_of(source, kPlain, 0))
      bytes += piece.text.size();
    return bytes;
  };
  const std::string rule = repeated("|---", 4 * 127) + "|\n";
  const std::string wide = repeated("|" + std::string(60, 'w'), 61 * 127) + "|\n" + rule +
                           repeated("abcdefghijklmnop\n", 17 * 4'000);
  EXPECT_NE(rendered("|a|b|c|\n|---|---|---|\n|1|\n", kPlain).find("1 |   |"), std::string::npos);
  EXPECT_GT(length(wide), wide.size() / 2);
  EXPECT_LE(length(wide), 8 * wide.size());
  const std::string sparse = repeated("|" + std::string(20, 'a'), 21 * 13) + "|\n" +
                             repeated("|---", 4 * 13) + "|\n" + repeated("b\n", 2 * 4'000);
  EXPECT_LE(length(sparse), 8 * sparse.size());
  EXPECT_EQ(find_fault(sparse, kPlain, 0), "");
  // A table of so many cells that it is shown as it was written, and whole.
  const std::string cells = repeated("|a", 2 * 127) + "|\n" + rule + repeated("b\n", 2 * 4'000);
  const std::vector<SentPiece> written = pieces_of(cells, kPlain, 0);
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].text + "\n", cells);
}

// The plain form has no links: an aside goes with something that is seen.
TEST(ChannelText, PlainFormNeverLosesAUrl) {
  const std::string url = "](https://x.y/zzzzzzzz)";
  const std::vector<std::string> sources = {
      "[" + std::string(4'090, 'a') + url,
      "[" + repeated("aaaa ", 4'090) + url,
      "[" + repeated(kFamily, 9'000) + url,
      "x [*" + std::string(4'091, 'a') + "*" + url,
      std::string(4'093, 'a') + " [b" + url,
      "[" + repeated("[&#32;](https://x.y/" + std::string(900, 'u') + ") ", 8'000),
  };
  for (const std::string& source : sources) {
    EXPECT_EQ(find_fault(source, kTelegramHtml, 0), "") << source.substr(0, 20);
  }
  for (std::size_t letters = 90; letters < 135; ++letters) {
    const std::string source = "[" + std::string(letters, 'a') + url;
    EXPECT_EQ(find_fault(source, kTelegramHtml, 128), "") << letters;
    EXPECT_EQ(
        find_fault("x [_b " + std::string(letters, 'a') + " c_" + url + "!", kTelegramHtml, 128),
        "")
        << letters;
  }
  const std::string blank_link = std::string(60, 'a') + "[" + repeated("&#32;", 5 * 90) + url;
  EXPECT_EQ(find_fault(blank_link, kTelegramHtml, 128), "");
  // Only blanks of the link are left for the piece of its URL: it is shown.
  std::string plain;
  const std::string blanks = "[a" + repeated("\xE2\x80\x8B", 3 * 4'200) + url;
  EXPECT_EQ(find_fault(blanks, kTelegramHtml, 0), "");
  for (const SentPiece& piece : pieces_of(blanks, kTelegramHtml, 0))
    plain += piece.plain;
  EXPECT_NE(plain.find("https://x.y/zzzzzzzz"), std::string::npos);
}

TEST(TextUnits, CountsAndMeasures) {
  EXPECT_EQ(count_units(kFamily, Count::utf16_units), 8U);
  EXPECT_EQ(count_units(kFamily, Count::code_points), 5U);
  EXPECT_EQ(display_width("a\xE4\xB8\xAD"), 3U);
  EXPECT_TRUE(is_blank(" \xE2\x80\x8B"));
  EXPECT_FALSE(is_blank(" ."));
}

TEST(TextUnits, CharactersThatFitAreWhole) {
  const std::string text = std::string(kFlag) + std::string(kFlag) + std::string(kFamily);
  EXPECT_EQ(fit_graphemes(text, Count::utf16_units, 3), 0U);
  EXPECT_EQ(fit_graphemes(text, Count::utf16_units, 7), kFlag.size());
  EXPECT_EQ(fit_graphemes(text, Count::utf16_units, 15), 2 * kFlag.size());
  EXPECT_EQ(fit_graphemes(text, Count::utf16_units, 16), text.size());
  EXPECT_FALSE(is_boundary("e\xCC\x81", 1));
  EXPECT_FALSE(is_boundary("\r\n", 1));
  EXPECT_TRUE(is_boundary("ab", 1));
  EXPECT_EQ(fit_characters(text, Count::utf16_units, 3), 4U);
  EXPECT_EQ(fit_characters(text, Count::code_points, 3), 12U);
  EXPECT_EQ(fit_characters(text, Count::code_points, 100), text.size());
}

TEST(TextUnits, ChunksEndAfterWhatSeparates) {
  const std::string_view text = "One. two\nthree";
  const Chunk sentence = next_chunk(text, 0, text.size(), 100);
  EXPECT_EQ(sentence.end, 5U);
  EXPECT_EQ(sentence.cut, Cut::sentence);
  const Chunk line = next_chunk(text, 5, text.size(), 100);
  EXPECT_EQ(line.end, 9U);
  EXPECT_EQ(line.cut, Cut::line);
  EXPECT_EQ(next_chunk(text, 9, text.size(), 100).cut, Cut::none);
  EXPECT_EQ(next_chunk(text, 9, text.size(), 2).end, 11U);
  EXPECT_EQ(next_chunk("a \xCC\x81", 0, 4, 100).cut, Cut::none);
}

TEST(ChannelText, DialectsHaveNames) {
  for (const Dialect* dialect : {&kTelegramHtml, &kTelegramRich, &kDiscord, &kWhatsApp, &kPlain}) {
    EXPECT_EQ(find_dialect(dialect->name), dialect);
  }
  EXPECT_EQ(find_dialect("slack"), nullptr);
}

}  // namespace
}  // namespace spine::channels
