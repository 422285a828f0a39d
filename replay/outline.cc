// Outline: the tree walked from its roots, without recursion.
#include "replay/outline.h"

#include <ranges>

namespace spine::replay {
namespace {

constexpr std::size_t kIndentsMax = 12;  // deeper rows are not indented further

class Outliner {
 public:
  Outliner(const Chain& chain, bool all) : chain_(chain), all_(all) {
    const std::vector<Step>& steps = chain.steps();
    quiet_before_.resize(steps.size());
    std::size_t before = Step::kNone;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (folded(i)) continue;
      const std::uint64_t now = chain.since_ms(steps[i]);
      if (before != Step::kNone && now > since(before)) quiet_before_[i] = now - since(before);
      before = i;
    }
  }

  std::vector<OutlineRow> run() {
    const std::vector<Step>& steps = chain_.steps();
    for (std::size_t i = steps.size(); i-- > 0;)
      if (steps[i].parent == Step::kNone) open_.push_back({.step = i});
    while (!open_.empty()) {
      const Open next = std::move(open_.back());
      open_.pop_back();
      draw(next);
    }
    return std::move(rows_);
  }

 private:
  // A step to be drawn, and what is known of its place.
  struct Open {
    std::size_t step{};
    std::size_t depth{};
    std::size_t parent{OutlineRow::kNone};
    std::string guide{};  // of its parent's children
    bool last{};          // among them
  };

  std::uint64_t since(std::size_t step) const { return chain_.since_ms(chain_.steps()[step]); }

  bool folded(std::size_t i) const {
    const Step& step = chain_.steps()[i];
    return !all_ && step.routine && !step.failure && step.children.empty() && step.asked.empty() &&
           step.parent != Step::kNone && i != chain_.asked_for();
  }

  void draw(const Open& at) {
    const Step& step = chain_.steps()[at.step];
    const bool root = at.parent == OutlineRow::kNone;
    if (quiet_before_[at.step] >= kQuietMs) {
      rows_.push_back({.kind = OutlineRow::Kind::quiet,
                       .step = at.step,
                       .ms = quiet_before_[at.step],
                       .depth = at.depth,
                       .branch = root ? "" : at.guide + "|  "});
    }
    const std::size_t row = rows_.size();
    rows_.push_back({.kind = OutlineRow::Kind::event,
                     .step = at.step,
                     .depth = at.depth,
                     .branch = root ? "" : at.guide + (at.last ? "`- " : "|- "),
                     .parent = at.parent});
    std::string guide = root ? "" : at.guide + (at.last ? "   " : "|  ");
    if (at.depth >= kIndentsMax) guide = at.guide;
    std::vector<std::size_t> shown;
    for (const std::size_t child : step.children)
      folded(child) ? void(++rows_[row].routine) : shown.push_back(child);
    for (std::size_t i = 0; i < step.asked.size(); ++i) {
      const bool last = shown.empty() && i + 1 == step.asked.size();
      rows_.push_back({.kind = OutlineRow::Kind::asked,
                       .step = at.step,
                       .asked = i,
                       .depth = at.depth + 1,
                       .branch = guide + (last ? "`- " : "|- "),
                       .parent = row});
    }
    for (const std::size_t child : shown | std::views::reverse) {
      open_.push_back({.step = child,
                       .depth = at.depth + 1,
                       .parent = row,
                       .guide = guide,
                       .last = child == shown.back()});
    }
  }

  const Chain& chain_;
  bool all_;
  std::vector<std::uint64_t> quiet_before_{};  // of each step
  std::vector<Open> open_{};
  std::vector<OutlineRow> rows_{};
};

}  // namespace

std::vector<OutlineRow> outline_of(const Chain& chain, bool all) {
  return Outliner(chain, all).run();
}

}  // namespace spine::replay
