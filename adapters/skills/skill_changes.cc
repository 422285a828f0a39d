// differences between two sets of skills, and the event that records them.
#include <algorithm>
#include <tuple>

#include "adapters/skills/skill_set.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::skills {
namespace {

using Eligible = std::vector<const Skill*>;

Eligible eligible_of(const SkillSet* set) {
  Eligible out;
  if (set == nullptr) return out;
  for (const Skill& skill : set->skills()) {
    if (skill.report.eligible) out.push_back(&skill);
  }
  return out;
}

auto place_in_order(const Skill& skill) {
  return std::tie(skill.report.agent_id, skill.report.name);
}

SkillChange change_of(const Skill& skill, SkillChangeKind kind) {
  return {.name = skill.report.name,
          .agent_id = skill.report.agent_id,
          .kind = kind,
          .sha256 = skill.sha256};
}

std::string_view word_of(SkillChangeKind kind) {
  switch (kind) {
    case SkillChangeKind::added:
      return "added";
    case SkillChangeKind::removed:
      return "removed";
    case SkillChangeKind::changed:
      break;
  }
  return "changed";
}

}  // namespace

std::vector<SkillChange> differences(const SkillSet* before, const SkillSet& after) {
  const Eligible was = eligible_of(before);
  const Eligible is = eligible_of(&after);
  std::vector<SkillChange> out;
  std::size_t old = 0;
  std::size_t now = 0;
  while (old < was.size() || now < is.size()) {
    const bool gone = now == is.size() ||
                      (old < was.size() && place_in_order(*was[old]) < place_in_order(*is[now]));
    const bool fresh = old == was.size() ||
                       (now < is.size() && place_in_order(*is[now]) < place_in_order(*was[old]));
    if (gone) {
      out.push_back(change_of(*was[old++], SkillChangeKind::removed));
    } else if (fresh) {
      out.push_back(change_of(*is[now++], SkillChangeKind::added));
    } else {
      const Skill& a = *was[old++];
      const Skill& b = *is[now++];
      if (a.sha256 == b.sha256 && a.directory == b.directory) continue;
      out.push_back(change_of(b, SkillChangeKind::changed));
    }
  }
  return out;
}

void build_skills_changed(const SkillSet& set, const std::vector<SkillChange>& changes,
                          flatbuffers::FlatBufferBuilder& builder) {
  std::vector<flatbuffers::Offset<fb::SkillChange>> rows;
  for (std::size_t i = 0; i < std::min(changes.size(), limits::kSkillChangesMax); ++i) {
    const SkillChange& change = changes[i];
    const std::string_view word = word_of(change.kind);
    const auto sha256 = change.kind == SkillChangeKind::removed
                            ? flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>()
                            : builder.CreateVector(change.sha256.data(), change.sha256.size());
    rows.push_back(fb::CreateSkillChange(builder, builder.CreateString(change.name),
                                         builder.CreateString(change.agent_id),
                                         builder.CreateString(word.data(), word.size()), sha256));
  }
  const auto list = builder.CreateVector(rows);
  builder.Finish(fb::CreateSkillsChanged(builder, set.version(),
                                         static_cast<std::uint32_t>(set.eligible()), list));
}

}  // namespace spine::skills
