// Fact rules: inputs that lead to nothing else and are recorded as they are, within bounds.
#include "engine/core/drafter.h"
#include "engine/core/zone.h"
#include "schemas/fields.h"

namespace spine::core {
namespace {

bool within_bounds(const Input& input) {
  const auto* body = input.body.data();
  switch (static_cast<fb::EventBody>(input.kind)) {
    case fb::EventBody::ZoneRules: {
      const auto& rules = *flatbuffers::GetRoot<fb::ZoneRules>(body);
      return good_zone_rules(rules) && text_of(rules.zone()).size() <= limits::kNameBytesMax &&
             text_of(rules.version()).size() <= limits::kNameBytesMax;
    }
    case fb::EventBody::ConnectsRefused: {
      const auto* refused = flatbuffers::GetRoot<fb::ConnectsRefused>(body)->refused();
      return refused != nullptr && refused->size() != 0 &&
             refused->size() <= limits::kRefusedConnectsMax;
    }
    case fb::EventBody::ConfigChanged: {
      const auto* changed = flatbuffers::GetRoot<fb::ConfigChanged>(body);
      const auto* paths = changed->paths();
      // One more says how many there are besides.
      if (paths != nullptr && paths->size() > limits::kConfigPathsMax + 1) return false;
      for (flatbuffers::uoffset_t i = 0; paths != nullptr && i < paths->size(); ++i) {
        if (paths->Get(i)->size() > limits::kKeyBytesMax) return false;
      }
      return text_of(changed->diff()).size() <= limits::kConfigDiffBytesMax;
    }
    default:
      return true;
  }
}

}  // namespace

void decide_fact(const Tables& tables, const Input& input, Decision& decision) {
  if (!within_bounds(input)) {
    decision.reply.code = ReplyCode::rejected;
    return;
  }
  Drafter drafter(tables, input, decision);
  decision.reply.seq = drafter.add_input(Why{.principal = input.principal.value});
}

}  // namespace spine::core
