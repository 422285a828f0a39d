// Tests of journal dump: what people and programs read.
#include <lmdb.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(JournalDump, ShowsEveryEventWithItsCausePrincipalAndSession) {
  const TempDir dir;
  tell_story(dir.path());
  const Output output = call({"journal", "dump"}, dir.path());
  ASSERT_EQ(output.code, kExitOk) << output.err;
  EXPECT_NE(output.out.find("JournalCreated"), std::string::npos);
  EXPECT_NE(output.out.find("text: \"hello\""), std::string::npos) << output.out;
  EXPECT_NE(output.out.find("session agent:main:telegram:direct:alice"), std::string::npos);
  EXPECT_NE(output.out.find("by sender \"alice\""), std::string::npos);
  EXPECT_NE(output.out.find("because of #"), std::string::npos);
}

TEST(JournalDump, ShowsKeysAsHexAndBitsByTheirNames) {
  const TempDir dir;
  {
    Story story(dir.path());
    story.created();
    story.configured();
    story.doors();
  }
  const std::string text = call({"journal", "dump"}, dir.path()).out;
  std::string key;
  for (int i = 0; i < 32; ++i)
    key += "ab";
  for (const std::string& line :
       {"public_key: \"" + key + "\"\n", "token_hash: \"" + key + "\"\n",
        std::string("scopes: [\"operator.read\"]\n"), std::string("via: control_socket\n"),
        std::string("fields: label,pinned\n"), std::string("marks: pinned\n"),
        std::string("session agent:main:notes (#4)")}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  const auto lines = lines_of(call({"journal", "dump", "--json"}, dir.path()).out);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[2].at("body").at("public_key"), key);
  EXPECT_EQ(lines[2].at("body").at("scopes").at(0), "operator.read");
  EXPECT_EQ(lines[4].at("body").at("fields"), "label,pinned");
}

TEST(JournalDump, NeutralisesControlCharactersOfOthers) {
  const TempDir dir;
  tell_story(dir.path());
  for (const char* json : {"", "--json"}) {
    std::vector<std::string> words{"journal", "dump"};
    if (*json != '\0') words.emplace_back(json);
    const Output output = call(words, dir.path());
    EXPECT_EQ(output.out.find('\x1b'), std::string::npos);
    EXPECT_NE(output.out.find("line one\\nline two"), std::string::npos) << output.out;
  }
}

TEST(JournalDump, JsonHasOneObjectPerEventWithDenseSeqs) {
  const TempDir dir;
  tell_story(dir.path());
  const auto lines = lines_of(call({"journal", "dump", "--json"}, dir.path()).out);
  ASSERT_GT(lines.size(), 7U);
  std::uint64_t seq = 0;
  for (const auto& line : lines) {
    EXPECT_EQ(line.at("seq"), ++seq);
    EXPECT_LE(line.at("cause"), seq);
    EXPECT_TRUE(line.at("body").is_object());
    EXPECT_TRUE(line.at("input").get<bool>() || line.at("cause") < seq);
  }
  EXPECT_EQ(lines[0].at("body").at("version"), "1.2.3");
  EXPECT_EQ(lines[0].at("body").at("epoch"), "00000000000000070000000000000009");
}

TEST(JournalDump, FiltersByKindSessionRangeAndLimit) {
  const TempDir dir;
  tell_story(dir.path());
  const auto count = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"journal", "dump", "--json"});
    return lines_of(call(words, dir.path()).out).size();
  };
  EXPECT_EQ(count({"--kind", "MessageReceived"}), 4U);
  EXPECT_EQ(count({"--kind", "MessageReceived", "--kind", "SessionOpened"}), 6U);
  EXPECT_EQ(count({"--kind", "MessageReceived", "--session", "agent:main:telegram:direct:alice"}),
            2U);
  EXPECT_EQ(count({"--from", "2", "--to", "4"}), 3U);
  EXPECT_EQ(count({"--limit", "5"}), 5U);
  EXPECT_EQ(count({"--from", "100000"}), 0U);
}

TEST(JournalDump, AnInvalidBodyIsAnErrorAndNotAmongTheOutput) {
  const TempDir dir;
  {
    Story story(dir.path());
    story.created();
    journal::Batch batch;
    batch.begin(next(story.last()));
    const RecordHeader header{.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived)};
    batch.append(header, as_bytes("no FlatBuffer of a message"));
    ASSERT_TRUE(story.journal().ensure_space(batch.bytes(), journal::SpaceClass::intake));
    ASSERT_TRUE(story.journal().commit(batch));
  }
  const Output output = call({"journal", "dump", "--json"}, dir.path());
  EXPECT_EQ(output.code, kExitFailure);
  EXPECT_EQ(lines_of(output.out).size(), 1U) << output.out;  // JournalCreated
  EXPECT_NE(output.err.find("event 2 is not a valid"), std::string::npos) << output.err;
}

// In a process of its own, so that the locks of this one stay as they are: how many readers look at
// something.
int pinned_readers(const std::filesystem::path& state_dir) {
  const pid_t child = ::fork();
  if (child == 0) {
    int pinned = 0;
    MDB_env* env = nullptr;
    if (::mdb_env_create(&env) != 0 ||
        ::mdb_env_open(env, (state_dir / "journal").c_str(), MDB_RDONLY | MDB_NOTLS, 0600) != 0) {
      ::_exit(100);
    }
    const auto count = [](const char* line, void* context) {
      const std::string_view text{line};  // "pid thread txnid", "-" when it looks at nothing
      const bool heading = text.find("txnid") != std::string_view::npos;
      if (!heading && text.find("-\n") == std::string_view::npos) ++*static_cast<int*>(context);
      return 0;
    };
    ::mdb_reader_list(env, count, &pinned);
    ::_exit(pinned);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct Watcher {
  std::filesystem::path state_dir{};
  int writes{};
  int pinned{};
};

TEST(JournalDump, WhileItPrintsTheJournalIsNotPinned) {
  const TempDir dir;
  tell_story(dir.path());
  {
    auto reader = journal::Reader::open_read_only(dir.path() / "journal");
    ASSERT_EQ(pinned_readers(dir.path()), 1) << "the test sees a reader that looks at something";
  }
  Watcher watcher{.state_dir = dir.path()};
  cookie_io_functions_t functions{};
  functions.write = [](void* cookie, const char*, std::size_t size) {
    auto& seen = *static_cast<Watcher*>(cookie);
    ++seen.writes;
    seen.pinned += pinned_readers(seen.state_dir);
    return static_cast<ssize_t>(size);
  };
  std::FILE* out = ::fopencookie(&watcher, "w", functions);
  ASSERT_NE(out, nullptr);
  std::setvbuf(out, nullptr, _IONBF, 0);
  const std::vector<std::string> words{"journal", "dump", "--state-dir", dir.path().string()};
  EXPECT_EQ(run(words, out, stderr), kExitOk);
  std::fclose(out);
  EXPECT_GE(watcher.writes, 7);
  EXPECT_EQ(watcher.pinned, 0);
}

TEST(JournalDump, AnUnknownKindIsAUsageErrorThatListsTheKinds) {
  const TempDir dir;
  tell_story(dir.path());
  const Output output = call({"journal", "dump", "--kind", "Nonsense"}, dir.path());
  EXPECT_EQ(output.code, kExitUsage);
  EXPECT_NE(output.err.find("SessionOpened"), std::string::npos);
}

TEST(CommandLine, HelpHasExamplesAndWrongWordsAreUsageErrors) {
  const TempDir dir;
  EXPECT_NE(call({"journal", "dump", "--help"}, dir.path()).out.find("Examples:"),
            std::string::npos);
  EXPECT_EQ(call({"journal", "explode"}, dir.path()).code, kExitUsage);
  EXPECT_EQ(call({"journal"}, dir.path()).code, kExitUsage);
}

}  // namespace
}  // namespace spine::replay
