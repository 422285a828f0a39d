// bisect: the first event after which a predicate over the state holds.
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/predicate/state_facts.h"
#include "replay/search/digest_lines.h"
#include "replay/search/state_search.h"
#include "replay/timeline/event_text.h"
#include "replay/timeline/moment.h"
#include "replay/timeline/progress.h"
#include "replay/verb.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

using core::Bisection;
using core::Mark;
using core::Verdict;

struct BisectOptions {
  std::string test{};
  std::string good{};  // moments
  std::string bad{};
  bool every{};
  std::string log{};
  std::vector<std::string> digests{};
  std::string command{};  // for `spine`, which does not pass it on
  std::string resume{};
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// One search from its options to what is printed.
class Bisect {
 public:
  Bisect(const Common& common, const BisectOptions& options, Timeline& timeline,
         const core::Predicate& predicate)
      : common_(common),
        options_(options),
        timeline_(timeline),
        predicate_(predicate),
        search_(timeline, predicate) {}

  Result<int> run() {
    SPINE_TRY_STATUS(find_ends());
    SPINE_TRY_STATUS(open_log());
    timeline_.on_progress([this](Seq seq) {
      if (bar_) bar_->at(seq.value);
    });
    SPINE_TRY(const Seq found, options_.every ? walk() : halve());
    SPINE_TRY_STATUS(log(fmt::format("# first bad: [#{}] {}\n", found.value, text_at(found))));
    return common_.json ? print_json(found) : print_text(found);
  }

 private:
  Status find_ends() {
    if (!timeline_.last()) return Error{Errc::not_found, "The journal is empty."};
    good_ = Seq{timeline_.first().value - 1};
    bad_ = timeline_.last();
    if (!options_.good.empty() && options_.good != "0") {
      SPINE_TRY(const Place place, find_place(options_.good, timeline_));
      good_ = place.seq;
    }
    if (!options_.bad.empty()) {
      SPINE_TRY(const Place place, find_place(options_.bad, timeline_));
      bad_ = place.seq;
    }
    if (good_ < bad_) return ok();
    return Error{Errc::invalid_argument, fmt::format("--good ({}) has to be before --bad ({}).",
                                                     text_at(good_), text_at(bad_))};
  }

  Status open_log() {
    if (options_.log.empty()) return ok();
    log_.reset(std::fopen(options_.log.c_str(), "we"));
    if (!log_) {
      return Error{Errc::io, fmt::format("Cannot write the log {}.", printable(options_.log))};
    }
    return log(fmt::format("# spine replay bisect --test {}\n", json_string(predicate_.text())));
  }
  // What was found out by then is there, too, when the search is ended in the middle.
  Status log(const std::string& text) {
    if (!log_) return ok();
    if (std::fputs(text.c_str(), log_.get()) >= 0 && std::fflush(log_.get()) == 0) return ok();
    return Error{Errc::io, fmt::format("Cannot write the log {}: the disk may be full.",
                                       printable(options_.log))};
  }

  // "#12, 2026-11-28 13:03:07.123Z MessageReceived".
  std::string text_at(Seq seq) {
    if (seq < timeline_.first()) return fmt::format("#{}, before the first event", seq.value);
    const auto event = timeline_.event(seq);
    if (!event) return fmt::format("#{}", seq.value);
    return fmt::format("#{}, {} {}", seq.value, utc_text(event->header.wall_ms),
                       kind_name(event->header.kind));
  }

  Status tell(Mark mark) {
    steps_.push_back(mark);
    if (bar_) bar_->clear();
    const std::string text = text_at(mark.seq);
    if (!common_.json) {
      fmt::print(common_.out, "{}: {}\n", text,
                 mark.verdict == Verdict::bad ? "holds" : "does not hold");
      std::fflush(common_.out);
    }
    return log(core::log_lines(mark, text.substr(text.find(' ') + 1)));
  }

  Result<Verdict> look_at(Seq at, const char* what) {
    bar_.emplace(common_.err, what, 0, at.value);
    SPINE_TRY(const Verdict said, search_.verdict_at(at));
    SPINE_TRY_STATUS(tell({.seq = at, .verdict = said}));
    return said;
  }

  Result<Seq> halve() {
    SPINE_TRY(const Verdict at_good, look_at(good_, "folding to the first end"));
    if (at_good == Verdict::bad) {
      return Error{Errc::refused,
                   fmt::format("{} holds already at {}. Choose an earlier --good, or look after "
                               "--every event, which finds where it turns true again.",
                               shown(), text_at(good_))};
    }
    SPINE_TRY(const Verdict at_bad, look_at(bad_, "folding to the last end"));
    if (at_bad == Verdict::good) {
      return Error{Errc::not_found,
                   fmt::format("{} does not hold at {}. If it held for a while in between, --every "
                               "finds it, or --bad names a moment of that while.",
                               shown(), text_at(bad_))};
    }
    Bisection bisection(good_, bad_);
    tell_left(bisection);
    Status told = ok();
    SPINE_TRY(const Seq found, search_.halve(bisection, [&](const Bisection& now, Mark mark) {
      if (told) told = tell(mark);
      tell_left(now);
    }));
    SPINE_TRY_STATUS(told);
    return found;
  }

  void tell_left(const Bisection& bisection) {
    if (!bisection.next()) return;
    if (!common_.json) {
      fmt::print(common_.out, "Bisecting: {} events left to test after this (roughly {} steps)\n",
                 show_count(bisection.left()), bisection.steps());
    }
    bar_.emplace(common_.err, "bisecting", bisection.good().value, bisection.bad().value);
  }

  Result<Seq> walk() {
    bar_.emplace(common_.err, "looking after every event", good_.value, bad_.value);
    SPINE_TRY(const auto turn, search_.first_turn(good_, bad_));
    bar_->clear();
    if (turn) return *turn;
    return Error{Errc::not_found, fmt::format("{} does not turn true anywhere from {} to {}.",
                                              shown(), text_at(good_), text_at(bad_))};
  }

  std::string shown() const { return fmt::format("\"{}\"", printable(predicate_.text())); }

  Result<int> print_text(Seq found) {
    bar_.reset();
    Names names(timeline_);
    SPINE_TRY(const EventView event, timeline_.event(found));
    fmt::print(common_.out, "#{} is the first event after which {} holds\n\n{}", found.value,
               shown(), record_text(event, names));
    return kExitOk;
  }

  Result<int> print_json(Seq found) {
    bar_.reset();
    Names names(timeline_);
    SPINE_TRY(const EventView event, timeline_.event(found));
    const std::string text = json_object([&](JsonWriter& json) {
      json.member("test", predicate_.text());
      json.member("good", good_.value);
      json.member("bad", bad_.value);
      json.member("every", options_.every);
      json.objects("steps", steps_, [&](Mark mark) {
        json.member("seq", mark.seq.value);
        json.member("holds", mark.verdict == Verdict::bad);
      });
      json.member("seq", found.value);
      json.member("time", utc_text(event.header.wall_ms));
      json.member_raw("event", record_json(event, names));
    });
    fmt::print(common_.out, "{}\n", json_for_terminal(text));
    return kExitOk;
  }

  const Common& common_;
  const BisectOptions& options_;
  Timeline& timeline_;
  const core::Predicate& predicate_;
  StateSearch search_;
  Seq good_{};
  Seq bad_{};
  File log_{};
  std::vector<Mark> steps_{};
  std::optional<Progress> bar_{};
};

Result<int> bisect(const Common& common, const BisectOptions& options) {
  if (!options.command.empty() || !options.resume.empty()) {
    return Error{Errc::invalid_argument,
                 "spine-replay starts no programs: `spine replay bisect --run` does, without "
                 "--test, --every and --digests; --resume goes with it."};
  }
  if (options.test.empty() == options.digests.empty()) {
    return Error{Errc::invalid_argument,
                 "Say what to look for: --test 'sessions.count > 3', --run 'command' or --digests "
                 "A B."};
  }
  if (!options.digests.empty()) {
    return compare_digest_files(common, options.digests[0], options.digests[1]);
  }
  SPINE_TRY(const core::Predicate predicate,
            core::Predicate::parse(options.test, core::state_vocabulary()));
  SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
  return Bisect(common, options, timeline, predicate).run();
}

}  // namespace

Action replay_bisect(CLI::App& verb) {
  const auto options = std::make_shared<BisectOptions>();
  verb.add_option("--test", options->test,
                  "Predicate over the state; the first event is sought "
                  "after which it holds");
  verb.add_option("--good", options->good,
                  "Moment at which it does not hold yet (default: before the first event)");
  verb.add_option("--bad", options->bad, "Moment at which it holds (default: the last event)");
  verb.add_flag("--every", options->every,
                "Look after every event: also for what turns true and false again");
  verb.add_option("--log", options->log, "Write each step to this file, as git bisect log does");
  verb.add_option("--digests", options->digests,
                  "Two files of `spine replay digests`: the first digest that differs; exit code 3 "
                  "when one does")
      ->expected(2);
  verb.add_option("--run", options->command, "Command that is run for each step; see below");
  verb.add_option("--resume", options->resume, "With --run: a --log to go on from");
  verb.footer(fmt::format(
      "Both ends are looked at first. Then the range is halved, which assumes, as git bisect "
      "does,\n"
      "that what has turned true stays true; --every does not assume it, and takes "
      "longer.\n\n{}\n\n"
      "--run is done by `spine` (spine-replay starts no programs): CMD is run by /bin/sh with the\n"
      "moment in SPINE_SEQ and SPINE_TIME, and SPINE_STATE_DIR. Its exit codes are those of git\n"
      "bisect run: 0 good, 125 cannot be tested (skip), 1 to 127 bad, others end the search.\n"
      "A --log of it can be taken up again with --resume FILE.\n\n"
      "Examples:\n"
      "  spine replay bisect --test 'any(runs, status == failed and attempt > 2)'\n"
      "  spine replay bisect --test 'session[\"agent:main:main\"].label == \"x\"' --good -2d\n"
      "  spine replay bisect --run 'spine replay state --at $SPINE_SEQ --table meta --state-dir "
      "$SPINE_STATE_DIR | grep -q alice'\n"
      "  spine replay bisect --digests here.jsonl there.jsonl",
      core::predicate_help()));
  return [options](const Common& common) { return bisect(common, *options); };
}

}  // namespace spine::replay
