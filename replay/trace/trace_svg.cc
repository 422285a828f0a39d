// TraceSvg: rows, a tree on the left, a line of time on the right.
#include "replay/trace/trace_svg.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <map>
#include <set>

#include "replay/trace/outline.h"
#include "replay/trace/time_scale.h"
#include "replay/xml_text.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::replay {
namespace {

constexpr std::string_view kTraceStyle = R"svg(<style>
text{font:12px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#1c2126}
.bg{fill:#ffffff}.stripe{fill:#f4f6f8}.wanted{fill:#2563a8}
.h{font-size:15px;font-weight:bold}.dim{fill:#5c6770}.small{font-size:10.5px}
.k{font-weight:bold}.bad{fill:#b42318}.ask{fill:#1f6f4a}
.tree{fill:none;stroke:#b3bcc4}.grid{stroke:#dde2e6}.lane{stroke:#9aa7b2;opacity:.55}
.dot{fill:#2563a8}.baddot{fill:#b42318}.cross{stroke:#ffffff;stroke-width:1.6;fill:none}
.bar{fill:#1f6f4a;opacity:.35}.open{fill:none;stroke:#1f6f4a;stroke-dasharray:4 3}
.gap{fill:url(#hatch)}.hatch{stroke:#c9d0d6}
@media (prefers-color-scheme:dark){
text{fill:#e4e8ec}.bg{fill:#15191d}.stripe{fill:#1b2025}.wanted{fill:#6cb0f2}.dim{fill:#98a4af}
.bad{fill:#ff8a7d}.ask{fill:#6fd0a0}.tree{stroke:#4a5661}.grid{stroke:#2a3138}.lane{stroke:#66737f}
.dot{fill:#6cb0f2}.baddot{fill:#ff6b5c}.cross{stroke:#15191d}.bar{fill:#6fd0a0}
.open{stroke:#6fd0a0}.hatch{stroke:#3a444d}}
</style>
<defs>
<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<line class="hatch" x1="0" y1="0" x2="0" y2="7"/></pattern>
)svg";

// At most so many characters.
std::string cut_characters(const std::string& text, std::size_t characters) {
  if (count_characters(text) <= characters) return text;
  std::size_t at = 0;
  for (std::size_t i = 0; i + 3 < characters && at < text.size(); ++i)
    at += std::max<std::size_t>(decode_utf8(text, at).bytes, 1);
  return text.substr(0, at) + "...";
}

class TraceDrawing {
 public:
  TraceDrawing(const Chain& chain, bool all, std::size_t rows_max)
      : chain_(chain), rows_max_(rows_max), rows_(outline_of(chain, all)), scale_(scale_of()) {}

  std::string run(std::string_view title) {
    const std::size_t drawn = std::min(rows_.size(), rows_max_);
    bottom_ = kTop + static_cast<double>(drawn) * kRow;
    const double height = bottom_ + 44;
    put(R"svg(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" )svg"
        R"svg(height="{1:.0f}" role="img">)svg"
        "\n<title>{2}</title>\n",
        kWidth, height, xml_text(title));
    out_ += kTraceStyle;
    put(R"svg(<clipPath id="words"><rect x="0" y="0" width="{:.0f}" height="{:.0f}"/></clipPath>)svg"
        "\n</defs>\n",
        kTextRight, height);
    put(R"svg(<rect class="bg" width="{:.0f}" height="{:.0f}"/>)svg"
        "\n",
        kWidth, height);
    put(R"svg(<text class="h" x="20" y="32">{}</text>)svg"
        "\n",
        xml_text(title));
    stripes(drawn);
    axis();
    for (std::size_t i = 0; i < drawn; ++i)
      row(i);
    footer(drawn);
    out_ += "</svg>\n";
    return std::move(out_);
  }

 private:
  static constexpr double kWidth = 1360;
  static constexpr double kTop = 92;  // of the first row
  static constexpr double kRow = 22;
  static constexpr double kSeqRight = 72;
  static constexpr double kTreeLeft = 88;
  static constexpr double kIndent = 16;
  static constexpr double kTextRight = 836;
  static constexpr double kTimeLeft = 862;
  static constexpr double kTimeRight = 1330;
  static constexpr double kLetter = 7.3;       // of the text, at most
  static constexpr double kSmallLetter = 6.2;  // of times
  static constexpr double kTickApart = 84;
  static constexpr std::size_t kDepthMax = 16;

  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  TimeScale scale_of() const {
    std::set<std::uint64_t> times;
    for (std::size_t i = 0; i < rows_.size() && i < rows_max_; ++i)
      times.insert(chain_.since_ms(chain_.steps()[rows_[i].step]));
    return TimeScale({times.begin(), times.end()}, kQuietMs, kTimeLeft, kTimeRight - 10);
  }

  static double middle(std::size_t row) { return kTop + (static_cast<double>(row) + 0.5) * kRow; }
  static double text_left(const OutlineRow& row) {
    return kTreeLeft + static_cast<double>(std::min(row.depth, kDepthMax)) * kIndent;
  }
  double x_of(const Step& step) const { return scale_.x_of(chain_.since_ms(step)); }

  void stripes(std::size_t drawn) {
    for (std::size_t i = 1; i < drawn; i += 2) {
      put(R"svg(<rect class="stripe" y="{:.0f}" width="{:.0f}" height="{:.0f}"/>)svg"
          "\n",
          middle(i) - kRow / 2, kWidth, kRow);
    }
  }

  void axis() {
    for (const TimeScale::Gap& gap : scale_.gaps()) {
      const std::string length = show_duration_ms(gap.ms);
      put(R"svg(<g><title>{0} without an event</title><rect class="gap" x="{1:.1f}" y="{2:.0f}" )svg"
          R"svg(width="{3:.1f}" height="{4:.1f}"/></g>)svg"
          "\n",
          length, gap.left, kTop - 8, gap.right - gap.left, bottom_ - kTop + 8);
      if (gap.right - gap.left < static_cast<double>(length.size()) * kSmallLetter - 24) continue;
      put(R"svg(<text class="small dim" text-anchor="middle" x="{:.1f}" y="{:.0f}">{}</text>)svg"
          "\n",
          (gap.left + gap.right) / 2, kTop - 14, length);
    }
    for (const TimeScale::Tick& tick : scale_.ticks(kTickApart)) {
      put(R"svg(<line class="grid" x1="{0:.1f}" y1="{1:.0f}" x2="{0:.1f}" y2="{2:.1f}"/>)svg"
          R"svg(<text class="small dim" x="{0:.1f}" y="{3:.0f}">+{4}</text>)svg"
          "\n",
          tick.x, kTop - 8, bottom_, kTop - 30, show_duration_ms(tick.ms));
    }
  }

  void row(std::size_t i) {
    const OutlineRow& row = rows_[i];
    const Step& step = chain_.steps()[row.step];
    if (row.kind == OutlineRow::Kind::quiet) {
      words(text_left(row), middle(i), "small dim",
            fmt::format("... {} quiet ...", show_duration_ms(row.ms)), {});
      return;
    }
    branch(i);
    row.kind == OutlineRow::Kind::asked ? asked(i, step) : event(i, step);
  }

  // The line from the parent's row.
  void branch(std::size_t i) {
    const OutlineRow& row = rows_[i];
    if (row.parent == OutlineRow::kNone) return;
    // From the sibling before, so that the line is drawn once.
    const auto [before, first] = latest_.emplace(row.parent, i);
    const double top = first ? middle(row.parent) + 8 : middle(before->second);
    before->second = i;
    const double right = text_left(row) - 4;
    const double left = std::min(text_left(rows_[row.parent]) + 5, right - 2);
    put(R"svg(<path class="tree" d="M{:.1f} {:.1f}V{:.1f}H{:.1f}"/>)svg"
        "\n",
        left, top, middle(i), right);
  }

  void event(std::size_t i, const Step& step) {
    const OutlineRow& row = rows_[i];
    std::string more = step.summary;
    if (!step.by.empty()) more += fmt::format("  [by {}]", step.by);
    if (row.routine != 0) more += fmt::format("  + {} routine", row.routine);
    put("<g><title>{}</title>\n",
        xml_text(fmt::format("#{} {} +{}\n{}", step.seq.value, step.kind,
                             show_duration_ms(chain_.since_ms(step)), more)));
    if (row.step == chain_.asked_for()) {
      put(R"svg(<rect class="wanted" x="6" y="{:.1f}" width="4" height="{:.0f}"/>)svg"
          "\n",
          middle(i) - kRow / 2 + 2, kRow - 4);
    }
    put(R"svg(<text class="small dim" text-anchor="end" x="{:.0f}" y="{:.1f}">#{}</text>)svg"
        "\n",
        kSeqRight, middle(i) + 4, step.seq.value);
    words(text_left(row), middle(i), step.failure ? "bad" : "",
          (step.failure ? "! " : "") + step.kind, more);
    mark(i, step);
    out_ += "</g>\n";
  }

  // Kind and summary, as much of them as there is room for.
  void words(double x, double y, std::string_view style, const std::string& first,
             const std::string& more) {
    const auto room = static_cast<std::size_t>((kTextRight - x) / kLetter);
    put(R"svg(<text clip-path="url(#words)" class="{}" x="{:.1f}" y="{:.1f}"><tspan class="{}">{}</tspan>)svg",
        style, x, y + 4, more.empty() ? style : fmt::format("k {}", style), xml_text(first));
    if (!more.empty() && first.size() + 6 < room) {
      put(R"svg(<tspan dx="8">{}</tspan>)svg",
          xml_text(cut_characters(more, room - first.size() - 2)));
    }
    out_ += "</text>\n";
  }

  // On the line of time: from the cause, and the event itself.
  void mark(std::size_t i, const Step& step) {
    const double x = x_of(step);
    const double y = middle(i);
    if (step.parent != Step::kNone) {
      const double from = x_of(chain_.steps()[step.parent]);
      if (x > from + 1) {
        put(R"svg(<line class="lane" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)svg"
            "\n",
            from, y, x, y);
      }
    }
    put(R"svg(<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{}"/>)svg"
        "\n",
        step.failure ? "baddot" : "dot", x, y, step.failure ? 6 : 4);
    if (step.failure) {
      put(R"svg(<path class="cross" d="M{0:.1f} {2:.1f}L{1:.1f} {3:.1f}M{0:.1f} {3:.1f}L{1:.1f} {2:.1f}"/>)svg"
          "\n",
          x - 2.6, x + 2.6, y - 2.6, y + 2.6);
    }
  }

  // Work outside: a bar from when it was asked for until it ended.
  void asked(std::size_t i, const Step& step) {
    const Asked& asked = step.asked[rows_[i].asked];
    const char* state = asked.closed ? "" : asked.obligation ? " (open)" : "";
    const double y = middle(i);
    const double left = x_of(step);
    out_ += "<g>";
    if (asked.closed) {
      const auto end = std::ranges::lower_bound(chain_.steps(), asked.closed, {}, &Step::seq);
      const double right = end == chain_.steps().end() ? left : x_of(*end);
      put(R"svg(<title>{}, ended by #{}</title><rect class="bar" x="{:.1f}" y="{:.1f}" )svg"
          R"svg(width="{:.1f}" height="8" rx="3"/>)svg",
          xml_text(asked.text), asked.closed.value, left, y - 4, std::max(right - left, 3.0));
    } else if (asked.obligation) {
      put(R"svg(<title>{}: open</title><rect class="open" x="{:.1f}" y="{:.1f}" width="{:.1f}" )svg"
          R"svg(height="8" rx="3"/>)svg",
          xml_text(asked.text), left, y - 4, std::max(kTimeRight - left, 6.0));
    } else {
      put("<title>{}</title>", xml_text(asked.text));
      put(R"svg(<circle class="bar" cx="{:.1f}" cy="{:.1f}" r="4"/>)svg", left, y);
    }
    words(text_left(rows_[i]), y, "ask", fmt::format("-> {}{}", asked.text, state), {});
    out_ += "</g>\n";
  }

  void footer(std::size_t drawn) {
    const std::uint64_t hidden = rows_.size() - drawn + chain_.left_out();
    std::string text = fmt::format(
        "! = failure, -> = work asked of others, bars last until it ended; hatched: {} or more "
        "without an event, drawn short",
        show_duration_ms(kQuietMs));
    if (hidden != 0) {
      text = fmt::format("{} more rows are not drawn: trace it as text, or bound it with --to",
                         show_count(hidden));
    }
    put(R"svg(<text class="small dim" x="20" y="{:.1f}">{}</text>)svg"
        "\n",
        bottom_ + 26, xml_text(text));
  }

  const Chain& chain_;
  std::size_t rows_max_;
  std::vector<OutlineRow> rows_;
  TimeScale scale_;
  std::map<std::size_t, std::size_t> latest_{};  // by row of a parent: the row of its last child
  double bottom_{};
  std::string out_{};
};

}  // namespace

std::string trace_svg(const Chain& chain, std::string_view title, bool all, std::size_t rows_max) {
  return TraceDrawing(chain, all, rows_max).run(title);
}

}  // namespace spine::replay
