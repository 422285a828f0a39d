// Phrases: in every language with the blanks they are filled in by.
#include "schemas/vocab/phrases.h"

#include <gtest/gtest.h>
#include <set>
#include <string>

#include "schemas/vocab/utf8.h"

namespace spine {
namespace {

std::set<std::string> blanks_of(std::string_view text) {
  std::set<std::string> words;
  for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1))
    words.emplace(text.substr(at + 1, text.find('}', at) - at - 1));
  return words;
}

TEST(Phrases, AreWholeInEveryLanguage) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kPhrases.size(); ++i) {
    const PhraseRow& row = kPhrases[i];
    const auto phrase = static_cast<Phrase>(i);
    const std::string_view english = phrase_of(phrase, Language::english);
    const std::string_view chinese = phrase_of(phrase, Language::chinese);
    EXPECT_TRUE(names.emplace(row.setting).second) << row.setting;
    EXPECT_EQ(row.setting, "messages." + std::string(row.name()));
    EXPECT_EQ(english, row.english);
    EXPECT_EQ(phrase_fault(row, english), "") << row.setting;
    EXPECT_EQ(phrase_fault(row, chinese), "") << row.setting;
    EXPECT_EQ(blanks_of(english), blanks_of(chinese)) << row.setting;
    EXPECT_GT(chinese.size(), count_characters(chinese)) << row.setting << " is not Chinese";
  }
  EXPECT_EQ(phrase_of(Phrase::stop_nothing, Language::english), "There was nothing to stop.");
  EXPECT_EQ(phrase_of(Phrase::time_hours, Language::english), "{hours} h {minutes} min");
}

TEST(Phrases, ThatSomebodyChoseAreChecked) {
  const PhraseRow& row = kPhrases[static_cast<std::size_t>(Phrase::pairing_request)];
  EXPECT_EQ(phrase_fault(row, "Code: {code}"), "");
  EXPECT_EQ(phrase_fault(row, "{code}{code} {minutes}"), "");
  EXPECT_EQ(phrase_fault(row, " \n"), "must not be empty");
  EXPECT_EQ(phrase_fault(row, "no code"), "must have {code}");
  EXPECT_EQ(phrase_fault(row, "{code} {hours}"),
            "has {hours}, which is not filled in there; known are: code minutes");
  for (const char* text : {"{code} {", "{code} }", "{code} {}", "{code} {a b}", "{code} {{code}}"})
    EXPECT_EQ(phrase_fault(row, text), "has a brace that is not of a word such as {name}") << text;
  EXPECT_EQ(phrase_fault(row, "{code} \xff"), "must be UTF-8");
  EXPECT_EQ(phrase_fault(row, "{code}" + std::string(995, 'x')), "must have at most 1,000 bytes");
  EXPECT_EQ(phrase_fault(kPhrases[static_cast<std::size_t>(Phrase::stop_nothing)], "{run}"),
            "has {run}, which is not filled in there");
}

TEST(Phrases, AreFilledInOnce) {
  EXPECT_EQ(filled("{a} and {b}, {a}", {{"a", "1"}, {"b", "{a}"}}), "1 and {a}, 1");
  EXPECT_EQ(filled("{c} {a", {{"a", "1"}}), "{c} {a");
  EXPECT_EQ(filled("", {}), "");
  EXPECT_EQ(filled("plain", {{"a", "1"}}), "plain");
}

}  // namespace
}  // namespace spine
