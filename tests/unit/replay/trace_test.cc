// Tests of replay trace: the tree as text, the picture, and that every event has one.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "replay/timeline/timeline.h"
#include "replay/trace/chain.h"
#include "replay/trace/time_scale.h"
#include "replay/trace/trace_svg.h"
#include "replay/xml_text.h"
#include "tests/unit/replay/lab.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

Output trace(const std::filesystem::path& dir, std::vector<std::string> words) {
  words.insert(words.begin(), {"replay", "trace"});
  return call(words, dir);
}

nlohmann::json trace_json_of(const std::filesystem::path& dir, const std::string& what) {
  const Output output = trace(dir, {what, "--json"});
  EXPECT_EQ(output.code, kExitOk) << output.err;
  return nlohmann::json::parse(output.out, nullptr, false);
}

// A run with a tool that fails, a crash, a long pause and an answer.
void tell_long_story(const std::filesystem::path& dir) {
  Lab lab(dir);
  lab.start_engine();
  lab.say({.text = "Please fix the <build> & tell me"});
  const RunId run = lab.latest_run();
  lab.pass(900);
  lab.use_tool(run, "bash", "cmake --build build");
  lab.pass(5'200);
  lab.use_tool(run, "edit", "src/main.cc", true);
  lab.interrupt(run);
  lab.say({.sender = "bob", .id = "m2", .text = "other"});
  lab.pass(7'500'000);
  lab.finish(run, "It builds again.");
}

TEST(ReplayTrace, DrawsTheTreeOfCauses) {
  const TempDir dir;
  tell_long_story(dir.path());
  const Output output = trace(dir.path(), {"telegram:m1"});
  EXPECT_EQ(output.code, kExitOk) << output.err;
  EXPECT_EQ("\n" + output.out, R"golden(
Chain of #4: 12 events in 2 h 5 min, 2 failures
Begins 2023-11-14 22:13:20.004Z, looked at until #20

 #4         +0 ms > MessageReceived  from "alice" on telegram, id m1: "Please fix the <build> & tell me"  [by telegram:default:alice (alice)]
 #5         +0 ms   |- PrincipalAdded  sender telegram:default:alice "alice"
 #6         +0 ms   |- SessionOpened  agent:main:telegram:direct:alice
 #7         +0 ms   `- RunQueued  run c14507a2-b1bf-4626-893f-5a804b06a028 for agent main
 #8         +0 ms      `- RunStarted  attempt 1 of run #7  + 1 routine event
                          |- -> prompt to agent main: ended by #13
 #9       +901 ms         |- ToolCalled  bash: "cmake --build build"
#11        +6.2 s         |- ToolCalled  edit: "src/main.cc"  (after 5.2 s)
#12        +6.3 s !       |- ToolReturned  edit failed after 120 ms: "out"
#13        +6.3 s !       `- RunInterrupted  agent_crash after 40 ms: "signal 11"
#14        +6.3 s            `- RunStarted  attempt 2 of run #7
                                |- -> prompt to agent main: ended by #20
                                |  ... 2 h 5 min quiet ...
#20    +2 h 5 min               `- RunFinished  after 20 ms: "It builds again."  (after 2 h 5 min)
)golden");
}

TEST(ReplayTrace, FollowsAnAnswerToItsChannel) {
  const TempDir dir;
  {
    Lab lab(dir.path());
    lab.channel(fb::ChannelState::connected);
    lab.say({});
    lab.finish(lab.latest_run(), "Hello to you.");
    const DeliveryId delivery = lab.attempted().id;
    lab.fail_delivery(fb::DeliveryFailure::permanent, "chat not found");
    lab.retry_delivery(delivery);
    lab.confirm({"tg-1", "tg-2"});
  }
  const Output output = trace(dir.path(), {"m1"});
  EXPECT_EQ(output.code, kExitOk) << output.err;
  for (const char* line :
       {"DeliveryRequested  answer to channel #3, for message #4, text of #9",
        "DeliveryAttempted  attempt 1 of delivery #10", "-> delivery to channel telegram: ended by",
        "DeliveryFailed  delivery #10, permanent: \"chat not found\"",
        "DeliveryDeadLettered  delivery #10, permanent", "DeliveryRetryRequested  of delivery #10",
        "DeliveryConfirmed  delivery #10, as tg-1 and 1 more"}) {
    EXPECT_NE(output.out.find(line), std::string::npos) << line << "\n" << output.out;
  }
  EXPECT_EQ(output.out.find("open"), std::string::npos) << output.out;
}

TEST(ReplayTrace, GoesUpFromAnEffectToItsOrigin) {
  const TempDir dir;
  tell_long_story(dir.path());
  const Output output = trace(dir.path(), {"#14", "--up"});
  EXPECT_EQ(output.code, kExitOk) << output.err;
  EXPECT_EQ("\n" + output.out, R"golden(
Chain of #4: 5 events in 6.3 s, 1 failure
Begins 2023-11-14 22:13:20.004Z, looked at until #14

 #4         +0 ms   MessageReceived  from "alice" on telegram, id m1: "Please fix the <build> & tell me"  [by telegram:default:alice (alice)]
 #7         +0 ms   `- RunQueued  run c14507a2-b1bf-4626-893f-5a804b06a028 for agent main
 #8         +0 ms      `- RunStarted  attempt 1 of run #7
#13        +6.3 s !       `- RunInterrupted  agent_crash after 40 ms: "signal 11"  (after 6.3 s)
#14        +6.3 s >          `- RunStarted  attempt 2 of run #7
)golden");
}

TEST(ReplayTrace, FoldsRoutineAndNeverFailures) {
  const TempDir dir;
  tell_long_story(dir.path());
  const std::string folded = trace(dir.path(), {"m1"}).out;
  EXPECT_TRUE(has(folded, "+ 1 routine event"));
  EXPECT_TRUE(has(folded, "edit failed"));
  EXPECT_FALSE(has(folded, "#10 "));
  const std::string all = trace(dir.path(), {"m1", "--all"}).out;
  EXPECT_FALSE(has(all, "routine"));
  EXPECT_TRUE(has(all, "#10 "));
  // The one that is asked for is shown in any case.
  EXPECT_TRUE(has(trace(dir.path(), {"#10"}).out, "#10 "));
}

// Every way in which runs end, are merged, steered and aborted by other chains.
void tell_everything(const std::filesystem::path& dir) {
  Lab lab(dir, {.admins = {"telegram:boss"}});
  lab.start_engine();
  lab.say({.id = "a"});
  lab.say({.id = "b", .queue_mode = fb::QueueMode::steer});
  lab.steer(lab.latest_run(), lab.first_run());
  lab.ask(lab.first_run(), "bash");
  lab.finish(lab.first_run(), "both");
  lab.say({.id = "c"});
  lab.say({.id = "d", .queue_mode = fb::QueueMode::collect});
  lab.say({.id = "e", .queue_mode = fb::QueueMode::collect});
  lab.finish(lab.first_run(), "c");
  lab.abort(lab.first_run());
  lab.say({.id = "a"});
  lab.say({.id = "f"});
  lab.say({.id = "g", .queue_mode = fb::QueueMode::interrupt});
  lab.say({.id = "h", .text = "/stop"});
  lab.say({.id = "i", .text = "/new"});
  lab.agent_exits("main", fb::AgentExitReason::crashed, 1);
  lab.quarantine("main");
  lab.digested();
  lab.record_rejection(fb::RejectReason::table_full);
  lab.stop_engine();
  lab.sealed_message();
}

TEST(ReplayTrace, OfEveryEventContainsIt) {
  const TempDir dir;
  Seq last{};
  {
    tell_everything(dir.path());
    auto reader = journal::Reader::open_read_only(dir.path() / "journal");
    ASSERT_TRUE(reader);
    ASSERT_TRUE(reader->renew());
    last = reader->last();
  }
  ASSERT_GT(last.value, 30U);
  for (std::uint64_t seq = 1; seq <= last.value; ++seq) {
    const std::string name = "#" + std::to_string(seq);
    for (const char* how : {"--all", "--up"}) {
      const Output output = trace(dir.path(), {name, how, "--json"});
      ASSERT_EQ(output.code, kExitOk) << name << output.err;
      const auto json = nlohmann::json::parse(output.out);
      EXPECT_EQ(json.at("asked"), seq);
      bool found = false;
      std::uint64_t before = 0;
      for (const auto& event : json.at("events")) {
        found = found || event.at("seq") == seq;
        EXPECT_GT(event.at("seq"), before) << name;
        before = event.at("seq");
      }
      EXPECT_TRUE(found) << name;
      EXPECT_TRUE(has(trace(dir.path(), {name, how}).out, name)) << name;
    }
    const Output explained = call({"replay", "explain", name}, dir.path());
    const bool sealed = has(explained.err, "sealed");
    EXPECT_EQ(explained.code, sealed ? kExitFailure : kExitOk) << name << explained.err;
  }
}

TEST(ReplayTrace, ShowsWhatOtherChainsDidToItsRuns) {
  const TempDir dir;
  tell_everything(dir.path());
  const std::string merged = trace(dir.path(), {"telegram:b"}).out;
  EXPECT_TRUE(has(merged, "RunsMerged")) << merged;
  EXPECT_TRUE(has(merged, "(of the chain of #")) << merged;
  const std::string steered = trace(dir.path(), {"telegram:b"}).out;
  EXPECT_TRUE(has(steered, "-> message into the run at work, to agent main: ended by #"))
      << steered;
  const auto json = trace_json_of(dir.path(), "telegram:f");
  EXPECT_EQ(json.at("open"), 0) << "the abort of another chain ends the prompt";
  EXPECT_EQ(json.at("failures"), 1);
}

TEST(ReplayTrace, LeavesAnOpenPromptOpen) {
  const TempDir dir;
  { Lab(dir.path()).say({}); }
  const Output output = trace(dir.path(), {"m1"});
  EXPECT_TRUE(has(output.out, "-> prompt to agent main: open")) << output.out;
  EXPECT_EQ(trace_json_of(dir.path(), "m1").at("open"), 1);
}

TEST(ReplayTrace, IsBoundedByTo) {
  const TempDir dir;
  tell_long_story(dir.path());
  const std::string text = trace(dir.path(), {"m1", "--to", "9"}).out;
  EXPECT_TRUE(has(text, "#9 "));
  EXPECT_FALSE(has(text, "RunFinished"));
}

TEST(ReplayTrace, FindsRunsByTheBeginningOfTheirKey) {
  const TempDir dir;
  {
    Lab lab(dir.path());
    lab.say({.id = "m1", .key = "key-one"});
    lab.say({.sender = "bob", .id = "m2", .key = "key-two"});
    lab.say({.sender = "cat", .id = "m3", .key = "key-two-and-more"});
  }
  EXPECT_EQ(trace_json_of(dir.path(), "key-on").at("root"), 3);
  EXPECT_EQ(trace(dir.path(), {"key-two"}).code, kExitOk);
  const Output several = trace(dir.path(), {"key-t"});
  EXPECT_EQ(several.code, kExitUsage);
  EXPECT_TRUE(has(several.err, "key-two, key-two-and-more")) << several.err;
}

TEST(ReplayTrace, SaysWhatIsNotThere) {
  const TempDir dir;
  tell_long_story(dir.path());
  const Output beyond = trace(dir.path(), {"#4711"});
  EXPECT_EQ(beyond.code, kExitFailure);
  EXPECT_TRUE(has(beyond.err, "it holds #1 to #")) << beyond.err;
  const Output unknown = trace(dir.path(), {"telegram:nobody"});
  EXPECT_EQ(unknown.code, kExitFailure);
  EXPECT_TRUE(has(unknown.err, "No message and no run of that id")) << unknown.err;
  EXPECT_EQ(trace(dir.path(), {}).code, kExitUsage);
  EXPECT_EQ(trace(dir.path() / "nowhere", {"#1"}).code, kExitFailure);
}

std::string file_text(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

bool is_well_formed(const std::filesystem::path& path) {
  const std::string command =
      "python3 -c 'import sys, xml.etree.ElementTree as e; e.parse(sys.argv[1])' " + path.string();
  return std::system(command.c_str()) == 0;
}

TEST(ReplayTraceSvg, IsWellFormedWhateverPeopleWrite) {
  const TempDir dir;
  {
    Lab lab(dir.path());
    std::string all = "]]> <script>alert(1)</script> & \"quoted\" 'single' \xff\xfe \xed\xa0\x80 ";
    for (char c = 1; c < 32; ++c)
      all += c;
    lab.say({.sender = "<b>&", .id = "m1\"'", .text = all});
    lab.use_tool(lab.latest_run(), "</title>", "<!-- \xef\xbf\xbf -->");
    lab.fail(lab.latest_run(), "<![CDATA[ \x01");
  }
  const auto file = dir.path() / "trace.svg";
  const Output output = trace(dir.path(), {"#3", "--all", "--svg", file.string()});
  ASSERT_EQ(output.code, kExitOk) << output.err;
  EXPECT_TRUE(is_well_formed(file)) << file_text(file);
  const std::string svg = file_text(file);
  EXPECT_FALSE(has(svg, "<script"));
  EXPECT_FALSE(has(svg, "<b>"));
  EXPECT_TRUE(has(svg, "prefers-color-scheme"));
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".partial"));
}

TEST(ReplayTraceSvg, IsBoundedAndSaysSo) {
  const TempDir dir;
  tell_long_story(dir.path());
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline) << timeline.error().message;
  Names names(*timeline);
  const auto chain = Chain::gather(*timeline, names, {.of = Seq{4}});
  ASSERT_TRUE(chain) << chain.error().message;
  EXPECT_FALSE(has(trace_svg(*chain, "all", true), "not drawn"));
  const std::string svg = trace_svg(*chain, "some", true, 5);
  EXPECT_TRUE(has(svg, "10 more rows are not drawn")) << svg;
  const auto file = dir.path() / "trace.svg";
  std::ofstream(file) << svg;
  EXPECT_TRUE(is_well_formed(file));
}

TEST(ReplayTraceSvg, LeavesNoHalfFileWhenItCannotBeWritten) {
  const TempDir dir;
  tell_long_story(dir.path());
  const auto file = dir.path() / "no" / "trace.svg";
  const Output output = trace(dir.path(), {"m1", "--svg", file.string()});
  EXPECT_EQ(output.code, kExitFailure);
  EXPECT_TRUE(has(output.err, "trace.svg")) << output.err;
}

TEST(ReplayTraceSvg, EscapesXml) {
  EXPECT_EQ(xml_text("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(xml_text("\x01\xff"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(ReplayTimeScale, KeepsOrderAndStaysWithin) {
  for (const std::vector<std::uint64_t>& times :
       {std::vector<std::uint64_t>{0},
        {0, 5},
        {0, 100'000},
        {0, 1, 2, 90'000, 90'050, 9'000'000},
        {0, 1, 1'000'000, 2'000'000, 3'000'000, 4'000'000, 5'000'000, 6'000'000, 7'000'000,
         8'000'000, 9'000'000}}) {
    const TimeScale scale(times, 60'000, 100, 500);
    double before = 0;
    for (const std::uint64_t time : times) {
      const double x = scale.x_of(time);
      EXPECT_GE(x, before);
      EXPECT_GE(x, 100);
      EXPECT_LE(x, 500.001);
      before = x;
    }
    for (const TimeScale::Gap& gap : scale.gaps()) {
      EXPECT_LT(gap.left, gap.right);
      EXPECT_GE(gap.ms, 60'000U);
    }
    EXPECT_FALSE(scale.ticks(80).empty());
  }
}

}  // namespace
}  // namespace spine::replay
