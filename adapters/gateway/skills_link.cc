// SkillsLink: passes each change on to agents, clients and the journal.
#include "adapters/gateway/skills_link.h"

#include "adapters/gateway/gateway_place.h"
#include "engine/log/log.h"
#include "schemas/fields.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::gateway {
namespace {

constexpr log::Logger kSkillsLog{"skills"};
constexpr std::size_t kFaultsLogged = 10;

}  // namespace

SkillsLink::SkillsLink(event_base* base, pipeline::IngressProducer& producer,
                       pipeline::Shared& shared, agents::AgentRegistry& registry)
    : producer_(producer),
      shared_(shared),
      registry_(registry),
      watcher_(base, [this](const skills::SkillSet& set,
                            const std::vector<skills::SkillChange>& changes) {
        on_change(set, changes);
      }) {}

void SkillsLink::apply(const config::Config& config, const std::filesystem::path& state_dir) {
  watcher_.apply(config, state_dir, environment);
}

void SkillsLink::on_change(const skills::SkillSet& set,
                           const std::vector<skills::SkillChange>& changes) {
  std::size_t logged = 0;
  for (const pipeline::SkillFault& fault : set.faults()) {
    if (++logged > kFaultsLogged) break;
    kSkillsLog.warn("{}:{}: {}", printable(fault.path), fault.line, printable(fault.message));
  }
  shared_.skills.put(std::make_unique<pipeline::SkillsReport>(set.report()));
  registry_.set_skills([&set](std::string_view agent_id) {
    agents::AgentSkills out{.version = set.version()};
    for (const skills::Skill* skill : set.for_agent(agent_id)) {
      out.skills.push_back({.name = skill->report.name,
                            .description = skill->report.description,
                            .directory = skill->directory,
                            .model_invocable = skill->report.model_invocable});
      out.env.insert(out.env.end(), skill->env.begin(), skill->env.end());
    }
    return out;
  });
  if (changes.empty()) return;
  kSkillsLog.info("{} skills may be used, {} changes", set.eligible(), changes.size());
  builder_.Clear();
  skills::build_skills_changed(set, changes, builder_);
  const pipeline::InputHeader header{
      .kind = static_cast<std::uint16_t>(fb::EventBody::SkillsChanged),
      .source = static_cast<std::uint16_t>(Source::loop)};
  producer_.push(header, finished(builder_));
}

}  // namespace spine::gateway
