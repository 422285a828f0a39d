// step: a debugger on the journal: reads commands, goes forth and back, shows what is there.
#include <array>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>

#include "engine/core/model/cells.h"
#include "engine/core/predicate/state_facts.h"
#include "replay/search/state_search.h"
#include "replay/state/cell_text.h"
#include "replay/state/change_text.h"
#include "replay/state/row_finder.h"
#include "replay/timeline/checkpoints.h"
#include "replay/timeline/event_text.h"
#include "replay/timeline/moment.h"
#include "replay/timeline/progress.h"
#include "replay/timeline/selection.h"
#include "replay/verb.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

constexpr std::size_t kLineBytesMax = 8192;
constexpr std::uint64_t kRowsShownMax = 50;

class Stepper {
 public:
  Stepper(const Common& common, Timeline& timeline)
      : common_(common), timeline_(timeline), names_(timeline), checkpoints_(timeline) {}

  // Reads commands until there are none or one says so. kExitFailure when one failed and nobody sat
  // there to see it.
  Result<int> run(const std::string& at) {
    terminal_ = ::fileno(common_.in) >= 0 && ::isatty(::fileno(common_.in)) == 1;
    SPINE_TRY(const Place place, find_place(at, timeline_));
    SPINE_TRY_STATUS(go_to(place.seq));
    std::string line;
    while (!ended_ && read(line)) {
      SPINE_TRY_STATUS(timeline_.reader().renew());
      const Status done = obey(trimmed(line));
      if (done) continue;
      failed_ = true;
      if (bar_) bar_->clear();
      std::fflush(common_.out);
      fail(common_.err, done.error());
    }
    return failed_ && !terminal_ ? kExitFailure : kExitOk;
  }

 private:
  struct Command {
    std::string_view name;
    std::string_view brief;
    Status (Stepper::*act)(std::string_view rest);
    std::string_view help;
  };
  static const std::array<Command, 11> kCommands;

  // The journal is not pinned while it waits: a long read makes a live journal's file grow.
  bool read(std::string& line) {
    timeline_.reader().release();
    if (terminal_) fmt::print(common_.out, "(#{}) ", at().value);
    std::fflush(common_.out);
    std::array<char, kLineBytesMax> buffer{};
    if (std::fgets(buffer.data(), static_cast<int>(buffer.size()), common_.in) == nullptr) {
      return false;
    }
    line = buffer.data();
    return true;
  }

  Status obey(std::string_view line) {
    if (line.empty()) return ok();
    std::string_view rest = line;
    const std::string_view word = take_part(rest, ' ');
    rest = trimmed(rest);
    for (const Command& command : kCommands)
      if (word == command.name || word == command.brief) return (this->*command.act)(rest);
    return Error{Errc::invalid_argument,
                 fmt::format("\"{}\" is no command; \"help\" lists them.", printable(word))};
  }

  // ---- Going

  Seq at() const { return state_.applied(); }

  Status go_to(Seq seq) {
    const Seq from = at();
    bar_.emplace(common_.err, "folding", 0, seq.value);
    timeline_.on_progress([this](Seq reached) { bar_->at(reached.value); });
    const Status there =
        seq < from ? checkpoints_.step_back(seq, state_) : checkpoints_.reach(seq, state_);
    bar_->clear();
    if (!there) {
      SPINE_TRY_STATUS(timeline_.state_at(from, state_));
      return there;
    }
    if (seq != from) before_ = from;
    return event({});
  }

  static Result<std::uint64_t> count_of(std::string_view text) {
    std::uint64_t count = 1;
    if (text.empty()) return count;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc() && end == text.data() + text.size() && count > 0) return count;
    return Error{Errc::invalid_argument,
                 fmt::format("\"{}\" is no number of events.", printable(text))};
  }

  Status forth(std::string_view rest) {
    SPINE_TRY(const std::uint64_t count, count_of(rest));
    const std::uint64_t left = timeline_.last().value - at().value;
    if (left == 0) return Error{Errc::not_found, "This is the last event."};
    return go_to(Seq{at().value + std::min(count, left)});
  }

  Status back(std::string_view rest) {
    SPINE_TRY(const std::uint64_t count, count_of(rest));
    const std::uint64_t left = at().value - timeline_.first().value;
    if (left == 0) return Error{Errc::not_found, "This is the first event."};
    return go_to(Seq{at().value - std::min(count, left)});
  }

  Status go(std::string_view rest) {
    SPINE_TRY(const Place place, find_place(rest, timeline_));
    return go_to(place.seq);
  }

  Status run_to(std::string_view rest) {
    const std::string_view what = take_part(rest, ' ');
    rest = trimmed(rest);
    SelectionOptions options;
    if (what == "kind" && !rest.empty()) {
      options.kinds.emplace_back(rest);
    } else if (what == "session" && !rest.empty()) {
      options.session = rest;
    } else {
      return Error{Errc::invalid_argument,
                   "Say what to run to: run kind RunFailed, or run session agent:main:main."};
    }
    SPINE_TRY(Selection selection, Selection::find(options, timeline_));
    Seq found;
    SPINE_TRY_STATUS(timeline_.for_each_event(
        next(at()), timeline_.last(),
        [&](const EventView& event) {
          if (selection.wanted(event, names_)) found = event.seq;
          return !found;
        },
        &selection.where()));
    if (found) return go_to(found);
    return Error{Errc::not_found, "No later event is of that kind or session."};
  }

  Status until(std::string_view rest) {
    SPINE_TRY(const core::Predicate predicate,
              core::Predicate::parse(rest, core::state_vocabulary()));
    bar_.emplace(common_.err, "looking after every event", at().value, timeline_.last().value);
    StateSearch search(timeline_, predicate);
    SPINE_TRY(const auto turn, search.first_turn(at(), timeline_.last()));
    if (turn) return go_to(*turn);
    return Error{Errc::not_found, "It does not turn true at any later event."};
  }

  // ---- Showing

  Status event(std::string_view) {
    SPINE_TRY(const EventView event, timeline_.event(at()));
    fmt::print(common_.out, "{}{}",
               common_.json ? record_json(event, names_) : record_text(event, names_),
               common_.json ? "\n" : "");
    return ok();
  }

  Status why(std::string_view) {
    Seq seq = at();
    while (true) {
      SPINE_TRY(const EventView event, timeline_.event(seq));
      const Seq cause{event.header.cause};
      if (common_.json) {
        fmt::print(common_.out, "{}\n", record_json(event, names_));
      } else {
        fmt::print(common_.out, "{}#{} {} {}\n", seq == at() ? "" : "because of ", seq.value,
                   utc_text(event.header.wall_ms), kind_name(event.header.kind));
      }
      if (!cause || cause >= seq) return ok();
      seq = cause;
    }
  }

  Status show(std::string_view rest) {
    const std::string_view noun = take_part(rest, ' ');
    rest = trimmed(rest);
    if (noun.empty()) return show_counts();
    if (rest.empty()) return show_rows(noun);
    SPINE_TRY(const std::string table, table_of_noun(noun));
    if (table == "meta") return show_rows(table);
    SPINE_TRY(const std::uint64_t key, find_row(state_, table, rest));
    if (key != 0 && core::visit_row(state_, table, key,
                                    [this](auto name, auto cells) { show_row(name, cells); })) {
      return ok();
    }
    return Error{Errc::not_found, fmt::format("There is no {} {} at #{}.", printable(noun),
                                              printable(rest), at().value)};
  }

  Status show_counts() {
    const core::Vocabulary& tables = core::state_vocabulary();
    const core::StateFacts facts(state_);
    for (std::size_t i = 0; i < tables.size(); ++i) {
      if (common_.json) {
        fmt::print(common_.out,
                   R"({{"table":"{}","rows":{}}})"
                   "\n",
                   tables[i].name, facts.count(i));
      } else {
        fmt::print(common_.out, "{:<18}{:>10}\n", tables[i].name, show_count(facts.count(i)));
      }
    }
    return ok();
  }

  Status show_rows(std::string_view table) {
    SPINE_TRY_STATUS(check_table(table));
    std::uint64_t rows = 0;
    core::visit_rows(state_, table, [&](std::string_view name, std::span<const core::Cell> cells) {
      if (rows++ < kRowsShownMax) show_row(name, cells);
    });
    if (rows > kRowsShownMax) {
      fmt::print(common_.err, "... and {} more: spine replay state --at {} --table {}\n",
                 show_count(rows - kRowsShownMax), at().value, table);
    }
    return ok();
  }

  void show_row(std::string_view table, std::span<const core::Cell> cells) {
    fmt::print(common_.out, "{}", row_shown(table, cells, common_.json));
  }

  // Between where it stood before and here.
  Status diff(std::string_view) {
    core::State before;
    if (before_) SPINE_TRY_STATUS(checkpoints_.reach(before_, before));
    if (!common_.json) fmt::print(common_.out, "From #{} to #{}\n", before_.value, at().value);
    const DiffReport report = diff_states(before, state_, {}, false, [&](const RowChange& change) {
      (common_.json ? print_change_json : print_change_text)(change, common_.out);
    });
    (common_.json ? print_report_json : print_report_text)(report, common_.out);
    return ok();
  }

  Status help(std::string_view) {
    for (const Command& command : kCommands)
      fmt::print(common_.out, "{}\n", command.help);
    return ok();
  }

  Status quit(std::string_view) {
    ended_ = true;
    return ok();
  }

  const Common& common_;
  Timeline& timeline_;
  Names names_;
  Checkpoints checkpoints_;
  core::State state_{};
  Seq before_{};  // where it stood before it went here
  std::optional<Progress> bar_{};
  bool terminal_{};
  bool ended_{};
  bool failed_{};
};

constexpr std::array<Stepper::Command, 11> Stepper::kCommands{{
    {"next", "n", &Stepper::forth, "next [n]           go on by one event, or n"},
    {"back", "b", &Stepper::back, "back [n]           go back by one event, or n"},
    {"goto", "g", &Stepper::go, "goto <moment>      a seq, a time, \"3 messages ago\""},
    {"run", "r", &Stepper::run_to,
     "run kind <kind>    go on to the next event of a kind;\n"
     "run session <key>  of a session"},
    {"until", "u", &Stepper::until, "until <predicate>  go on until it turns true"},
    {"show", "s", &Stepper::show,
     "show [table]       rows of each table, or the rows of one;\n"
     "show session <key> one row: session, run, device, agent ..."},
    {"diff", "d", &Stepper::diff, "diff               what changed since where it stood before"},
    {"event", "e", &Stepper::event, "event              the event, once more"},
    {"why", "w", &Stepper::why, "why                the chain of causes up to the input"},
    {"help", "h", &Stepper::help, "help               these lines"},
    {"quit", "q", &Stepper::quit, "quit               or the end of the input"},
}};

}  // namespace

Action replay_step(CLI::App& verb) {
  verb.footer(fmt::format(
      "Reads commands from the terminal or a pipe, one a line; \"help\" lists them. With --json "
      "it\n"
      "prints JSON lines.\n\n{}\n\nExamples:\n  spine replay step --at \"yesterday 14:03\"\n"
      "  printf 'until sessions.count > 3\\nwhy\\ndiff\\n' | spine replay step",
      core::predicate_help()));
  const auto at = option(verb, "--at", "Moment to begin at (default: the first event)");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
    const std::string first = std::to_string(timeline.first().value);
    return Stepper(common, timeline).run(at->empty() ? first : *at);
  };
}

}  // namespace spine::replay
