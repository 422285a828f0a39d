// Numbers of one world in the other.
#include "replay/fork/other_world.h"

#include <algorithm>
#include <cstring>
#include <flatbuffers/flatbuffers.h>
#include <string_view>

#include "engine/core/model/counterparts.h"
#include "replay/timeline/event_text.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

// What later inputs name by its number.
bool is_named_later(std::uint16_t kind) {
  return is_kind(kind, fb::EventBody::RunQueued) ||
         is_kind(kind, fb::EventBody::ApprovalRequested) ||
         is_kind(kind, fb::EventBody::DeliveryRequested) ||
         is_kind(kind, fb::EventBody::DeliveryAttempted) ||
         is_kind(kind, fb::EventBody::ChannelPairingRequested);
}

// Fields of inputs that name such a thing.
bool names_by_number(std::string_view field) {
  return field == "run" || field == "runs" || field == "into" || field == "request" ||
         field == "delivery" || field == "attempted";
}

}  // namespace

std::uint64_t OtherWorld::here(std::uint64_t recorded) const {
  if (recorded <= parted_.value) return recorded;
  const auto found = std::ranges::lower_bound(numbers_, recorded, {},
                                              &std::pair<std::uint64_t, std::uint64_t>::first);
  return found != numbers_.end() && found->first == recorded ? found->second : 0;
}

void OtherWorld::translate(core::Input& input) {
  if (!apart_) return;
  if (input.session) input.session = core::counterpart(recorded_, input.session, state_);
  if (input.principal) input.principal = core::counterpart(recorded_, input.principal, state_);
  translate_body(input);
}

// By the names of the fields, so that a kind which comes later is translated, too.
void OtherWorld::translate_body(core::Input& input) {
  body_.assign(align8(input.body.size()) / sizeof(std::uint64_t), 0);
  std::memcpy(body_.data(), input.body.data(), input.body.size());
  input.body = std::as_bytes(std::span(body_)).first(input.body.size());
  const flatbuffers::TypeTable* types = table_of(input.kind);
  auto* table = flatbuffers::GetMutableRoot<flatbuffers::Table>(body_.data());
  for (std::size_t i = 0; types != nullptr && i < types->num_elems; ++i) {
    const flatbuffers::TypeCode type = types->type_codes[i];
    if (type.base_type != flatbuffers::ET_ULONG || !names_by_number(types->names[i])) continue;
    const auto field = flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(i));
    if (type.is_repeating == 0) {
      table->SetField<std::uint64_t>(field, here(table->GetField<std::uint64_t>(field, 0)), 0);
      continue;
    }
    auto* list = table->GetPointer<flatbuffers::Vector<std::uint64_t>*>(field);
    for (flatbuffers::uoffset_t k = 0; list != nullptr && k < list->size(); ++k)
      list->Mutate(k, here(list->Get(k)));
  }
}

void OtherWorld::fold(const core::Decision& decision) {
  made_.clear();
  for (const core::Draft& draft : decision.drafts()) {
    const EventView event{
        .seq = next(state_.applied()), .header = draft.header, .body = draft.body};
    core::evolve(state_, event);
    if (is_named_later(draft.header.kind)) made_.push_back({draft.header.kind, event.seq.value});
  }
}

void OtherWorld::fold_fact(const EventView& event) {
  made_.clear();
  EventView fact = event;
  fact.seq = next(state_.applied());
  core::evolve(state_, fact);
  if (is_named_later(fact.header.kind)) numbers_.emplace_back(event.seq.value, fact.seq.value);
}

void OtherWorld::note(const EventView& recorded) {
  const auto found = std::ranges::find(made_, recorded.header.kind, &Made::kind);
  if (found == made_.end()) return;
  numbers_.emplace_back(recorded.seq.value, found->seq);
  made_.erase(found);
}

}  // namespace spine::replay
