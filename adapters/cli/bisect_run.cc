// Halving by a command's exit code.
#include "adapters/cli/bisect_run.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <memory>

#include "adapters/cli/process.h"
#include "engine/core/base/bisection.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/json_read.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

using core::Bisection;
using core::Mark;
using core::Verdict;

constexpr int kSkip = 125;    // the command cannot tell
constexpr int kBadMax = 127;  // beyond: a signal, or the command wants to end the search

struct Options {
  std::string command{};
  std::string good{};
  std::string bad{};
  std::string log{};
  std::string resume{};
};

class BisectRun {
 public:
  BisectRun(Options options, bool json, std::filesystem::path program,
            std::filesystem::path state_dir)
      : options_(std::move(options)),
        json_(json),
        program_(std::move(program)),
        state_dir_(std::move(state_dir)) {}

  Result<int> run() {
    SPINE_TRY_STATUS(find_ends());
    SPINE_TRY(Bisection bisection, begin());
    while (const auto at = bisection.next()) {
      say(fmt::format("Bisecting: {} events left to test after this (roughly {} steps)\n",
                      show_count(bisection.left()), bisection.steps()));
      SPINE_TRY(const Verdict said, test(*at));
      bisection.mark({.seq = *at, .verdict = said});
    }
    return bisection.found() ? found(bisection.bad()) : undecided(bisection);
  }

 private:
  // What spine-replay prints, as text or JSON.
  Result<std::string> ask(std::vector<std::string> words, bool json) const {
    words.insert(words.begin(), program_.string());
    words.insert(words.end(), {"--state-dir", state_dir_.string()});
    if (json) words.push_back("--json");
    return output_of(words);
  }

  // Fields of the first line that spine-replay prints.
  Result<JsonNode> ask_json(std::vector<std::string> words) {
    SPINE_TRY(const std::string text, ask(std::move(words), true));
    padded_.assign(text.substr(0, text.find('\n')));
    simdjson::dom::element root;
    if (parser_.parse(padded_, root) == JsonParser::Fault::none) return JsonNode{root};
    return Error{Errc::not_found, "spine-replay gave no answer: see what it says above."};
  }

  Status find_ends() {
    SPINE_TRY(const JsonNode info, ask_json({"journal", "info"}));
    good_ = Seq{info.number("firstSeq")};
    bad_ = Seq{info.number("lastSeq")};
    if (!bad_) return Error{Errc::not_found, "The journal is empty."};
    SPINE_TRY(good_, seq_of(options_.good, good_));
    SPINE_TRY(bad_, seq_of(options_.bad, bad_));
    if (good_ < bad_) return ok();
    return Error{Errc::invalid_argument, fmt::format("--good (#{}) has to be before --bad (#{}).",
                                                     good_.value, bad_.value)};
  }

  Result<Seq> seq_of(const std::string& moment, Seq otherwise) {
    if (moment.empty()) return otherwise;
    SPINE_TRY(const JsonNode state,
              ask_json({"replay", "state", "--at", moment, "--table", "meta"}));
    return Seq{state.number("seq")};
  }

  // Both ends are tested, unless a log of an earlier search tells of them.
  Result<Bisection> begin() {
    SPINE_TRY(const std::vector<Mark> marks, resumed());
    const auto told = [&](Mark mark) {
      return std::ranges::any_of(marks, [&](Mark known) {
        return known.seq == mark.seq && known.verdict == mark.verdict;
      });
    };
    SPINE_TRY_STATUS(open_log(marks));
    for (const Mark wanted : {Mark{good_, Verdict::good}, Mark{bad_, Verdict::bad}}) {
      if (told(wanted)) continue;
      SPINE_TRY(const Verdict said, test(wanted.seq));
      if (said == wanted.verdict) continue;
      return Error{Errc::refused,
                   fmt::format("The command says \"{}\" at #{}, where \"{}\" was expected: check "
                               "it, or choose another --{}.",
                               verdict_name(said), wanted.seq.value, verdict_name(wanted.verdict),
                               verdict_name(wanted.verdict))};
    }
    Bisection bisection(good_, bad_);
    for (const Mark mark : marks)
      bisection.mark(mark);
    return bisection;
  }

  Result<std::vector<Mark>> resumed() const {
    if (options_.resume.empty()) return std::vector<Mark>{};
    std::ifstream file(options_.resume);
    if (!file) {
      return Error{Errc::not_found, fmt::format("Cannot read {}.", printable(options_.resume))};
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return core::read_log(text);
  }

  Status open_log(const std::vector<Mark>& marks) {
    if (options_.log.empty()) return ok();
    log_.reset(std::fopen(options_.log.c_str(), "we"));
    SPINE_TRY_STATUS(
        log(fmt::format("# spine replay bisect --run {}\n", json_string(options_.command))));
    for (const Mark mark : marks)
      SPINE_TRY_STATUS(log(core::log_lines(mark, "of an earlier search")));
    return ok();
  }
  Status log(const std::string& text) {
    if (options_.log.empty()) return ok();
    if (log_ && std::fputs(text.c_str(), log_.get()) >= 0 && std::fflush(log_.get()) == 0) {
      return ok();
    }
    return Error{Errc::io, fmt::format("Cannot write the log {}.", printable(options_.log))};
  }

  void say(const std::string& text) const {
    if (json_) return;
    fmt::print("{}", text);
    std::fflush(stdout);
  }

  Result<Verdict> test(Seq at) {
    const std::string seq = std::to_string(at.value);
    SPINE_TRY(const JsonNode event,
              ask_json({"journal", "dump", "--from", seq, "--to", seq, "--limit", "1"}));
    const std::string what = fmt::format("{} {}", event.text("time"), event.text("kind"));
    ::setenv("SPINE_SEQ", seq.c_str(), 1);
    ::setenv("SPINE_TIME", std::string(event.text("time")).c_str(), 1);
    ::setenv("SPINE_STATE_DIR", state_dir_.c_str(), 1);
    // With --json, standard output is for the result alone.
    const int code =
        run_program({"/bin/sh", "-c", (json_ ? "exec 1>&2\n" : "") + options_.command});
    if (code > kBadMax) {
      return Error{
          Errc::refused,
          fmt::format("The search ends: exit code {} of the command at #{} is none of 0 "
                      "(good), 125 (skip), 1 to 127 (bad).{}",
                      code, seq, options_.log.empty() ? "" : " --resume goes on from the log.")};
    }
    const Verdict said = code == 0 ? Verdict::good : code == kSkip ? Verdict::skip : Verdict::bad;
    tests_.push_back({.seq = at, .verdict = said});
    say(fmt::format("#{}, {}: {}\n", seq, what, verdict_name(said)));
    SPINE_TRY_STATUS(log(core::log_lines(tests_.back(), what)));
    return said;
  }

  std::string result_json(Seq first, Seq last) const {
    return spine::json_object([&](JsonWriter& json) {
      json.member("command", options_.command);
      json.objects("steps", tests_, [&](Mark mark) {
        json.member("seq", mark.seq.value);
        json.member("verdict", verdict_name(mark.verdict));
      });
      first == last ? json.member("seq", first.value) : json.member_null("seq");
      json.member("firstPossible", first.value);
      json.member("lastPossible", last.value);
    });
  }

  Result<int> found(Seq seq) {
    SPINE_TRY_STATUS(log(fmt::format("# first bad: [#{}]\n", seq.value)));
    if (json_) {
      fmt::print("{}\n", json_for_terminal(result_json(seq, seq)));
      return kExitOk;
    }
    const std::string text = std::to_string(seq.value);
    SPINE_TRY(const std::string event,
              ask({"journal", "dump", "--from", text, "--to", text}, false));
    fmt::print("#{} is the first event after which the command fails\n\n{}", text, event);
    return kExitOk;
  }

  Result<int> undecided(const Bisection& bisection) {
    const Seq first = next(bisection.good());
    SPINE_TRY_STATUS(
        log(fmt::format("# only skipped events are left: the first bad one is one of "
                        "#{} to #{}\n",
                        first.value, bisection.bad().value)));
    if (json_) fmt::print("{}\n", json_for_terminal(result_json(first, bisection.bad())));
    return Error{
        Errc::unavailable,
        fmt::format("Only skipped events are left to test: the first bad one is one of #{} "
                    "to #{}.",
                    first.value, bisection.bad().value)};
  }

  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  Options options_;
  bool json_;
  std::filesystem::path program_;
  std::filesystem::path state_dir_;
  Seq good_{};
  Seq bad_{};
  std::vector<Mark> tests_{};
  std::unique_ptr<std::FILE, CloseFile> log_{};
  PaddedText padded_{};
  JsonParser parser_{};
};

}  // namespace

bool is_bisect_run(const std::vector<std::string>& words) {
  const auto is_run = [](const std::string& word) {
    return word == "--run" || word.starts_with("--run=");
  };
  const auto is_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  return words.size() > 2 && words[0] == "replay" && words[1] == "bisect" &&
         std::ranges::any_of(words, is_run) && std::ranges::none_of(words, is_help);
}

Result<int> bisect_run(const std::vector<std::string>& words, const Common& common) {
  Options options;
  CLI::App app;
  app.add_option("--run", options.command);
  app.add_option("--good", options.good);
  app.add_option("--bad", options.bad);
  app.add_option("--log", options.log);
  app.add_option("--resume", options.resume);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend() - 2));
  } catch (const CLI::ParseError& error) {
    return Error{Errc::invalid_argument,
                 fmt::format("{} With --run there are --good, --bad, --log and --resume: spine "
                             "replay bisect --help",
                             printable(error.what()))};
  }
  SPINE_TRY(const Place place, locate(common));
  SPINE_TRY(std::filesystem::path program, sibling_program("spine-replay"));
  return BisectRun(std::move(options), common.json, std::move(program), place.state_dir).run();
}

}  // namespace spine::cli
