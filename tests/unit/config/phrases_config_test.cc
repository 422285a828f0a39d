// messages.<name> and messages.language: what the gateway says to people, and in which language.
#include <algorithm>
#include <string>

#include "engine/config/config.h"
#include "schemas/fields.h"
#include "schemas/vocab/phrases.h"
#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

class PhrasesConfig : public ConfigTest {
 protected:
  static std::string said(const Config& config, Phrase phrase) {
    return config.phrases.at(static_cast<std::size_t>(phrase));
  }
  static std::string in(Phrase phrase, Language language) {
    return std::string(phrase_of(phrase, language));
  }
};

TEST_F(PhrasesConfig, AreInTheLanguageOfTheEnvironmentUnlessOneIsNamed) {
  const auto language = [](std::string_view text) {
    const std::string phrase = said(parsed(text), Phrase::stop_nothing);
    return phrase == in(Phrase::stop_nothing, Language::chinese) ? "zh" : "en";
  };
  EXPECT_STREQ(language("{}"), "en");
  test_env()["LANG"] = "zh_CN.UTF-8";
  EXPECT_STREQ(language("{}"), "zh");
  EXPECT_STREQ(language("{messages: {language: 'auto'}}"), "zh");
  EXPECT_STREQ(language("{messages: {language: 'en'}}"), "en");
  test_env()["LC_ALL"] = "C";
  EXPECT_STREQ(language("{}"), "en");
  EXPECT_STREQ(language("{messages: {language: 'zh'}}"), "zh");
  EXPECT_NE(refusal("{messages: {language: 'xx'}}"), "");
}

TEST_F(PhrasesConfig, OnesOwnCountBeforeTheLanguage) {
  const Config config =
      parsed("{messages: {language: 'zh', pairingRequest: 'Say {code}', ackReaction: 'x'}}");
  EXPECT_EQ(said(config, Phrase::pairing_request), "Say {code}");
  EXPECT_EQ(said(config, Phrase::not_allowed), in(Phrase::not_allowed, Language::chinese));
  EXPECT_EQ(get_path(config, "messages.pairingRequest").value(), "\"Say {code}\"");
}

TEST_F(PhrasesConfig, AreCheckedWithTheirNameAndPlace) {
  const std::string missing = refusal("{messages: {pairingRequest: 'no code'}}");
  EXPECT_NE(missing.find("c.json:1:"), std::string::npos) << missing;
  EXPECT_NE(missing.find("messages.pairingRequest must have {code}."), std::string::npos)
      << missing;
  const std::string unknown = refusal("{messages: {stopRun: 'ended {what}'}}");
  EXPECT_NE(unknown.find("messages.stopRun has {what}"), std::string::npos) << unknown;
  EXPECT_NE(refusal("{messages: {stopRun: 7}}"), "");
}

TEST_F(PhrasesConfig, GetIntoTheJournalWhereTheyAreNotInPlainEnglish) {
  const auto recorded = [](const Config& config) {
    flatbuffers::FlatBufferBuilder builder;
    build_policy(config, builder);
    const auto* policy = flatbuffers::GetRoot<fb::ConfigApplied>(builder.GetBufferPointer());
    std::string all;
    if (policy->phrases() == nullptr) return all;
    for (const fb::PhraseChosen* chosen : *policy->phrases())
      all += chosen->name()->str() + "=" + chosen->text()->str() + '\0';
    return all;
  };
  EXPECT_EQ(recorded(parsed("{}")), "");
  EXPECT_EQ(recorded(parsed("{messages: {stopNothing: 'Nothing.'}}")),
            std::string("stopNothing=Nothing.") + '\0');
  const std::string chinese = recorded(parsed("{messages: {language: 'zh'}}"));
  EXPECT_EQ(std::ranges::count(chinese, '\0'), static_cast<std::ptrdiff_t>(kPhrases.size()));
}

}  // namespace
}  // namespace spine::config
