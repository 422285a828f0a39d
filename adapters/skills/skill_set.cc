// SkillSet: what each agent is given, and how a set is told from another.
#include "adapters/skills/skill_set.h"

#include <algorithm>

#include "schemas/vocab/siphash.h"

namespace spine::skills {
namespace {

// Texts with their lengths, so that no two lists look alike.
class Digest {
 public:
  void add(std::string_view text) {
    add(text.size());
    bytes_ += text;
  }
  void add(std::size_t number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  void add(const std::vector<std::string>& list) {
    add(list.size());
    for (const std::string& text : list)
      add(text);
  }
  void add(const Sha256& hash) {
    bytes_.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  }
  Bits128 value() const { return siphash128(Bits128{}, as_bytes(bytes_)); }

 private:
  std::string bytes_{};
};

Bits128 digest_of_given(const SkillSet& set, const std::vector<SkillsAgent>& agents) {
  Digest digest;
  for (const SkillsAgent& agent : agents) {
    digest.add(agent.id);
    const std::vector<const Skill*> given = set.for_agent(agent.id);
    digest.add(given.size());
    for (const Skill* skill : given) {
      digest.add(skill->report.name);
      digest.add(skill->directory);
      digest.add(skill->sha256);
      digest.add(skill->env.size());
      for (const auto& [name, value] : skill->env) {
        digest.add(name);
        digest.add(value);
      }
    }
  }
  return digest.value();
}

Bits128 digest_of_shown(const SkillSet& set) {
  Digest digest;
  for (const Skill& skill : set.skills()) {
    digest.add(skill.report.name);
    digest.add(skill.report.agent_id);
    digest.add(skill.report.path);
    digest.add(skill.report.root);
    digest.add(skill.report.reasons);
    digest.add(skill.report.missing_any_bins);
    digest.add(skill.sha256);
  }
  for (const Fault& fault : set.faults()) {
    digest.add(fault.path);
    digest.add(fault.line);
    digest.add(fault.message);
  }
  return digest.value();
}

}  // namespace

void SkillSet::take_digests() {
  given_ = digest_of_given(*this, agents_);
  shown_ = digest_of_shown(*this);
}

std::vector<const Skill*> SkillSet::for_agent(std::string_view agent_id) const {
  std::vector<const Skill*> out;
  const auto agent = std::ranges::find(agents_, agent_id, &SkillsAgent::id);
  if (agent == agents_.end()) return out;
  // skills_ is in this order.
  const auto place_of = [](const Skill& skill) {
    return std::pair<std::string_view, std::string_view>(skill.report.agent_id, skill.report.name);
  };
  for (const Skill& skill : skills_) {
    const pipeline::SkillReport& report = skill.report;
    if (!report.agent_id.empty() && report.agent_id != agent_id) continue;
    if (!report.eligible) continue;
    // By name alone: a skill in a workspace gives itself whatever key it likes.
    if (agent->allowed &&
        std::ranges::find(*agent->allowed, report.name) == agent->allowed->end()) {
      continue;
    }
    const bool hidden =
        report.agent_id.empty() &&
        std::ranges::binary_search(skills_, std::pair(agent_id, std::string_view(report.name)), {},
                                   place_of);
    if (!hidden) out.push_back(&skill);
  }
  std::ranges::sort(out, {}, [](const Skill* skill) { return skill->report.name; });
  return out;
}

std::size_t SkillSet::eligible() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(skills_, [](const Skill& skill) { return skill.report.eligible; }));
}

pipeline::SkillsReport SkillSet::report() const {
  pipeline::SkillsReport out{.version = version_, .faults = faults_};
  for (const Skill& skill : skills_)
    out.skills.push_back(skill.report);
  return out;
}

}  // namespace spine::skills
