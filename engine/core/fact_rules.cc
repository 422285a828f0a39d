// Fact rules: inputs that lead to nothing else and are recorded as they are, within bounds.
#include "engine/core/drafter.h"
#include "engine/core/zone.h"
#include "schemas/fields.h"

namespace spine::core {

void decide_recorded(const Tables& tables, const Input& input, Decision& decision) {
  decision.reply.seq =
      Drafter(tables, input, decision)
          .add_input(Why{.principal = input.principal.value, .session = input.session.value});
}

void decide_within(bool bounds, const Tables& tables, const Input& input, Decision& decision) {
  if (!bounds) {
    decision.reply.code = ReplyCode::rejected;
    return;
  }
  decision.reply.seq =
      Drafter(tables, input, decision).add_input(Why{.principal = input.principal.value});
}

void decide_zone_rules(const Tables& tables, const Input& input, Decision& decision) {
  const auto& rules = root_of<fb::ZoneRules>(input.body);
  const bool fits = good_zone_rules(rules) &&
                    text_of(rules.zone()).size() <= limits::kNameBytesMax &&
                    text_of(rules.version()).size() <= limits::kNameBytesMax;
  decide_within(fits, tables, input, decision);
}

void decide_connects_refused(const Tables& tables, const Input& input, Decision& decision) {
  const auto* refused = root_of<fb::ConnectsRefused>(input.body).refused();
  const bool fits =
      refused != nullptr && refused->size() != 0 && refused->size() <= limits::kRefusedConnectsMax;
  decide_within(fits, tables, input, decision);
}

void decide_config_changed(const Tables& tables, const Input& input, Decision& decision) {
  const auto& changed = root_of<fb::ConfigChanged>(input.body);
  const auto* paths = changed.paths();
  // One more says how many there are besides.
  bool fits = (paths == nullptr || paths->size() <= limits::kConfigPathsMax + 1) &&
              text_of(changed.diff()).size() <= limits::kConfigDiffBytesMax;
  for (flatbuffers::uoffset_t i = 0; paths != nullptr && i < paths->size(); ++i)
    fits = fits && paths->Get(i)->size() <= limits::kKeyBytesMax;
  decide_within(fits, tables, input, decision);
}

void decide_config_refused(const Tables& tables, const Input& input, Decision& decision) {
  decide_within(true, tables, input, decision);
}

}  // namespace spine::core
