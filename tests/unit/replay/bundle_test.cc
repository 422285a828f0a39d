// Tests of replay bundle: a part of a journal that folds to the states of the whole one.
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/core/model/digest.h"
#include "journal/snapshots.h"
#include "replay/timeline/timeline.h"
#include "schemas/vocab/cursor.h"
#include "tests/unit/replay/lab.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

namespace fs = std::filesystem;

// Words that nothing else in the journal contains.
constexpr const char* kWords[] = {"the first secret words",
                                  "SECRETNAMEOFALICE",
                                  "more secret words",
                                  "a label that is secret",
                                  "shh",
                                  "the last secret words"};

// Two people who talk, a device, sessions with names, and digests in between.
void tell_secrets(const fs::path& state_dir) {
  Story story(state_dir);
  story.created();
  story.configured();
  story.message("alice", "m1", kWords[0], kWords[1]);
  story.message("bob", "m2", "/status");
  story.doors(kWords[3]);
  story.digested();
  story.message("bob", "m3", kWords[2], "bob himself, in secret");
  story.message("alice", "m4", kWords[4], kWords[1]);
  story.digested();
  story.message("alice", "m5", kWords[5], kWords[1]);
}

// The digest of the state at every seq from `from`.
std::vector<Bits128> digests(const fs::path& state_dir, Seq from, Seq upto) {
  std::vector<Bits128> all;
  auto timeline = Timeline::open(state_dir);
  EXPECT_TRUE(timeline) << state_dir;
  if (!timeline) return all;
  for (Seq at = from; at <= upto; at = next(at)) {
    core::State state;
    const Status reached = timeline->state_at(at, state);
    EXPECT_TRUE(reached) << at.value << (reached ? "" : reached.error().message);
    all.push_back(core::digest(state).total);
  }
  return all;
}

Output bundle(const TempDir& dir, const fs::path& out, std::vector<std::string> words) {
  words.insert(words.begin(), {"replay", "bundle", "--out", out.string()});
  return call(words, dir.path());
}

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

nlohmann::json manifest_of(const fs::path& dir) {
  return nlohmann::json::parse(contents(dir / "manifest.json"));
}

std::size_t names_in(const fs::path& dir) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(dir), {}));
}

TEST(Bundle, EveryStateOfItIsThatOfTheWholeJournal) {
  const TempDir dir;
  const TempDir outs;
  tell_secrets(dir.path());
  const Seq last = Timeline::open(dir.path())->last();
  for (std::uint64_t around = 1; around <= last.value; ++around) {
    const fs::path out = outs.path() / std::to_string(around);
    const Output made =
        bundle(dir, out, {"--around", std::to_string(around), "--before", "2", "--after", "2"});
    ASSERT_EQ(made.code, kExitOk) << made.err;
    const auto manifest = manifest_of(out);
    const Seq first{manifest.at("firstSeq")};
    const Seq end{manifest.at("lastSeq")};
    EXPECT_LE(first.value, std::max<std::uint64_t>(around, 3) - 2);
    EXPECT_GE(end.value, std::min(around + 2, last.value));
    const Seq before{first.value - 1};
    EXPECT_EQ(digests(out, before, end), digests(dir.path(), before, end)) << around;
    EXPECT_EQ(call({"journal", "verify"}, out).code, kExitOk)
        << call({"journal", "verify"}, out).out;
    const Output folded = call({"replay", "verify"}, out);
    EXPECT_EQ(folded.code, kExitOk) << folded.out << folded.err;
    EXPECT_FALSE(fs::exists(out / "journal" / "lock.mdb"));
  }
  EXPECT_EQ(names_in(outs.path()), last.value) << "nothing else is left";
}

TEST(Bundle, ItsBlocksAndItsDecodedViewAreThoseOfTheJournal) {
  const TempDir dir;
  const TempDir outs;
  tell_secrets(dir.path());
  const fs::path out = outs.path() / "out";
  ASSERT_EQ(bundle(dir, out, {"--around", "9", "--before", "3", "--after", "3"}).code, kExitOk);
  const auto manifest = manifest_of(out);
  const std::string from = std::to_string(manifest.at("firstSeq").get<std::uint64_t>());
  const std::string to = std::to_string(manifest.at("lastSeq").get<std::uint64_t>());
  const std::vector<std::string> dump{"journal", "dump", "--json", "--from", from, "--to", to};
  const Output whole = call(dump, dir.path());
  EXPECT_EQ(contents(out / "events.jsonl"), whole.out) << "with names from before the bundle";
  EXPECT_EQ(call(dump, out).out, whole.out);
  auto source = Timeline::open(dir.path());
  auto copy = Timeline::open(out);
  ASSERT_TRUE(source && copy);
  for (Seq at = copy->first(); at <= copy->last();) {
    const auto own = copy->reader().block_of(at);
    const auto of = source->reader().block_of(at);
    ASSERT_TRUE(own && of);
    EXPECT_TRUE(std::ranges::equal(own->bytes(), of->bytes())) << at.value;
    at = next(own->last());
  }
  const std::string session = "agent:main:telegram:direct:alice";
  EXPECT_NE(call({"journal", "dump", "--session", session}, out).out, "")
      << "a session that was opened before";
}

TEST(Bundle, OfABundleIsABundle) {
  const TempDir dir;
  const TempDir outs;
  tell_secrets(dir.path());
  const fs::path one = outs.path() / "one";
  const fs::path two = outs.path() / "two";
  ASSERT_EQ(bundle(dir, one, {"--around", "10", "--before", "5", "--after", "5"}).code, kExitOk);
  const auto wide = manifest_of(one);
  const Output made = call({"replay", "bundle", "--out", two.string(), "--around", "10", "--before",
                            "100", "--after", "1"},
                           one);
  ASSERT_EQ(made.code, kExitOk) << made.err;
  const auto narrow = manifest_of(two);
  EXPECT_EQ(narrow.at("firstSeq"), wide.at("firstSeq"));
  EXPECT_EQ(narrow.at("previous"), wide.at("previous"));
  EXPECT_EQ(narrow.at("digestBefore"), wide.at("digestBefore"));
  const Seq before{narrow.at("firstSeq").get<std::uint64_t>() - 1};
  const Seq end{narrow.at("lastSeq")};
  EXPECT_EQ(digests(two, before, end), digests(dir.path(), before, end));
}

TEST(Bundle, RedactedItHoldsNoneOfTheWordsAndStillFolds) {
  const TempDir dir;
  const TempDir outs;
  tell_secrets(dir.path());
  for (const char* around : {"1", "8", "13"}) {
    const fs::path out = outs.path() / around;
    const Output made =
        bundle(dir, out, {"--around", around, "--redact", "--before", "3", "--after", "9"});
    ASSERT_EQ(made.code, kExitOk) << made.err;
    for (const auto& entry : fs::recursive_directory_iterator(out)) {
      if (!entry.is_regular_file()) continue;
      const std::string bytes = contents(entry.path());
      EXPECT_EQ(bytes.find("secret"), std::string::npos) << entry.path();
      for (const char* words : kWords) {
        if (std::string(words) == "shh") continue;  // three letters may be there by chance
        EXPECT_EQ(bytes.find(words), std::string::npos) << words << entry.path();
      }
    }
    const auto manifest = manifest_of(out);
    EXPECT_TRUE(manifest.at("redacted"));
    EXPECT_NE(manifest.at("epoch"), manifest.at("sourceEpoch"));
    EXPECT_EQ(call({"journal", "verify"}, out).code, kExitOk)
        << call({"journal", "verify"}, out).out;
    const Output folded = call({"replay", "verify", "--json"}, out);
    EXPECT_EQ(folded.code, kExitOk) << folded.out;
    EXPECT_EQ(nlohmann::json::parse(folded.out).at("digest"), manifest.at("digestAfter"));
  }
}

TEST(Bundle, RedactedEqualWordsStayEqualAndWhatDecidesStays) {
  const TempDir dir;
  const TempDir outs;
  tell_secrets(dir.path());
  const fs::path out = outs.path() / "out";
  ASSERT_EQ(bundle(dir, out, {"--around", "latest", "--before", "1000", "--redact"}).code, kExitOk);
  std::map<std::string, std::string> texts;
  std::map<std::string, std::string> names;
  std::istringstream in(contents(out / "events.jsonl"));
  for (std::string line; std::getline(in, line);) {
    const auto event = nlohmann::json::parse(line);
    if (event.at("kind") != "MessageReceived") continue;
    const auto& body = event.at("body");
    texts[body.at("external_id")] = body.at("text");
    names[body.at("external_id")] = body.at("sender_name");
  }
  EXPECT_EQ(texts.at("m2"), "/status") << "a command";
  EXPECT_EQ(texts.at("m1").size(), std::string(kWords[0]).size());
  EXPECT_TRUE(texts.at("m1").starts_with("<text:")) << texts.at("m1");
  EXPECT_NE(texts.at("m4"), kWords[4]);
  EXPECT_EQ(texts.at("m4").size(), 3U);
  EXPECT_TRUE(names.at("m1").starts_with("<name:")) << names.at("m1");
  EXPECT_EQ(names.at("m1"), names.at("m4"));
  EXPECT_NE(names.at("m1"), names.at("m3"));
  const fs::path again = outs.path() / "again";
  ASSERT_EQ(bundle(dir, again, {"--around", "latest", "--before", "1000", "--redact"}).code,
            kExitOk);
  EXPECT_EQ(contents(again / "events.jsonl").find(texts.at("m1")), std::string::npos)
      << "each bundle has a key of its own";
}

// Words the core decides by, with what people said around them.
TEST(Bundle, RedactedTextsWithACommandInFrontAreDecidedAndFoldedAsBefore) {
  const TempDir dir;
  const TempDir outs;
  const std::vector<std::string> said{
      "/new hello   ", "/new hello",   "  /new   secretly ", "/NEW\nsecret lines\n\n",
      "/new   ",       "/new",         "/newsecret",         "/status  ",
      " /stop ",       "/stop secret", "hello   ",           "   "};
  {
    Lab lab(dir.path());
    std::size_t id = 0;
    for (const std::string& text : said) {
      lab.say({.id = "m" + std::to_string(id++), .text = text, .vouched = true});
      lab.digested();
    }
  }
  const Seq last = Timeline::open(dir.path())->last();
  for (const std::uint64_t around : {last.value, last.value / 2, std::uint64_t{1}}) {
    const fs::path out = outs.path() / std::to_string(around);
    const Output made = bundle(
        dir, out,
        {"--around", std::to_string(around), "--redact", "--before", "4", "--after", "1000"});
    ASSERT_EQ(made.code, kExitOk) << made.err;
    EXPECT_EQ(contents(out / "events.jsonl").find("secret"), std::string::npos);
    const auto manifest = manifest_of(out);
    const Output folded = call({"replay", "verify", "--json"}, out);
    EXPECT_EQ(folded.code, kExitOk) << folded.out << folded.err;
    EXPECT_EQ(nlohmann::json::parse(folded.out).at("digest"), manifest.at("digestAfter"));
    // Decided again, only the gateway's own answers say something else: they were replaced, too.
    const Output forked = call({"replay", "fork", "--json"}, out);
    const auto fork = nlohmann::json::parse(forked.out);
    for (const auto& each : fork.at("divergences")) {
      EXPECT_EQ(each.at("kind"), "CommandAnswered") << each;
      EXPECT_EQ(each.at("expected"), each.at("got"));
    }
    if (around != 1) continue;
    std::map<std::string, std::string> texts;
    std::istringstream in(contents(out / "events.jsonl"));
    for (std::string line; std::getline(in, line);) {
      const auto event = nlohmann::json::parse(line);
      if (event.at("kind") == "MessageReceived")
        texts[event.at("body").at("external_id")] = event.at("body").at("text");
    }
    ASSERT_EQ(texts.size(), said.size());
    for (std::size_t i = 0; i < said.size(); ++i)
      EXPECT_EQ(texts.at("m" + std::to_string(i)).size(), said[i].size());
    for (const std::size_t i : {4U, 5U, 7U, 8U})
      EXPECT_EQ(texts.at("m" + std::to_string(i)), said[i]) << "nobody's words";
    EXPECT_TRUE(texts.at("m0").starts_with("/new "));
    EXPECT_FALSE(has(texts.at("m0"), "hello")) << texts.at("m0");
    EXPECT_EQ(texts.at("m1").substr(5, 5).find(' '), std::string::npos) << texts.at("m1");
    EXPECT_TRUE(texts.at("m2").starts_with("  /new   ")) << texts.at("m2");
    EXPECT_TRUE(texts.at("m3").starts_with("/NEW\n")) << texts.at("m3");
    EXPECT_FALSE(texts.at("m6").starts_with("/new")) << texts.at("m6");
  }
}

TEST(Bundle, WhatIsOutsideOrTakenLeavesNothingBehind) {
  const TempDir dir;
  const TempDir outs;
  tell_secrets(dir.path());
  const fs::path out = outs.path() / "out";
  const Output beyond = bundle(dir, out, {"--around", "1000"});
  EXPECT_EQ(beyond.code, kExitFailure);
  EXPECT_NE(beyond.err.find("#1000 is outside the journal"), std::string::npos) << beyond.err;
  EXPECT_EQ(bundle(dir, out, {"--around", "someday"}).code, kExitUsage);
  EXPECT_EQ(bundle(dir, out, {}).code, kExitUsage);
  fs::create_directory(out);
  const Output taken = bundle(dir, out, {"--around", "5"});
  EXPECT_EQ(taken.code, kExitFailure);
  EXPECT_NE(taken.err.find("exists already"), std::string::npos) << taken.err;
  EXPECT_EQ(bundle(dir, outs.path() / "no" / "such", {"--around", "5"}).code, kExitFailure);
  EXPECT_EQ(names_in(outs.path()), 1U);
  EXPECT_EQ(names_in(out), 0U);
}

TEST(Bundle, ATruncatedOrForeignPieceIsNamed) {
  const TempDir dir;
  const TempDir outs;
  tell_secrets(dir.path());
  const fs::path out = outs.path() / "out";
  ASSERT_EQ(bundle(dir, out, {"--around", "9", "--before", "2", "--after", "2"}).code, kExitOk);
  const auto first = manifest_of(out).at("firstSeq").get<std::uint64_t>();
  const auto broken = [&](const char* name, const auto& damage) {
    const fs::path copy = outs.path() / name;
    fs::copy(out, copy, fs::copy_options::recursive);
    damage(copy);
    return copy;
  };
  const auto snapshot = [&](const fs::path& in) {
    return journal::SnapshotStore::look_at(in / "snapshots").path_of(Seq{first - 1});
  };
  const fs::path headless =
      broken("headless", [&](const fs::path& in) { fs::remove(snapshot(in)); });
  const Output folded = call({"replay", "verify"}, headless);
  EXPECT_EQ(folded.code, kExitFailure);
  EXPECT_NE(folded.err.find("is missing or damaged"), std::string::npos) << folded.err;
  EXPECT_EQ(call({"journal", "dump"}, headless).code, kExitOk) << "events need no state";

  const fs::path cut = broken("cut", [&](const fs::path& in) {
    fs::resize_file(snapshot(in), fs::file_size(snapshot(in)) / 2);
  });
  EXPECT_EQ(call({"replay", "verify"}, cut).code, kExitFailure);

  const fs::path short_journal = broken(
      "short", [&](const fs::path& in) { fs::resize_file(in / "journal" / "data.mdb", 4'096); });
  EXPECT_EQ(call({"journal", "verify"}, short_journal).code, kExitFailure);

  const fs::path no_json =
      broken("no_json", [&](const fs::path& in) { fs::resize_file(in / "manifest.json", 40); });
  const Output unread = call({"journal", "verify"}, no_json);
  EXPECT_EQ(unread.code, kExitFailure);
  EXPECT_NE(unread.err.find("manifest.json is not JSON"), std::string::npos) << unread.err;

  const fs::path unmarked =
      broken("unmarked", [&](const fs::path& in) { fs::remove(in / "manifest.json"); });
  const Output verified = call({"journal", "verify"}, unmarked);
  EXPECT_EQ(verified.code, kExitFailure);
  EXPECT_NE(verified.out.find("these events are missing"), std::string::npos) << verified.out;

  const fs::path longer = broken("longer", [&](const fs::path& in) {
    auto manifest = manifest_of(in);
    manifest["lastSeq"] = 500;
    std::ofstream(in / "manifest.json") << manifest;
  });
  const Output missing = call({"journal", "verify"}, longer);
  EXPECT_EQ(missing.code, kExitFailure);
  EXPECT_NE(missing.out.find("these events of the bundle are missing"), std::string::npos)
      << missing.out;

  const auto tail = [&](std::uint64_t seq) {
    return call({"journal", "tail", "--no-follow", "--cursor", cursor_text({7, 9}, Seq{seq})}, out);
  };
  EXPECT_EQ(tail(first - 1).code, kExitOk) << "what follows is there";
  const Output gone = tail(first - 2);
  EXPECT_EQ(gone.code, kExitFailure);
  EXPECT_NE(gone.err.find(fmt::format("is gone: this journal begins at #{}", first)),
            std::string::npos)
      << gone.err;
}

TEST(Bundle, StatesBeforeItAreNotThere) {
  const TempDir dir;
  const TempDir outs;
  tell_secrets(dir.path());
  const fs::path out = outs.path() / "out";
  ASSERT_EQ(bundle(dir, out, {"--around", "9", "--before", "2", "--after", "2"}).code, kExitOk);
  core::State state;
  auto timeline = Timeline::open(out);
  ASSERT_TRUE(timeline);
  const Status below = timeline->state_at(Seq{1}, state);
  ASSERT_FALSE(below);
  EXPECT_NE(below.error().message.find("is not in the journal: it holds #"), std::string::npos);
}

TEST(Bundle, WhoSetAFieldIsAskedOfItAsFarAsItReaches) {
  const TempDir dir;
  const TempDir outs;
  tell_secrets(dir.path());
  const fs::path out = outs.path() / "out";
  ASSERT_EQ(bundle(dir, out, {"--around", "latest", "--before", "2"}).code, kExitOk);
  const auto blame = [&](const fs::path& in, const char* field) {
    return call({"replay", "blame", "engine", field, "--all"}, in);
  };
  EXPECT_EQ(blame(out, "applied").code, kExitOk) << blame(out, "applied").err;
  const std::string of_part = blame(out, "applied").out;
  const std::string changes = of_part.substr(of_part.find('#', of_part.find('\n')));
  EXPECT_TRUE(blame(dir.path(), "applied").out.ends_with(changes)) << changes;
  const Output nobody = call({"replay", "blame", "session", "agent:main:nobody", "label"}, out);
  EXPECT_EQ(nobody.code, kExitFailure);
  EXPECT_TRUE(has(nobody.err, "There is no session")) << nobody.err;
}

}  // namespace
}  // namespace spine::replay
