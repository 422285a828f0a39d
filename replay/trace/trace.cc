// trace: what followed from a message, as text, JSON or a picture.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <memory>
#include <string>

#include "replay/timeline/event_text.h"
#include "replay/timeline/moment.h"
#include "replay/timeline/progress.h"
#include "replay/timeline/selection.h"
#include "replay/timeline/timeline.h"
#include "replay/trace/chain.h"
#include "replay/trace/lookup.h"
#include "replay/trace/outline.h"
#include "replay/trace/trace_svg.h"
#include "replay/verb.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

constexpr std::uint64_t kStepShownMs = 1'000;  // time between steps that is worth a word

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", show_count(count), what, count == 1 ? "" : "s");
}

// "Chain of #3: 6 events in 2.1 s, 1 failure, 1 obligation open".
std::string headline(const Chain& chain) {
  std::string text =
      fmt::format("Chain of #{}: {} in {}", chain.root().value,
                  counted(chain.steps().size(), "event"), show_duration_ms(chain.duration_ms()));
  if (chain.failure_count() != 0) text += ", " + counted(chain.failure_count(), "failure");
  if (chain.open_count() != 0) text += fmt::format(", {} open", chain.open_count());
  return text;
}

std::string asked_text(const Asked& asked) {
  std::string text = "-> " + asked.text;
  if (asked.closed) return text + fmt::format(": ended by #{}", asked.closed.value);
  return asked.obligation ? text + ": open" : text;
}

class TraceText {
 public:
  TraceText(const Chain& chain, bool all) : chain_(chain), all_(all) {
    seq_width_ = fmt::format("#{}", chain.steps().back().seq.value).size();
  }

  std::string text() {
    const Step& first = chain_.steps().front();
    out_ = fmt::format("{}\nBegins {}, looked at until #{}\n\n", headline(chain_),
                       utc_text(first.header.wall_ms), chain_.upto().value);
    for (const OutlineRow& row : outline_of(chain_, all_))
      add(row);
    if (chain_.left_out() != 0) {
      out_ += fmt::format("... {} more of the chain are left out: bound it with --to.\n",
                          counted(chain_.left_out(), "event"));
    }
    if (!chain_.without_effects().empty()) {
      out_ += fmt::format("What was asked of agents is not shown: {}\n",
                          printable(chain_.without_effects()));
    }
    return std::move(out_);
  }

 private:
  void add(const OutlineRow& row) {
    const Step& step = chain_.steps()[row.step];
    if (row.kind == OutlineRow::Kind::quiet) {
      out_ += fmt::format("{:>{}}   {}... {} quiet ...\n", "", seq_width_ + kTimeWidth, row.branch,
                          show_duration_ms(row.ms));
      return;
    }
    if (row.kind == OutlineRow::Kind::asked) {
      out_ += fmt::format("{:>{}}   {}{}\n", "", seq_width_ + kTimeWidth, row.branch,
                          asked_text(step.asked[row.asked]));
      return;
    }
    const bool wanted = row.step == chain_.asked_for();
    out_ += fmt::format("{:>{}}{:>{}} {} {}{}", fmt::format("#{}", step.seq.value), seq_width_,
                        "+" + show_duration_ms(chain_.since_ms(step)), kTimeWidth,
                        step.failure ? '!'
                        : wanted     ? '>'
                                     : ' ',
                        row.branch, step.kind);
    if (!step.summary.empty()) out_ += "  " + step.summary;
    if (!step.by.empty()) out_ += fmt::format("  [by {}]", step.by);
    out_ += took(row.step);
    if (row.routine != 0) out_ += fmt::format("  + {}", counted(row.routine, "routine event"));
    out_ += '\n';
  }

  // How long after what came before it of the same cause, or after that, where it is long.
  std::string took(std::size_t at) const {
    const std::vector<Step>& steps = chain_.steps();
    if (steps[at].parent == Step::kNone) return {};
    const std::vector<std::size_t>& siblings = steps[steps[at].parent].children;
    const auto own = std::ranges::lower_bound(siblings, at);
    const std::size_t before = own == siblings.begin() ? steps[at].parent : *std::prev(own);
    const std::uint64_t since = chain_.since_ms(steps[before]);
    const std::uint64_t now = chain_.since_ms(steps[at]);
    if (now < since + kStepShownMs) return {};
    return fmt::format("  (after {})", show_duration_ms(now - since));
  }

  static constexpr std::size_t kTimeWidth = 14;
  const Chain& chain_;
  bool all_;
  std::size_t seq_width_{};
  std::string out_{};
};

std::string trace_json(const Chain& chain) {
  return json_object([&](JsonWriter& json) {
    const std::vector<Step>& steps = chain.steps();
    json.member("root", chain.root().value);
    json.member("asked", steps[chain.asked_for()].seq.value);
    json.member("upto", chain.upto().value);
    json.member("durationMs", chain.duration_ms());
    json.member("failures", chain.failure_count());
    json.member("open", chain.open_count());
    json.member("leftOut", chain.left_out());
    json.member_or_null("withoutEffects", chain.without_effects());
    json.objects("events", steps, [&](const Step& step) {
      json.member("seq", step.seq.value);
      json.member("time", utc_text(step.header.wall_ms));
      json.member("wallMs", step.header.wall_ms);
      json.member("sinceMs", chain.since_ms(step));
      json.member("kind", step.kind);
      json.key("parent");
      step.parent == Step::kNone ? json.null() : json.value(steps[step.parent].seq.value);
      json.member("cause", step.header.cause);
      json.member("correlation", step.header.correlation);
      json.member("session", step.header.session);
      json.member("principal", step.header.principal);
      json.member("summary", step.summary);
      json.member("failure", step.failure);
      json.member("routine", step.routine);
      json.member("otherChain", step.guest);
      json.objects("effects", step.asked, [&](const Asked& asked) {
        json.member("text", asked.text);
        json.member("obligation", asked.obligation);
        json.key("endedBy");
        asked.closed ? json.value(asked.closed.value) : json.null();
      });
    });
  });
}

struct TraceOptions {
  std::string name{};
  std::string svg{};
  bool up{};
  bool all{};
};

Result<Chain> traced_chain(const TraceOptions& options, const SelectionOptions& selected,
                           Timeline& timeline, const Common& common) {
  Names names(timeline);
  SPINE_TRY(Selection selection, Selection::find(selected, timeline));
  Progress progress(common.err, "tracing", timeline.first().value, timeline.last().value);
  timeline.on_progress([&](Seq at) { progress.at(at.value); });
  auto chain = [&]() -> Result<Chain> {
    SPINE_TRY(const Seq of, find_event(options.name, timeline, names, selection));
    if (options.up) return Chain::path_up(timeline, names, of);
    return Chain::gather(timeline, names,
                         {.of = of, .upto = selected.to.empty() ? Seq{} : selection.upto});
  }();
  timeline.on_progress({});
  return chain;
}

}  // namespace

Action replay_trace(CLI::App& verb) {
  examples(verb, {"spine replay trace telegram:123", "spine replay trace '#1042' --all",
                  "spine replay trace 5f2e --svg trace.svg",
                  "spine replay trace '#1077' --up    (from an effect to its origin)"});
  const auto options = std::make_shared<TraceOptions>();
  verb.add_option("what", options->name,
                  "A seq (\"#123\"), a message's id (\"telegram:123\") or key, or a run id")
      ->required();
  verb.add_option("--svg", options->svg, "Write it as a picture to this file");
  verb.add_flag("--up", options->up, "Only the way from the event back to its origin");
  verb.add_flag("--all", options->all, "Also routine events, one by one");
  const auto selected = selection_options(verb);
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
    SPINE_TRY(const Chain chain, traced_chain(*options, *selected, timeline, common));
    if (!options->svg.empty()) {
      const std::string title =
          fmt::format("{} ({})", headline(chain), utc_text(chain.steps().front().header.wall_ms));
      const std::string svg = trace_svg(chain, title, options->all);
      SPINE_TRY_STATUS(replace_file(std::filesystem::absolute(options->svg), {as_bytes(svg)}));
      if (!common.json) {
        fmt::print(common.out, "{}\nWritten to {}.\n", headline(chain), printable(options->svg));
        return kExitOk;
      }
    }
    const std::string text =
        common.json ? trace_json(chain) + "\n" : TraceText(chain, options->all).text();
    timeline.reader().release();  // a pager may take long
    fmt::print(common.out, "{}", text);
    return kExitOk;
  };
}

}  // namespace spine::replay
