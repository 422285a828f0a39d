// blame: which event gave a field its value, and why that event came about.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/model/cells.h"
#include "replay/state/cell_text.h"
#include "replay/state/field_history.h"
#include "replay/state/row_finder.h"
#include "replay/timeline/event_text.h"
#include "replay/timeline/moment.h"
#include "replay/timeline/progress.h"
#include "replay/timeline/timeline.h"
#include "replay/verb.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

struct BlameOptions {
  std::vector<std::string> words{};  // noun, name and field; of the engine noun and field
  std::string at{};
  bool why{};
  bool all{};
};

// The field that is asked for, found.
struct Target {
  std::string table{};
  std::uint64_t key{};
  std::string title{};  // of the row
  std::string key_json{};
  std::string field{};
};

// "#9 2023-11-14 22:13:20.007+00:00  SessionPatched, by sender "alice", session agent:main:main".
std::string one_line(const EventView& event, Names& names) {
  const RecordHeader& h = event.header;
  std::string line = fmt::format("{:>5} {}  {}", fmt::format("#{}", event.seq.value),
                                 show_time(h.wall_ms), kind_name(h.kind));
  if ((h.flags & record_flag::kInput) != 0) {
    line += fmt::format(", input from {}", source_name(h.source));
  }
  if (h.principal != 0) {
    const PrincipalName& who = names.principal(PrincipalId{h.principal});
    line += fmt::format(", by {} \"{}\"", who.kind.empty() ? "principal" : who.kind,
                        printable(who.name.empty() ? who.key : who.name));
  }
  if (h.session != 0) {
    line += fmt::format(", session {}", printable(names.session(SessionId{h.session}).key));
  }
  return line;
}

class Blame {
 public:
  Blame(const Common& common, Timeline& timeline, Place place)
      : common_(common), timeline_(timeline), names_(timeline), place_(place) {}

  // Finds the row. Errc::not_found says when it was there, if it was.
  Status find(const BlameOptions& options) {
    const std::vector<std::string>& words = options.words;
    SPINE_TRY(target_.table, table_of_noun(words.front()));
    const bool single = target_.table == "meta";
    if (words.size() != (single ? 2U : 3U)) return missing_words(words.front(), single);
    target_.field = words.back();
    SPINE_TRY_STATUS(check_column(target_.table, target_.field));
    core::State state;
    {
      Progress progress(common_.err, "folding", 0, place_.seq.value);
      timeline_.on_progress([&](Seq seq) { progress.at(seq.value); });
      SPINE_TRY_STATUS(timeline_.state_at(place_.seq, state));
      timeline_.on_progress({});
    }
    const auto note = [&](std::string_view table, std::span<const core::Cell> cells) {
      target_.title = row_title(table, cells);
      target_.key_json = row_key_json(table, cells);
    };
    if (single) {
      core::visit_rows(state, target_.table, note);
      return ok();
    }
    SPINE_TRY(target_.key, find_row(state, target_.table, words[1]));
    if (target_.key == 0) SPINE_TRY_STATUS(find_by_earlier_name(words.front(), words[1]));
    core::visit_row(state, target_.table, target_.key, note);
    return ok();
  }

  Result<int> show_last(bool why) {
    std::optional<FieldChange> change;
    {
      Progress progress(common_.err, "folding", 0, place_.seq.value);
      timeline_.on_progress([&](Seq seq) { progress.at(seq.value); });
      SPINE_TRY(change, history().last(place_.seq));
      timeline_.on_progress({});
    }
    if (!change) return show_untouched();
    SPINE_TRY(const std::vector<Seq> chain, chain_of(change->seq));
    return common_.json ? print_json(*change, chain, why) : print_text(*change, chain, why);
  }

  Result<int> show_all() {
    std::string page;
    std::optional<Error> failed;
    Progress progress(common_.err, "folding", 0, place_.seq.value);
    timeline_.on_progress([&](Seq seq) { progress.at(seq.value); });
    if (!common_.json) {
      fmt::print(common_.out, "{}, {}, up to {}\n", target_.title, target_.field, place_.text());
    }
    SPINE_TRY_STATUS(history().all(
        place_.seq,
        [&](const FieldChange& change) {
          if (const Status added = add_line(change, page); !added && !failed) {
            failed = added.error();
          }
        },
        [&] {
          if (page.empty()) return;
          progress.clear();
          fmt::print(common_.out, "{}", page);
          page.clear();
        }));
    timeline_.on_progress({});
    if (failed) return *failed;
    return kExitOk;
  }

 private:
  FieldHistory history() {
    return FieldHistory(timeline_, target_.table, target_.key, target_.field);
  }

  static Error missing_words(const std::string& noun, bool single) {
    return Error{Errc::invalid_argument,
                 single ? fmt::format("There is one {0}: name its field alone, as in \"blame {0} "
                                      "policy\".",
                                      printable(noun))
                        : fmt::format("Name a {0}, by its key or number, and a field, as in "
                                      "\"blame {0} 1234 <field>\".",
                                      printable(noun))};
  }

  // The row that once was called so, or the error that says when it was there, if it was.
  Status find_by_earlier_name(const std::string& noun, const std::string& name) {
    SPINE_TRY(const std::optional<RowLife> life,
              find_earlier(timeline_, target_.table, name, place_.seq));
    if (!life) {
      const std::string hint =
          target_.table == "quarantined"
              ? "An agent has fields only while it is quarantined; what the config says of it is "
                "in \"blame engine policy\"."
              : fmt::format("`spine replay state --at {} --table {}` lists what there is.",
                            place_.seq.value, target_.table);
      return Error{
          Errc::not_found,
          fmt::format("There is no {} {} at {}, nor was there before. {}{}", printable(noun),
                      printable(name), place_.text(), other_event(name), hint)};
    }
    if (life->removed) {
      return Error{
          Errc::not_found,
          fmt::format("There is no {} {} at {}: it was there from {} to {}. Ask with --at {}.",
                      printable(noun), printable(name), place_.text(), event_name(life->made),
                      event_name(life->removed), life->removed.value - 1)};
    }
    target_.key = life->key;
    return ok();
  }

  // Of a number that is no row, but an event: "#9 is an event: MessageReceived. ".
  std::string other_event(std::string_view name) {
    const auto number = number_of_name(name);
    const auto event = number ? timeline_.event(Seq{*number}) : Result<EventView>(Error{});
    if (!event) return {};
    return fmt::format("#{} is an event: {}. ", *number, kind_name(event->header.kind));
  }

  // "#9 (SessionClosed, 2023-11-14 22:13:20.007Z)".
  std::string event_name(Seq seq) {
    const auto event = timeline_.event(seq);
    if (!event) return fmt::format("#{}", seq.value);
    return fmt::format("#{} ({}, {})", seq.value, kind_name(event->header.kind),
                       utc_text(event->header.wall_ms));
  }

  // The event, its cause, the cause of that, up to the input that has none before it.
  Result<std::vector<Seq>> chain_of(Seq seq) {
    std::vector<Seq> chain;
    while (seq && seq >= timeline_.first()) {  // a bundle begins later than its causes may
      chain.push_back(seq);
      SPINE_TRY(const EventView event, timeline_.event(seq));
      // A cause always comes before; in what others wrote that is not known to hold.
      seq = Seq{event.header.cause < seq.value ? event.header.cause : 0};
    }
    return chain;
  }

  Status add_line(const FieldChange& change, std::string& page) {
    SPINE_TRY(const EventView event, timeline_.event(change.seq));
    if (common_.json) {
      page += json_object([&](JsonWriter& json) {
        json.member("seq", change.seq.value);
        json.member("time", utc_text(event.header.wall_ms));
        json.member("wallMs", event.header.wall_ms);
        json.member("kind", kind_name(event.header.kind));
        values_json(change, json);
      });
      page += '\n';
    } else {
      page += fmt::format("{}\n      {} -> {}\n", one_line(event, names_),
                          value_text(change.before), value_text(change.after));
    }
    return ok();
  }

  static std::string value_text(const FieldValue& value) {
    return value.there ? value.text : std::string("no row");
  }
  // On a line of its own, of a recorded body on several.
  static std::string value_line(std::string_view label, const FieldValue& value) {
    const std::string text = value.there ? value.text : std::string("the row was not there");
    return fmt::format("  {}{}{}\n", label, text.starts_with('\n') ? "" : " ", text);
  }
  static void values_json(const FieldChange& change, JsonWriter& json) {
    const auto add = [&](JsonKey name, const FieldValue& value) {
      value.there ? json.member_raw(name, value.json) : json.member_null(name);
    };
    json.member("rowBefore", change.before.there);
    add("before", change.before);
    json.member("rowAfter", change.after.there);
    add("after", change.after);
  }

  // The row is as old as the value, which is the default: no event said anything about it.
  static bool never_set(const FieldChange& change) {
    return !change.before.there && change.after.is_default;
  }

  Result<int> print_text(const FieldChange& change, const std::vector<Seq>& chain, bool why) {
    SPINE_TRY(const EventView event, timeline_.event(change.seq));
    std::string out = fmt::format("{}, {}, at {}\n", target_.title, target_.field, place_.text());
    if (never_set(change)) {
      out += value_line("value:", change.after);
      out += "  never set: it is as the row was made\n\nMade by\n";
    } else {
      out += value_line("value:", change.after) + value_line("before:", change.before);
      out += "\nSet by\n";
    }
    out += record_text(event, names_);
    if (chain.size() > 1) {
      out += why ? "\nBecause of\n" : "\nBecause of (--why: the whole chain)\n";
      for (std::size_t i = 1; i < (why ? chain.size() : 2); ++i) {
        SPINE_TRY(const EventView cause, timeline_.event(chain[i]));
        out += one_line(cause, names_) + '\n';
      }
    } else {
      out += "\nIt is an input: nothing in the journal led to it.\n";
    }
    fmt::print(common_.out, "{}", out);
    return kExitOk;
  }

  Result<int> print_json(const FieldChange& change, const std::vector<Seq>& chain, bool why) {
    std::vector<std::string> records;
    for (std::size_t i = 0; i < (why ? chain.size() : 1); ++i) {
      SPINE_TRY(const EventView event, timeline_.event(chain[i]));
      records.push_back(record_json(event, names_));
    }
    fmt::print(common_.out, "{}\n", json_object([&](JsonWriter& json) {
                 head_json(json);
                 json.member("everSet", !never_set(change));
                 values_json(change, json);
                 json.member_raw("event", records.front());
                 if (!why) return;
                 json.array("why", [&] {
                   for (std::size_t i = 1; i < records.size(); ++i)
                     json.raw(records[i]);
                 });
               }));
    return kExitOk;
  }

  void head_json(JsonWriter& json) {
    json.member("table", target_.table);
    json.member_raw("id", target_.key_json);
    json.member("field", target_.field);
    json.member_raw("at", place_json(place_));
  }

  // A single value that no event has touched.
  Result<int> show_untouched() {
    if (common_.json) {
      fmt::print(common_.out, "{}\n", json_object([&](JsonWriter& json) {
                   head_json(json);
                   json.member("everSet", false);
                   json.member_null("event");
                 }));
    } else {
      fmt::print(common_.out, "{}, {}, at {}\n  never set: no event in the journal changed it\n",
                 target_.title, target_.field, place_.text());
    }
    return kExitOk;
  }

  const Common& common_;
  Timeline& timeline_;
  Names names_;
  Place place_;
  Target target_{};
};

Result<int> show_blame(const Common& common, const BlameOptions& options) {
  SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
  const std::string session = options.words.front() == "session" && options.words.size() > 1
                                  ? options.words[1]
                                  : std::string();
  SPINE_TRY(const Place place, find_place(options.at, timeline, session));
  Blame blame(common, timeline, place);
  SPINE_TRY_STATUS(blame.find(options));
  return options.all ? blame.show_all() : blame.show_last(options.why);
}

}  // namespace

Action replay_blame(CLI::App& verb) {
  examples(verb,
           {"spine replay blame session agent:main:main model",
            "spine replay blame run 1234 status --at \"yesterday 14:03\" --why",
            "spine replay blame device <device id> scopes --all",
            "spine replay blame agent main agent_id", "spine replay blame engine policy --json"});
  const auto words = option<std::vector<std::string>>(
      verb, "what",
      "session, run, principal, device, agent (in quarantine), approval, pairing, sender or tool, "
      "then its number, or a key or name that it has or had, then the field; or: engine, then the "
      "field");
  verb.get_option("what")->required()->expected(1, 3)->option_text("[name] field");
  const auto at =
      option(verb, "--at", "The moment whose value is asked for", std::string("latest"));
  const auto why = option<bool>(verb, "--why", "Print the whole chain of causes up to the input");
  const auto all = option<bool>(verb, "--all", "Print every event that changed it, in order");
  verb.get_option("--why")->excludes(verb.get_option("--all"));
  return [=](const Common& common) {
    return show_blame(common, {.words = *words, .at = *at, .why = *why, .all = *all});
  };
}

}  // namespace spine::replay
