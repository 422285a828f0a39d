// explain: why something happened, and why nothing did.
#include <fmt/format.h>
#include <string>

#include "replay/timeline/event_text.h"
#include "replay/timeline/progress.h"
#include "replay/timeline/selection.h"
#include "replay/timeline/timeline.h"
#include "replay/trace/explainer.h"
#include "replay/verb.h"

namespace spine::replay {

Action replay_explain(CLI::App& verb) {
  examples(verb, {"spine replay explain telegram:123       (why was it answered, or not?)",
                  "spine replay explain agent:main:main     (what does the session wait for?)",
                  "spine replay explain main                (what is wrong with the agent?)",
                  "spine replay explain '#1042' --to \"yesterday 14:03\"   (as it was then)"});
  const auto what = argument(
      verb, "what",
      "A message's id (\"telegram:123\") or key, a run id, a session's key, an agent, or a seq");
  const auto selected = selection_options(verb);
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
    SPINE_TRY(Selection selection, Selection::find(*selected, timeline));
    Names names(timeline);
    Progress progress(common.err, "explaining", timeline.first().value, timeline.last().value);
    timeline.on_progress([&](Seq at) { progress.at(at.value); });
    const Result<Explanation> explanation = Explainer(timeline, names, selection).about(*what);
    timeline.on_progress({});
    progress.clear();
    if (!explanation) return explanation.error();
    timeline.reader().release();  // a pager may take long
    fmt::print(common.out, "{}", common.json ? explanation->json() + "\n" : explanation->text());
    return kExitOk;
  };
}

}  // namespace spine::replay
