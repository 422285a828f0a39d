// Names: looks up PrincipalAdded and SessionOpened events by seq.
#include "replay/names.h"

#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

template <class Kind>
constexpr std::uint16_t number(Kind kind) {
  return static_cast<std::uint16_t>(kind);
}

}  // namespace

bool Names::event(Seq seq, std::uint16_t kind, EventView& out) {
  auto block = reader_.block_of(seq);
  if (!block) return false;
  out = block->event(static_cast<std::uint32_t>(seq.value - block->first().value));
  return out.header.kind == kind && event_is_readable(out);
}

const PrincipalName& Names::principal(PrincipalId id) {
  if (const auto known = principals_.find(id.value); known != principals_.end()) {
    return known->second;
  }
  if (principals_.size() >= kCachedMax) principals_.clear();
  PrincipalName& name = principals_[id.value];
  EventView found;
  if (!id || !event(Seq{id.value}, number(fb::EventBody::PrincipalAdded), found)) return name;
  const auto* body = flatbuffers::GetRoot<fb::PrincipalAdded>(found.body.data());
  name.kind = fb::EnumNamePrincipalKind(body->kind());
  name.key = text_of(body->key());
  name.name = text_of(body->name());
  return name;
}

const std::string& Names::session(SessionId id) {
  if (const auto known = sessions_.find(id.value); known != sessions_.end()) return known->second;
  if (sessions_.size() >= kCachedMax) sessions_.clear();
  std::string& key = sessions_[id.value];
  EventView found;
  if (!id || !event(Seq{id.value}, number(fb::EventBody::SessionOpened), found)) return key;
  key = text_of(flatbuffers::GetRoot<fb::SessionOpened>(found.body.data())->key());
  return key;
}

}  // namespace spine::replay
