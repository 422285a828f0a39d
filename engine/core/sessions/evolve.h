// What events of sessions change.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

// A message or reply becomes part of the session's present life.
void append_history(const Folding& fold, std::uint32_t session_row, Seq seq);
// The same of a reply, if the message that it answers is part of that life.
void append_reply(const Folding& fold, std::uint32_t session_row, Seq message);
// Nothing is in the session's history any more.
void clear_history(const Folding& fold, std::uint32_t session_row);
Fold fold_session_opened, fold_session_reset, fold_session_closed, fold_session_patched;
Fold fold_session_rewound;

// Whether a SessionPatched says something about that member.
bool names_field(const fb::SessionPatched& body, fb::SessionField field);

}  // namespace spine::core
