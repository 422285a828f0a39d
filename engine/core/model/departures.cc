// Departures: copies of sessions that are closed and of questions that are answered.
#include "engine/core/model/departures.h"

#include <type_traits>

#include "schemas/fields.h"

namespace spine::core {
void Departures::clear() {
  if (sessions_.empty() && approvals_.empty()) return;  // the common case
  sessions_.clear();
  approvals_.clear();
  texts_.clear();
}

// The view, with its texts kept here.
template <class View>
View Departures::keep(View view) {
  const auto own = [&](auto& field) {
    if constexpr (std::is_same_v<decltype(field), std::string_view&>) {
      if (!field.empty()) field = texts_.emplace_back(field);
    }
  };
  const auto own_all = [&](auto&... fields) { (own(fields), ...); };
  for_each_column(View::columns(), [&](const auto& column) { own(cell_of(column, view)); });
  View::joined(view, own_all);
  return view;
}

void Departures::note(const State& state, const EventView& event) {
  // A manual reset belongs to the life that it ends; any other is the first event of the new one.
  const bool ends_life = is_kind(event, fb::EventBody::SessionReset) &&
                         root_of<fb::SessionReset>(event).reason() == fb::ResetReason::manual;
  if (ends_life || is_kind(event, fb::EventBody::SessionClosed)) {
    SessionView session{};
    const SessionId id{event.header.session};
    if (view_session(state, id, session)) sessions_.emplace(id, keep(session));
  } else if (is_kind(event, fb::EventBody::ApprovalResolved)) {
    ApprovalView approval{};
    const Seq request{root_of<fb::ApprovalResolved>(event).request()};
    if (view_question(state, request, approval)) approvals_.emplace(request, keep(approval));
  }
}

const SessionView* Departures::session(SessionId id) const {
  const auto at = sessions_.find(id);
  return at == sessions_.end() ? nullptr : &at->second;
}

const ApprovalView* Departures::approval(Seq request) const {
  const auto at = approvals_.find(request);
  return at == approvals_.end() ? nullptr : &at->second;
}

}  // namespace spine::core
