// Tests of engine/config/edit/edit.h: what an edit makes of a file, and how it is written.
#include "engine/config/edit/edit.h"

#include <gmock/gmock.h>
#include <sys/file.h>

#include "engine/config/source/deciding_file.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Why = EditRefusal::Why;

class Editing : public ConfigTest {
 protected:
  void SetUp() override {
    ConfigTest::SetUp();
    test_env()["HOME"] = dir_.string();
    path_ = dir_ / "o.json";
  }

  void have(std::string_view text) { write("o.json", text); }
  std::string file() const { return *read_text_file(path_); }

  EditOutcome prepare(EditKind kind, std::string_view raw, bool local = true) {
    const Result<std::string> now = read_text_file(path_);
    const std::string hash = now ? show_hex(text_hash(*now)) : std::string{};
    return prepare_edit(path_, {kind, raw, hash, local}, test_getenv);
  }

  PreparedEdit prepared(EditKind kind, std::string_view raw, bool local = true) {
    EditOutcome outcome = prepare(kind, raw, local);
    const auto* refusal = std::get_if<EditRefusal>(&outcome);
    EXPECT_EQ(refusal, nullptr) << (refusal != nullptr ? refusal->message : "");
    return refusal != nullptr ? PreparedEdit{} : std::get<PreparedEdit>(std::move(outcome));
  }

  EditRefusal refused(EditKind kind, std::string_view raw, bool local = true) {
    EditOutcome outcome = prepare(kind, raw, local);
    const auto* refusal = std::get_if<EditRefusal>(&outcome);
    EXPECT_NE(refusal, nullptr) << "accepted: " << raw;
    return refusal == nullptr ? EditRefusal{} : *refusal;
  }

  std::filesystem::path path_{};
};

class Writing : public Editing {};

TEST_F(Editing, PatchIsMergedAndWrittenWithTwoSpaces) {
  have("{ // note\n gateway: {port: 1, rate_limit: {burst: 7}}, session: {resetTriggers: ['/a']}}");
  const PreparedEdit edit = prepared(
      EditKind::patch,
      "{gateway: {rate_limit: null, port: 2}, session: {resetTriggers: ['/b', '/c']}, ui: {a: {b: "
      "null, c: 1}}}");
  EXPECT_EQ(
      edit.text,
      "{\n  \"gateway\": {\n    \"port\": 2\n  },\n  \"session\": {\n    \"resetTriggers\": "
      "[\n      \"/b\",\n      \"/c\"\n    ]\n  },\n  \"ui\": {\n    \"a\": {\n      \"c\": 1\n"
      "    }\n  }\n}\n");
  EXPECT_THAT(edit.paths, ElementsAre("gateway.port", "gateway.rate_limit.burst",
                                      "session.resetTriggers", "ui.a.c"));
  EXPECT_EQ(edit.diff, R"([{"path":"gateway.port","before":1,"after":2},)"
                       R"({"path":"gateway.rate_limit.burst","before":7,"after":null},)"
                       R"({"path":"session.resetTriggers","before":["/a"],"after":["/b","/c"]},)"
                       R"({"path":"ui.a.c","before":null,"after":1}])");
  EXPECT_FALSE(edit.noop);
  EXPECT_EQ(edit.before, text_hash(file()));
  EXPECT_EQ(edit.after, text_hash(edit.text));
}

TEST_F(Editing, SetKeepsTheTextAsItIs) {
  have("{}");
  constexpr std::string_view kText = "{ // mine\n  gateway: {port: 0x10,},\n}\n";
  const PreparedEdit edit = prepared(EditKind::set, kText);
  EXPECT_EQ(edit.text, kText);
  EXPECT_THAT(edit.paths, ElementsAre("gateway.port"));
  EXPECT_EQ(edit.redacted_json, R"({"gateway":{"port":16}})");
  EXPECT_EQ(prepared(EditKind::apply, kText).text, kText);
}

TEST_F(Editing, WhatChangesNothingIsANoop) {
  have("{ /* c */ session: {mainKey: 'a'}}");
  const PreparedEdit patch = prepared(EditKind::patch, "{session: {mainKey: \"a\"}, ui: null}");
  EXPECT_TRUE(patch.noop);
  EXPECT_EQ(patch.text, file());
  EXPECT_EQ(patch.diff, "[]");
  EXPECT_TRUE(prepared(EditKind::set, file()).noop);
  const PreparedEdit comment = prepared(EditKind::set, "{session: {mainKey: 'a'}} // d");
  EXPECT_FALSE(comment.noop);
  EXPECT_THAT(comment.paths, IsEmpty());
}

TEST_F(Editing, HashIsNeededOnceThereIsAFile) {
  const auto edit = [&](std::string_view hash) {
    return prepare_edit(path_, {EditKind::patch, "{session: {mainKey: 'b'}}", hash, true},
                        test_getenv);
  };
  EXPECT_TRUE(std::holds_alternative<PreparedEdit>(edit("")));
  EXPECT_EQ(std::get<EditRefusal>(edit("00")).why, Why::base_hash_stale);
  have("{}");
  EXPECT_EQ(std::get<EditRefusal>(edit("")).why, Why::base_hash_required);
  EXPECT_EQ(std::get<EditRefusal>(edit("")).message,
            "config base hash required; re-run config.get and retry");
  const EditRefusal stale = std::get<EditRefusal>(edit(show_hex(text_hash("{ }"))));
  EXPECT_EQ(stale.why, Why::base_hash_stale);
  EXPECT_EQ(stale.message, "config changed since last load; re-run config.get and retry");
  EXPECT_TRUE(std::holds_alternative<PreparedEdit>(edit(show_hex(text_hash("{}")))));
}

TEST_F(Editing, FirstFileNeedsNoHash) {
  const PreparedEdit edit = prepared(EditKind::patch, "{session: {mainKey: 'b', scope: null}}");
  EXPECT_FALSE(edit.existed);
  EXPECT_FALSE(edit.before);
  EXPECT_EQ(edit.text, "{\n  \"session\": {\n    \"mainKey\": \"b\"\n  }\n}\n");
}

TEST_F(Editing, RedactedValuesArePutBack) {
  have(
      "{gateway: {auth: {token: 's-1', mode: 'token'}}, env: {N: 7},\n"
      " models: {a: 'https://u:s-2@h/p', list: [{apiKey: 's-3', n: 1}, {apiKey: 's-4'}]}}");
  const Result<Config> config = load(path_, test_getenv);
  ASSERT_TRUE(config);
  ASSERT_THAT(config->raw, Not(HasSubstr("s-")));
  const PreparedEdit same = prepared(EditKind::set, config->raw);
  EXPECT_THAT(same.paths, IsEmpty());
  EXPECT_THAT(same.text, AllOf(HasSubstr(R"("token": "s-1")"), HasSubstr("\"N\": 7"),
                               HasSubstr("https://u:s-2@h/p"), HasSubstr("s-3"), HasSubstr("s-4")));
  const PreparedEdit patch = prepared(
      EditKind::patch, "{gateway: {auth: {token: '__OPENCLAW_REDACTED__', mode: 'pairing'}}}");
  EXPECT_THAT(patch.paths, ElementsAre("gateway.auth.mode"));
  EXPECT_THAT(patch.text, Not(HasSubstr("REDACTED")));
}

TEST_F(Editing, RedactionMarksWithoutAValueAreRefusedAndNeverWritten) {
  have("{gateway: {auth: {token: 's-1'}}, models: {list: [{apiKey: 's-2'}], u: 'http://a:b@h/'}}");
  for (const std::string_view bad :
       {"{gateway: {auth: {password: '__OPENCLAW_REDACTED__'}}}",
        "{gateway: {auth: {token: 'x__OPENCLAW_REDACTED__'}}}",
        "{gateway: {auth: '__OPENCLAW_REDACTED__'}}", "{models: {__OPENCLAW_REDACTED__: 1}}",
        "{models: {'\\u005f_OPENCLAW_REDACTED__': 1}}",
        "{models: {u: 'http://__OPENCLAW_REDACTED__@other/'}}", "{} // __OPENCLAW_REDACTED__"}) {
    const EditRefusal refusal = refused(EditKind::set, bad);
    EXPECT_EQ(refusal.why, Why::invalid) << bad;
    EXPECT_THAT(refusal.message, Not(HasSubstr("s-1")));
  }
  EXPECT_THAT(
      refused(EditKind::set, "{models: {list: [{apiKey: '__OPENCLAW_REDACTED__'}, {}]}}").message,
      AllOf(HasSubstr("models.list.0.apiKey"), HasSubstr("has another length")));
  have("{models: {apiKey: '__OPENCLAW_REDACTED__'}}");
  EXPECT_THAT(refused(EditKind::patch, "{session: {mainKey: 'x'}}").message,
              HasSubstr("the file itself has"));
}

TEST_F(Editing, SecretsAreNotInTheDiff) {
  have("{gateway: {auth: {token: 's-1'}}, env: {A: 's-2'}}");
  const PreparedEdit edit = prepared(EditKind::patch,
                                     "{gateway: {auth: {token: 's-3'}}, env: {A: {deep: ['s-4']}}, "
                                     "models: {u: 'http://me:s-5@h/', apiKeys: ['s-6', 's-7']}}");
  EXPECT_THAT(edit.diff, Not(HasSubstr("s-")));
  EXPECT_THAT(edit.diff, HasSubstr(R"({"path":"gateway.auth.token","before":)"
                                   R"("__OPENCLAW_REDACTED__","after":"__OPENCLAW_REDACTED__"})"));
  EXPECT_THAT(edit.redacted_json, Not(HasSubstr("s-")));
}

TEST_F(Editing, ResultMustBeAConfiguration) {
  have("{}");
  EXPECT_THAT(refused(EditKind::patch, "{gateway: {port: 'x', bind: 'world'}}").message,
              AllOf(HasSubstr("gateway.port is"), HasSubstr("gateway.bind is")));
  EXPECT_EQ(refused(EditKind::patch, "[1]").message, "the patch must be an object.");
  EXPECT_EQ(refused(EditKind::patch, "{").why, Why::invalid);
  EXPECT_EQ(refused(EditKind::set, "7").why, Why::invalid);
  EXPECT_EQ(refused(EditKind::set, "").why, Why::invalid);
  EXPECT_THAT(refused(EditKind::patch, "{gateway: {bind: 'lan'}}").message,
              HasSubstr("there is no TLS"));
}

TEST_F(Editing, BrokenFileCanBeReplacedAndNotPatched) {
  have("{ gateway: ");
  EXPECT_EQ(refused(EditKind::patch, "{}").why, Why::invalid);
  EXPECT_EQ(prepared(EditKind::set, "{}").text, "{}");
}

TEST_F(Editing, WhatIsTooLargeIsRefused) {
  have("{}");
  const std::string text(limits::kConfigBytesMax + 1, ' ');
  EXPECT_EQ(refused(EditKind::set, text).why, Why::too_large);
}

TEST_F(Editing, DiffAndPathsAreBounded) {
  have("{}");
  std::string text = "{ui: {";
  for (int i = 0; i < 3000; ++i)
    text += "key_" + std::to_string(i) + ": 'some text',";
  const PreparedEdit edit =
      prepared(EditKind::set, text + "long: '" + std::string(9000, 'x') + "'}}");
  EXPECT_LE(edit.diff.size(), limits::kConfigDiffBytesMax);
  EXPECT_THAT(edit.diff, EndsWith("}]"));
  EXPECT_THAT(edit.diff, HasSubstr(",{\"more\":"));
  ASSERT_EQ(edit.paths.size(), limits::kConfigPathsMax + 1);
  EXPECT_EQ(edit.paths.back(), "... and 2745 more");
  const PreparedEdit one = prepared(EditKind::set, "{ui: {a: '" + std::string(9000, 'x') + "'}}");
  EXPECT_EQ(one.diff, R"x([{"path":"ui.a","before":null,"after":"(a string of 9002 bytes)"}])x");
}

TEST_F(Writing, FileIsReplacedWholeAndTheOldOneKept) {
  have("{session: {mainKey: 'a'}}");
  std::filesystem::permissions(path_, std::filesystem::perms{0644});
  const PreparedEdit edit = prepared(EditKind::patch, "{session: {mainKey: 'b'}}");
  const Status written = write_edit(path_, edit);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(file(), edit.text);
  EXPECT_EQ(mode_of(path_), 0600U);
  EXPECT_EQ(*read_text_file(dir_ / "o.json.bak"), "{session: {mainKey: 'a'}}");
  EXPECT_EQ(mode_of(dir_ / "o.json.bak"), 0600U);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "o.json.new"));
  EXPECT_EQ(load(path_, test_getenv)->main_key, "b");
}

TEST_F(Writing, FirstFileMakesItsFolder) {
  path_ = dir_ / "new" / "o.json";
  ASSERT_TRUE(write_edit(path_, prepared(EditKind::set, "{}")));
  EXPECT_EQ(file(), "{}");
  EXPECT_EQ(mode_of(path_), 0600U);
  EXPECT_EQ(mode_of(dir_ / "new"), 0700U);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "new/o.json.bak"));
}

TEST_F(Writing, WhatChangedMeanwhileIsNotOverwritten) {
  have("{}");
  const PreparedEdit edit = prepared(EditKind::patch, "{session: {mainKey: 'b'}}");
  have("{ }");
  const Status written = write_edit(path_, edit);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::refused);
  EXPECT_EQ(written.error().message, kBaseHashStale);
  EXPECT_EQ(file(), "{ }");
  std::filesystem::remove(path_);
  EXPECT_FALSE(write_edit(path_, edit));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Writing, LinkStaysALink) {
  have("{}");
  std::filesystem::create_directories(dir_ / "links");
  const std::filesystem::path link = dir_ / "links/o.json";
  std::filesystem::create_symlink(path_, link);
  path_ = link;
  ASSERT_TRUE(write_edit(link, prepared(EditKind::set, "{session: {}}")));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(*read_text_file(dir_ / "o.json"), "{session: {}}");
  EXPECT_TRUE(std::filesystem::exists(dir_ / "o.json.bak"));
}

TEST_F(Writing, TwoEditsDoNotWriteAtOnce) {
  have("{}");
  const PreparedEdit edit = prepared(EditKind::set, "{session: {}}");
  const int folder = ::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(::flock(folder, LOCK_EX), 0);
  const Status written = write_edit(path_, edit);
  ::close(folder);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::in_use);
  EXPECT_TRUE(write_edit(path_, edit));
}

TEST_F(Writing, NoopWritesNothing) {
  have("{}");
  ASSERT_TRUE(write_edit(path_, prepared(EditKind::set, "{}")));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "o.json.bak"));
}

}  // namespace
}  // namespace spine::config
