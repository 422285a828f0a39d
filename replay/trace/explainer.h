// Explainer: why something happened, and why nothing did, from the journal and its states.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/model/state.h"
#include "engine/core/model/views.h"
#include "replay/timeline/event_text.h"
#include "replay/timeline/selection.h"
#include "replay/timeline/timeline.h"
#include "replay/trace/chain.h"
#include "replay/trace/explanation.h"
#include "replay/trace/lookup.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// Everything is as of the end of the selection. Thread: one.
class Explainer {
 public:
  Explainer(Timeline& timeline, Names& names, Selection& selection)
      : timeline_(timeline), names_(names), selection_(selection) {}

  // A session's key, a seq, a message, a run or an agent. Of a name that nothing bears: why it is
  // not there.
  Result<Explanation> about(std::string_view what);

 private:
  Result<Explanation> about_event(Seq seq);
  Status explain_message(Seq seq, Explanation& out);
  Status explain_rejection(Seq seq, Explanation& out);
  Status explain_pairing(Seq rejection, Explanation& out);
  Status explain_session_choice(const EventView& message, Explanation& out);
  Status explain_no_run(const Chain& chain, const EventView& message, Explanation& out);
  Status explain_run(const Chain& chain, RunId run, Explanation& out);
  Status explain_end(const Step& step, RunId run, Explanation& out);
  Status explain_answer(const Chain& chain, const Step& end, RunId run, Explanation& out);
  Status explain_retry(RunId run, Seq end, Explanation& out);
  Status explain_open_run(RunId run, Explanation& out);
  Status explain_wait(RunId run, const Step& queued, const Step& started, Explanation& out);
  Result<Explanation> about_session(SessionId id, std::string_view key);
  Result<Explanation> about_agent(std::string_view agent);
  Result<Explanation> about_missing(std::string_view what);
  Reason waiting_reason(const core::RunView& run, const core::SessionView& session,
                        Explanation& out);
  // The last events of the agent, the latest first, but none before `downto`.
  Status add_agent_events(std::string_view agent, Seq downto, std::size_t count, Explanation& out);
  // In the state that head_ is.
  bool is_quarantined(std::string_view agent) const;
  bool is_configured(std::string_view agent) const;
  // Makes head_ the state at the end of the selection.
  Status reach_head();
  Seq upto() const {
    return selection_.upto < timeline_.last() ? selection_.upto : timeline_.last();
  }
  std::string event_line(const EventView& event) const;

  Timeline& timeline_;
  Names& names_;
  Selection& selection_;
  core::State head_{};
  std::size_t depth_{};  // of explanations that lead to another message's
};

}  // namespace spine::replay
