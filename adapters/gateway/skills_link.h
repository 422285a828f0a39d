// SkillsLink: passes the skills found in their folders to the agents, the clients and the journal.
#pragma once

#include <filesystem>
#include <flatbuffers/flatbuffers.h>

#include "adapters/agents/registry.h"
#include "adapters/skills/skills_watcher.h"
#include "engine/config/config.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/shared.h"

namespace spine::gateway {

// Thread: loop (the main thread before the loop starts).
class SkillsLink {
 public:
  // All outlive it, except the registry, which may be destroyed first.
  SkillsLink(event_base* base, pipeline::IngressProducer& producer, pipeline::Shared& shared,
             agents::AgentRegistry& registry);

  // Scans all skills now, and again whenever something changes.
  void apply(const config::Config& config, const std::filesystem::path& state_dir);
  std::size_t eligible() const { return watcher_.set().eligible(); }

 private:
  void on_change(const skills::SkillSet& set, const std::vector<skills::SkillChange>& changes);

  pipeline::IngressProducer& producer_;
  pipeline::Shared& shared_;
  agents::AgentRegistry& registry_;
  flatbuffers::FlatBufferBuilder builder_{1024};
  skills::SkillsWatcher watcher_;
};

}  // namespace spine::gateway
