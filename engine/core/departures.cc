// Departures: copies of sessions that are closed and of questions that are answered.
#include "engine/core/departures.h"

#include <algorithm>
#include <type_traits>

#include "schemas/fields.h"

namespace spine::core {
namespace {

// Replaces every text of a view by a copy in `texts`.
struct TextKeeper {
  std::deque<std::string>& texts;

  template <class... Fields>
  void operator()(Fields&... fields) {
    (keep(fields), ...);
  }
  template <class Field>
  void keep(Field& field) {
    if constexpr (std::is_same_v<Field, std::string_view>) {
      if (!field.empty()) field = texts.emplace_back(field);
    }
  }
};

}  // namespace

void Departures::clear() {
  if (sessions_.empty() && approvals_.empty()) return;  // as nearly always
  sessions_.clear();
  approvals_.clear();
  texts_.clear();
}

template <class View>
View& Departures::keep(std::deque<View>& kept, const View& view) {
  View& own = kept.emplace_back(view);
  TextKeeper keeper{texts_};
  for_each_column(View::columns(), [&](const auto& column) { keeper(cell_of(column, own)); });
  View::joined(own, keeper);
  return own;
}

void Departures::note(const State& state, const EventView& event) {
  // The life that a message ends is the one that the message belongs to.
  const bool ends_life = is_kind(event, fb::EventBody::SessionReset) &&
                         root_of<fb::SessionReset>(event).reason() == fb::ResetReason::manual;
  if (ends_life || is_kind(event, fb::EventBody::SessionClosed)) {
    SessionView session{};
    if (view_session(state, SessionId{event.header.session}, session)) keep(sessions_, session);
  } else if (is_kind(event, fb::EventBody::ApprovalResolved)) {
    ApprovalView approval{};
    const Seq request{root_of<fb::ApprovalResolved>(event).request()};
    if (view_question(state, request, approval)) keep(approvals_, approval);
  }
}

const SessionView* Departures::session(SessionId id) const {
  const auto at = std::find_if(sessions_.begin(), sessions_.end(),
                               [id](const SessionView& view) { return view.id == id; });
  return at == sessions_.end() ? nullptr : &*at;
}

const ApprovalView* Departures::approval(Seq request) const {
  const auto at =
      std::find_if(approvals_.begin(), approvals_.end(),
                   [request](const ApprovalView& view) { return view.request == request; });
  return at == approvals_.end() ? nullptr : &*at;
}

}  // namespace spine::core
